/*
 * Every HTTP decision: from a request and a look-up to the whole answer, in
 * the form that CGI (RFC 3875 section 6) and FastCGI share. Knows neither
 * sockets nor files.
 */
#ifndef MTASTS_RESPONDER_H
#define MTASTS_RESPONDER_H

#include <stdbool.h>

#include "policy.h"
#include "text.h"

/* The path of RFC 8461 section 3.2; no other is answered. */
#define RESPONDER_PATH "/.well-known/mta-sts.txt"

/* Enough for the headers and the largest policy. */
#define RESPONDER_ANSWER_SIZE (POLICY_SIZE_MAX + 512)

/* The CGI variables that count; each NULL when it was not given. */
struct responder_request {
	const char *method;
	const char *host;
	const char *uri; /* REQUEST_URI */
	const char *script_name;
	const char *path_info;
	const char *content_length;
	const char *transfer_encoding;
};

/* What became of looking up a policy domain. */
enum responder_found {
	RESPONDER_FOUND,
	RESPONDER_ABSENT,      /* no such domain here */
	RESPONDER_REFUSED,     /* it breaks a rule or cannot be trusted */
	RESPONDER_UNAVAILABLE, /* it cannot be read just now */
};

/*
 * Looks up a policy domain, which is a host name in lower case. On
 * RESPONDER_FOUND *policy is one without error, to be used before the next
 * call.
 */
struct responder_source {
	enum responder_found (*find)(
	    void *context, const char *domain, const struct policy **policy);
	void *context;
};

/*
 * Picks the variables out of a NULL-terminated list of NAME=value strings; of
 * a name given twice the first counts. The request points into the list.
 */
void responder_request_read(
    struct responder_request *request, char *const *variables);

/*
 * Whether the client announced a body. It will not be read, so that the
 * connection it comes on is of no further use.
 */
bool responder_request_has_body(const struct responder_request *request);

/*
 * Makes the whole answer: Status, headers, a blank line, and the body unless
 * the method is HEAD. answer has room for RESPONDER_ANSWER_SIZE octets.
 */
void responder_answer(const struct responder_request *request,
    const struct responder_source *source, struct text *answer);

#endif
