/*
 * One call, as libcurl wants it, and what it says of it; see peer_call.h.
 */
#include "peer_call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "certificate.h"

#define PATH "/.well-known/mta-sts.txt"

static size_t
take_line(char *bytes, size_t size, size_t count, void *context)
{
	struct peer_call *call = context;

	call->head += size * count;
	if (call->head > PEER_HEAD_MAX) {
		call->large = true;
		return 0;
	}
	if (call->line != NULL)
		call->line(call->context, bytes, size * count);
	return size * count;
}

static size_t
take_body(char *bytes, size_t size, size_t count, void *context)
{
	struct peer_call *call = context;

	if (call->body == NULL)
		return size * count;
	if (!call->body(call->context, bytes, size * count)) {
		call->large = true;
		return 0;
	}
	return size * count;
}

static int
look_at_certificate(X509_STORE_CTX *store, void *context)
{
	struct peer_call *call = context;

	return certificate_check(call->lib, store, call->host, &call->tls);
}

static CURLcode
set_up_tls(CURL *easy, void *ssl, void *context)
{
	struct peer_call *call = context;

	(void)easy;
	/* By TCP; libcurl 7.88 has no time of that when TLS fails. */
	call->connected = true;
	call->lib->SSL_CTX_set_cert_verify_callback_(
	    ssl, look_at_certificate, call);
	return CURLE_OK;
}

/* The first error is kept: there is no sense in the ones that follow. */
#define SET(option, value)                                                     \
	if (code == CURLE_OK)                                                  \
	code = lib->curl_easy_setopt_(call->easy, option, value)

static CURLcode
set_tls(struct peer_call *call, const struct peer_options *options)
{
	const struct looklib *lib = call->lib;
	CURLcode code = CURLE_OK;

	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
	SET(CURLOPT_SSL_CTX_FUNCTION, set_up_tls);
	SET(CURLOPT_SSL_CTX_DATA, call);
	/* Without a directory libcurl reads the file once and keeps it. */
	SET(CURLOPT_CAPATH, (char *)NULL);
	if (options->ca_file != NULL)
		SET(CURLOPT_CAINFO, options->ca_file);
	return code;
}

static CURLcode
set_limits(struct peer_call *call, const struct peer_options *options)
{
	const struct looklib *lib = call->lib;
	const long seconds = (long)options->timeout;
	CURLcode code = CURLE_OK;

	SET(CURLOPT_TIMEOUT, seconds);
	SET(CURLOPT_CONNECTTIMEOUT, seconds);
	SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, seconds);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_FRESH_CONNECT, 1L);
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_USERAGENT, "mta-sts/" VERSION);
	SET(CURLOPT_PROTOCOLS_STR,
	    call->protocol == PEER_HTTPS ? "https" : "smtp");
	return code;
}

/*
 * CONNECT_ONLY ends after the second EHLO; libcurl would else send HELP, and
 * wait for the answer to its QUIT, which holds up everything.
 */
static CURLcode
set_protocol(struct peer_call *call)
{
	const struct looklib *lib = call->lib;
	const bool https = call->protocol == PEER_HTTPS;
	char url[HOSTNAME_SIZE + 64];
	CURLcode code = CURLE_OK;

	(void)snprintf(url, sizeof(url), "%s://%s:%u%s",
	    https ? "https" : "smtp", call->host, call->port,
	    https ? PATH : "");
	SET(CURLOPT_URL, url);
	if (!https) {
		SET(CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
		SET(CURLOPT_CONNECT_ONLY, 1L);
	}
	return code;
}

/* The address takes the place of the host's, which is not looked up. */
static CURLcode
set_address(struct peer_call *call)
{
	const struct looklib *lib = call->lib;
	const bool six = strchr(call->address, ':') != NULL;
	char rule[FACTS_ADDRESS_SIZE + 32];
	CURLcode code = CURLE_OK;

	(void)snprintf(rule, sizeof(rule), "::%s%s%s:%u", six ? "[" : "",
	    call->address, six ? "]" : "", call->port_called);
	call->connect_to = lib->curl_slist_append_(NULL, rule);
	if (call->connect_to == NULL)
		return CURLE_OUT_OF_MEMORY;
	SET(CURLOPT_CONNECT_TO, call->connect_to);
	return code;
}

static CURLcode
set_header(struct peer_call *call)
{
	const struct looklib *lib = call->lib;
	char line[PEER_HEADER_SIZE + 8];
	CURLcode code = CURLE_OK;

	if (call->header[0] == '\0')
		return CURLE_OK;
	(void)snprintf(line, sizeof(line), "Host: %s", call->header);
	call->headers = lib->curl_slist_append_(NULL, line);
	if (call->headers == NULL)
		return CURLE_OUT_OF_MEMORY;
	SET(CURLOPT_HTTPHEADER, call->headers);
	return code;
}

static CURLcode
set_callbacks(struct peer_call *call)
{
	const struct looklib *lib = call->lib;
	CURLcode code = CURLE_OK;

	SET(CURLOPT_PRIVATE, call);
	SET(CURLOPT_ERRORBUFFER, call->error);
	SET(CURLOPT_HEADERFUNCTION, take_line);
	SET(CURLOPT_HEADERDATA, call);
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, call);
	return code;
}

static void
clear(struct peer_call *call)
{
	memset(&call->tls, 0, sizeof(call->tls));
	call->why[0] = call->error[0] = '\0';
	call->location[0] = call->media_type[0] = '\0';
	call->head = 0;
	call->large = call->connected = call->no_way = false;
	call->status = call->milliseconds = 0;
}

CURLcode
peer_call_set_up(struct peer_call *call, const struct looklib *lib,
    const struct peer_options *options)
{
	CURLcode code;

	clear(call);
	call->lib = lib;
	call->easy = lib->curl_easy_init_();
	if (call->easy == NULL)
		return CURLE_OUT_OF_MEMORY;
	code = set_callbacks(call);
	if (code == CURLE_OK)
		code = set_protocol(call);
	if (code == CURLE_OK)
		code = set_address(call);
	if (code == CURLE_OK)
		code = set_header(call);
	if (code == CURLE_OK)
		code = set_limits(call, options);
	if (code == CURLE_OK)
		code = set_tls(call, options);
	return code;
}

void
peer_call_free(struct peer_call *call)
{
	if (call->easy != NULL)
		call->lib->curl_easy_cleanup_(call->easy);
	call->lib->curl_slist_free_all_(call->connect_to);
	call->lib->curl_slist_free_all_(call->headers);
	call->easy = NULL;
	call->connect_to = call->headers = NULL;
}

static enum peer_end
end_of(const struct peer_call *call, CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return PEER_DONE;
	case CURLE_COULDNT_CONNECT:
		return PEER_REFUSED;
	case CURLE_OPERATION_TIMEDOUT:
		return PEER_TIMEOUT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_INVALIDCERTSTATUS:
		return PEER_TLS;
	case CURLE_USE_SSL_FAILED:
		return PEER_NO_TLS;
	case CURLE_REMOTE_ACCESS_DENIED:
		return PEER_TURNED_OFF;
	case CURLE_WEIRD_SERVER_REPLY:
		return call->protocol == PEER_SMTP ? PEER_TURNED_OFF
						   : PEER_BROKEN;
	case CURLE_OUT_OF_MEMORY:
		/* So libcurl calls a header line beyond its own bounds. */
		return call->connected ? PEER_LARGE : PEER_BROKEN;
	default:
		return call->large ? PEER_LARGE : PEER_BROKEN;
	}
}

static void
keep_texts(struct peer_call *call)
{
	const struct looklib *lib = call->lib;
	char *location = NULL, *media_type = NULL;

	lib->curl_easy_getinfo_(call->easy, CURLINFO_REDIRECT_URL, &location);
	lib->curl_easy_getinfo_(call->easy, CURLINFO_CONTENT_TYPE, &media_type);
	if (location != NULL)
		facts_cut(call->location, sizeof(call->location), location,
		    strlen(location));
	if (media_type != NULL)
		facts_cut(call->media_type, sizeof(call->media_type),
		    media_type, strlen(media_type));
}

/* What OpenSSL says of an alert, or of an answer, in an older version. */
static bool
is_too_old(const char *why)
{
	return strstr(why, "protocol version") != NULL ||
	       strstr(why, "unsupported protocol") != NULL;
}

/* Nobody's fault there: no IPv6 here, say. */
static bool
is_no_way(long number)
{
	return number == ENETUNREACH || number == EAFNOSUPPORT ||
	       number == EADDRNOTAVAIL;
}

static void
read_numbers(struct peer_call *call)
{
	const struct looklib *lib = call->lib;
	curl_off_t microseconds = 0, connected = 0;
	long status = 0, number = 0;

	lib->curl_easy_getinfo_(
	    call->easy, CURLINFO_TOTAL_TIME_T, &microseconds);
	lib->curl_easy_getinfo_(
	    call->easy, CURLINFO_CONNECT_TIME_T, &connected);
	lib->curl_easy_getinfo_(call->easy, CURLINFO_RESPONSE_CODE, &status);
	lib->curl_easy_getinfo_(call->easy, CURLINFO_OS_ERRNO, &number);
	call->connected |= connected > 0;
	call->no_way = !call->connected && is_no_way(number);
	call->milliseconds = (unsigned)(microseconds / 1000);
	call->status = (unsigned)status;
}

void
peer_call_read(struct peer_call *call, CURLcode code)
{
	const char *why = call->error[0] != '\0'
			      ? call->error
			      : call->lib->curl_easy_strerror_(code);

	if (call->easy != NULL) {
		read_numbers(call);
		if (call->protocol == PEER_HTTPS)
			keep_texts(call);
	}
	call->end = end_of(call, code);
	call->tls.old = call->end == PEER_TLS && is_too_old(why);
	if (code != CURLE_OK)
		facts_cut(call->why, sizeof(call->why), why, strlen(why));
}
