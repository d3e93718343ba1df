/*
 * Every HTTP decision; see responder.h.
 */
#include "responder.h"

#include <string.h>

#include "hostname.h"

enum status {
	STATUS_OK,
	STATUS_BAD_REQUEST,
	STATUS_NOT_FOUND,
	STATUS_METHOD_NOT_ALLOWED,
	STATUS_INTERNAL_ERROR,
	STATUS_UNAVAILABLE,
};

struct status_text {
	const char *line;
	const char *header; /* one that this status alone has, or "" */
};

static const struct status_text statuses[] = {
	[STATUS_OK] = { "200 OK", "" },
	[STATUS_BAD_REQUEST] = { "400 Bad Request", "" },
	[STATUS_NOT_FOUND] = { "404 Not Found", "" },
	[STATUS_METHOD_NOT_ALLOWED] = { "405 Method Not Allowed",
	    "Allow: GET, HEAD\r\n" },
	[STATUS_INTERNAL_ERROR] = { "500 Internal Server Error", "" },
	[STATUS_UNAVAILABLE] = { "503 Service Unavailable",
	    "Retry-After: 300\r\n" },
};

static const enum status found_status[] = {
	[RESPONDER_FOUND] = STATUS_OK,
	[RESPONDER_ABSENT] = STATUS_NOT_FOUND,
	[RESPONDER_REFUSED] = STATUS_INTERNAL_ERROR,
	[RESPONDER_UNAVAILABLE] = STATUS_UNAVAILABLE,
};

static void
request_keep(const char **value, const char *given)
{
	if (*value == NULL)
		*value = given;
}

void
responder_request_read(
    struct responder_request *request, char *const *variables)
{
	const struct {
		const char *name;
		const char **value;
	} wanted[] = {
		{ "REQUEST_METHOD=", &request->method },
		{ "HTTP_HOST=", &request->host },
		{ "REQUEST_URI=", &request->uri },
		{ "SCRIPT_NAME=", &request->script_name },
		{ "PATH_INFO=", &request->path_info },
		{ "CONTENT_LENGTH=", &request->content_length },
		{ "HTTP_TRANSFER_ENCODING=", &request->transfer_encoding },
	};
	size_t i;

	memset(request, 0, sizeof(*request));
	for (; *variables != NULL; variables++)
		for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
			const char *name = wanted[i].name;

			if (*variables[0] == name[0] &&
			    strncmp(*variables, name, strlen(name)) == 0)
				request_keep(
				    wanted[i].value, *variables + strlen(name));
		}
}

bool
responder_request_has_body(const struct responder_request *request)
{
	const char *length = request->content_length;

	return request->transfer_encoding != NULL ||
	       (length != NULL && strspn(length, "0") != strlen(length));
}

/*
 * A target in absolute form carries its own host, which then counts instead of
 * the Host header (RFC 9112 section 3.2.2). Moves *uri to the path.
 */
static bool
uri_authority(const char **uri, char *host, size_t size)
{
	static const char *const schemes[] = { "https://", "http://" };
	struct text text;
	size_t i, length;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		struct text_span start = { *uri, strlen(schemes[i]) };

		if (strlen(*uri) < start.length ||
		    !text_equals_fold(start, schemes[i]))
			continue;
		*uri += start.length;
		length = strcspn(*uri, "/?#");
		text_init(&text, host, size);
		text_add(&text, *uri, length);
		*uri += length;
		return true;
	}
	return false;
}

static bool
path_is_ours(const char *uri, const char *script_name, const char *path_info)
{
	const size_t length = strlen(RESPONDER_PATH);
	size_t first;

	if (uri != NULL)
		return strncmp(uri, RESPONDER_PATH, length) == 0 &&
		       (uri[length] == '\0' || uri[length] == '?');
	first = script_name ? strlen(script_name) : 0;
	return first <= length &&
	       (first == 0 ||
		   memcmp(script_name, RESPONDER_PATH, first) == 0) &&
	       strcmp(path_info ? path_info : "", &RESPONDER_PATH[first]) == 0;
}

static enum status
decide(const struct responder_request *request,
    const struct responder_source *source, const struct policy **policy)
{
	/* Room for a port; what is longer becomes "", which is no host. */
	char authority[HOSTNAME_SIZE + 8], domain[HOSTNAME_SIZE];
	const char *host = request->host, *uri = request->uri;

	if (uri != NULL && *uri == '\0')
		uri = NULL;
	if (uri != NULL && uri_authority(&uri, authority, sizeof(authority)))
		host = authority;
	if (!path_is_ours(uri, request->script_name, request->path_info))
		return STATUS_NOT_FOUND;
	if (request->method == NULL ||
	    (strcmp(request->method, "GET") != 0 &&
		strcmp(request->method, "HEAD") != 0))
		return STATUS_METHOD_NOT_ALLOWED;
	switch (hostname_policy_domain(host, domain)) {
	case HOSTNAME_INVALID:
		return STATUS_BAD_REQUEST;
	case HOSTNAME_OTHER_HOST:
		return STATUS_NOT_FOUND;
	case HOSTNAME_POLICY_HOST:
		break;
	}
	return found_status[source->find(source->context, domain, policy)];
}

void
responder_answer(const struct responder_request *request,
    const struct responder_source *source, struct text *answer)
{
	static char storage[POLICY_SIZE_MAX + 1];
	const struct policy *policy = NULL;
	const struct status_text *status;
	struct text body;
	enum status code = decide(request, source, &policy);

	status = &statuses[code];
	text_init(&body, storage, sizeof(storage));
	if (code == STATUS_OK) {
		policy_render(policy, &body);
	} else {
		text_add_string(&body, status->line);
		text_add_string(&body, "\r\n");
	}
	text_add_string(answer, "Status: ");
	text_add_string(answer, status->line);
	text_add_string(answer, "\r\n"
				"Content-Type: text/plain\r\n"
				"Cache-Control: no-cache\r\n"
				"X-Content-Type-Options: nosniff\r\n");
	text_add_string(answer, status->header);
	text_add_string(answer, "Content-Length: ");
	text_add_decimal(answer, body.length);
	text_add_string(answer, "\r\n\r\n");
	if (request->method == NULL || strcmp(request->method, "HEAD") != 0)
		text_add(answer, body.bytes, body.length);
}
