/*
 * What a server's certificate is; see certificate.h.
 */
#include "certificate.h"

#include <string.h>
#include <time.h>

static enum facts_certificate
kind_of(int error)
{
	switch (error) {
	case X509_V_OK:
		return FACTS_CERTIFICATE_GOOD;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return FACTS_CERTIFICATE_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return FACTS_CERTIFICATE_TOO_EARLY;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return FACTS_CERTIFICATE_SELF_SIGNED;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_UNTRUSTED:
		return FACTS_CERTIFICATE_UNTRUSTED;
	case X509_V_ERR_HOSTNAME_MISMATCH:
		return FACTS_CERTIFICATE_NAME;
	default:
		return FACTS_CERTIFICATE_OTHER;
	}
}

static time_t
time_of(const struct looklib *lib, const ASN1_TIME *time)
{
	struct tm tm;

	if (time == NULL || lib->ASN1_TIME_to_tm_(time, &tm) != 1)
		return 0;
	return timegm(&tm);
}

/* "for a.example, b.example": the names that a wrong one has. */
static void
tell_names(const struct looklib *lib, const X509 *certificate, char *why)
{
	GENERAL_NAMES *names = lib->X509_get_ext_d2i_(
	    certificate, NID_subject_alt_name, NULL, NULL);
	struct text text;
	int i, count = 0;

	text_init(&text, why, FACTS_WHY_SIZE);
	if (names != NULL)
		count = lib->OPENSSL_sk_num_((const OPENSSL_STACK *)names);
	for (i = 0; i < count; i++) {
		const GENERAL_NAME *name =
		    lib->OPENSSL_sk_value_((const OPENSSL_STACK *)names, i);

		if (name->type != GEN_DNS)
			continue;
		text_add_string(&text, text.length == 0 ? "for " : ", ");
		text_add_escaped(&text,
		    (const char *)lib->ASN1_STRING_get0_data_(name->d.dNSName),
		    (size_t)lib->ASN1_STRING_length_(name->d.dNSName));
	}
	if (text.length == 0)
		text_add_string(&text, "it has no DNS name at all");
	lib->GENERAL_NAMES_free_(names);
}

static void
tell_error(const struct looklib *lib, int error, char *why)
{
	const char *text = lib->X509_verify_cert_error_string_(error);

	facts_cut(why, FACTS_WHY_SIZE, text, strlen(text));
}

int
certificate_check(const struct looklib *lib, X509_STORE_CTX *store,
    const char *host, struct facts_tls *tls)
{
	const SSL *ssl = lib->X509_STORE_CTX_get_ex_data_(
	    store, lib->SSL_get_ex_data_X509_STORE_CTX_idx_());
	X509 *certificate = lib->X509_STORE_CTX_get0_cert_(store);
	int good = lib->X509_verify_cert_(store);
	int error = lib->X509_STORE_CTX_get_error_(store);
	const char *protocol = ssl != NULL ? lib->SSL_get_version_(ssl) : "";

	tls->begins = time_of(lib, lib->X509_get0_notBefore_(certificate));
	tls->expires = time_of(lib, lib->X509_get0_notAfter_(certificate));
	facts_cut(
	    tls->protocol, sizeof(tls->protocol), protocol, strlen(protocol));
	if (good == 1 && lib->X509_check_host_(certificate, host, 0,
			     X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) != 1) {
		good = 0;
		error = X509_V_ERR_HOSTNAME_MISMATCH;
		lib->X509_STORE_CTX_set_error_(store, error);
		tell_names(lib, certificate, tls->why);
	} else if (good != 1) {
		if (error == X509_V_OK)
			error = X509_V_ERR_UNSPECIFIED;
		tell_error(lib, error, tls->why);
	}
	tls->certificate = kind_of(error);
	return good;
}
