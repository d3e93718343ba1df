/*
 * A request in CGI variables, to the whole answer. The first octet of the input
 * says what the look-up finds; then come NAME=value strings, with a NUL after
 * each. Every answer is to the byte one of six, or the same without its body.
 */
#include "fuzz.h"

#include "hostname.h"
#include "responder.h"

#define VARIABLES_MAX 64
#define BODY          "version: STSv1\r\nmode: none\r\nmax_age: 5\r\n"

static const char *const answers[][3] = {
	{ "200 OK", "", BODY },
	{ "400 Bad Request", "", "400 Bad Request\r\n" },
	{ "404 Not Found", "", "404 Not Found\r\n" },
	{ "405 Method Not Allowed", "Allow: GET, HEAD\r\n",
	    "405 Method Not Allowed\r\n" },
	{ "500 Internal Server Error", "", "500 Internal Server Error\r\n" },
	{ "503 Service Unavailable", "Retry-After: 300\r\n",
	    "503 Service Unavailable\r\n" },
};

static struct policy policy;
static char asked[1024]; /* the policy host of the domain looked up */

static enum responder_found
find(void *context, const char *domain, const struct policy **found)
{
	const size_t length = strlen(domain);

	FUZZ_EXPECT(length >= 1 && length <= HOSTNAME_DOMAIN_MAX);
	FUZZ_EXPECT(
	    strspn(domain, "abcdefghijklmnopqrstuvwxyz0123456789-.") == length);
	FUZZ_EXPECT(strstr(domain, "..") == NULL && domain[0] != '.');
	(void)snprintf(asked, sizeof(asked), "mta-sts.%s", domain);
	*found = &policy;
	return *(enum responder_found *)context;
}

/* Which of the answers this is to the byte; -1 for none. */
static int
which(const char *answer, bool head)
{
	char want[512];
	int i;

	for (i = 0; i < 6; i++) {
		(void)snprintf(want, sizeof(want),
		    "Status: %s\r\nContent-Type: text/plain\r\n"
		    "Cache-Control: no-cache\r\n"
		    "X-Content-Type-Options: nosniff\r\n%s"
		    "Content-Length: %zu\r\n\r\n%s",
		    answers[i][0], answers[i][1], strlen(answers[i][2]),
		    head ? "" : answers[i][2]);
		if (strcmp(answer, want) == 0)
			return i;
	}
	return -1;
}

/* A 200 needs the method, the path, and the host that was looked up. */
static void
check(const struct responder_request *request, int code)
{
	const bool uri = request->uri != NULL && request->uri[0] != '\0';

	if (asked[0] == '\0') {
		FUZZ_EXPECT(code >= 1 && code <= 3);
		return;
	}
	FUZZ_EXPECT(strcmp(request->method, "GET") == 0 ||
		    strcmp(request->method, "HEAD") == 0);
	FUZZ_EXPECT(!uri || strstr(request->uri, RESPONDER_PATH) != NULL);
	FUZZ_EXPECT(
	    uri || request->script_name != NULL || request->path_info != NULL);
	FUZZ_EXPECT((request->host && strcasestr(request->host, asked)) ||
		    (uri && strcasestr(request->uri, asked)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int codes[] = { 0, 2, 4, 5 }; /* for what was found */
	enum responder_found found = size > 0 ? data[0] % 4 : 0;
	const struct responder_source source = { find, &found };
	char *variables[VARIABLES_MAX + 1], *copy = calloc(1, size + 1);
	char *storage = malloc(RESPONDER_ANSWER_SIZE);
	struct responder_request request;
	struct text answer;
	size_t at, count = 0;
	int code;

	(void)fuzz_accepts(&policy, (struct text_span){ BODY, strlen(BODY) },
	    POLICY_UNKNOWN_REFUSE);
	if (size > 1)
		memcpy(copy, data + 1, size - 1);
	for (at = 0; at + 1 < size && count < VARIABLES_MAX;
	     at += strlen(copy + at) + 1)
		variables[count++] = copy + at;
	variables[count] = NULL;
	responder_request_read(&request, variables);
	(void)responder_request_has_body(&request);
	asked[0] = '\0';
	text_init(&answer, storage, RESPONDER_ANSWER_SIZE);
	responder_answer(&request, &source, &answer);
	code = which(answer.bytes,
	    request.method != NULL && strcmp(request.method, "HEAD") == 0);
	FUZZ_EXPECT(code >= 0 && !answer.overflow);
	FUZZ_EXPECT(asked[0] == '\0' || code == codes[found]);
	check(&request, code);
	free(storage);
	free(copy);
	return 0;
}
