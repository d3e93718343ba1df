/*
 * The libraries that look at other machines: libunbound, libcurl, and the
 * OpenSSL below libcurl. They are loaded when the first domain is looked at:
 * linked, they and what they need would add 7 ms to the start of every verb,
 * and most look at nothing but files.
 */
#ifndef MTASTS_LOOKLIB_H
#define MTASTS_LOOKLIB_H

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <curl/curl.h>
#include <unbound.h>

#include "facts.h"

/* The functions that are used. */
#define LOOKLIB_UNBOUND(each)                                                  \
	each(ub_ctx_create);                                                   \
	each(ub_ctx_delete);                                                   \
	each(ub_ctx_debugout);                                                 \
	each(ub_ctx_async);                                                    \
	each(ub_ctx_set_option);                                               \
	each(ub_ctx_set_fwd);                                                  \
	each(ub_ctx_resolvconf);                                               \
	each(ub_ctx_add_ta_file);                                              \
	each(ub_ctx_zone_remove);                                              \
	each(ub_resolve_async);                                                \
	each(ub_cancel);                                                       \
	each(ub_fd);                                                           \
	each(ub_process);                                                      \
	each(ub_resolve_free);                                                 \
	each(ub_strerror)

#define LOOKLIB_CURL(each)                                                     \
	each(curl_global_init);                                                \
	each(curl_version_info);                                               \
	each(curl_multi_init);                                                 \
	each(curl_multi_cleanup);                                              \
	each(curl_multi_setopt);                                               \
	each(curl_multi_add_handle);                                           \
	each(curl_multi_remove_handle);                                        \
	each(curl_multi_poll);                                                 \
	each(curl_multi_perform);                                              \
	each(curl_multi_info_read);                                            \
	each(curl_easy_init);                                                  \
	each(curl_easy_cleanup);                                               \
	each(curl_easy_setopt);                                                \
	each(curl_easy_getinfo);                                               \
	each(curl_easy_send);                                                  \
	each(curl_easy_strerror);                                              \
	each(curl_slist_append);                                               \
	each(curl_slist_free_all)

#define LOOKLIB_OPENSSL(each)                                                  \
	each(TLS_client_method);                                               \
	each(SSL_CTX_new);                                                     \
	each(SSL_CTX_free);                                                    \
	each(SSL_CTX_load_verify_locations);                                   \
	each(SSL_CTX_set_cert_verify_callback);                                \
	each(SSL_get_ex_data_X509_STORE_CTX_idx);                              \
	each(SSL_get_version);                                                 \
	each(X509_STORE_CTX_get_ex_data);                                      \
	each(X509_STORE_CTX_get0_cert);                                        \
	each(X509_STORE_CTX_get_error);                                        \
	each(X509_STORE_CTX_set_error);                                        \
	each(X509_verify_cert);                                                \
	each(X509_verify_cert_error_string);                                   \
	each(X509_get0_notBefore);                                             \
	each(X509_get0_notAfter);                                              \
	each(X509_check_host);                                                 \
	each(X509_get_ext_d2i);                                                \
	each(GENERAL_NAMES_free);                                              \
	each(OPENSSL_sk_num);                                                  \
	each(OPENSSL_sk_value);                                                \
	each(ASN1_STRING_get0_data);                                           \
	each(ASN1_STRING_length);                                              \
	each(ASN1_TIME_to_tm)

#define LOOKLIB_DECLARE(name) __typeof__(&(name)) name##_

struct looklib {
	LOOKLIB_UNBOUND(LOOKLIB_DECLARE);
	LOOKLIB_CURL(LOOKLIB_DECLARE);
	LOOKLIB_OPENSSL(LOOKLIB_DECLARE);
};

/*
 * Loads them at the first call. NULL, with a message in why, when one is not
 * installed, or is another than the command was built for. They stay.
 */
const struct looklib *looklib_load(char why[FACTS_WHY_SIZE]);

#endif
