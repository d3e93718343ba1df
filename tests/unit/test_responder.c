/*
 * responder.c: what the wire sees, row by row and in every combination, byte
 * for byte; and how a request is picked out of CGI variables.
 */
#include "unit.h"

#include "responder.h"

#define HEADERS                                                                \
	"Content-Type: text/plain\r\n"                                         \
	"Cache-Control: no-cache\r\n"                                          \
	"X-Content-Type-Options: nosniff\r\n"
#define BODY                                                                   \
	"version: STSv1\r\nmode: enforce\r\nmx: a.example\r\nmax_age: "        \
	"604800\r\n"

/* The whole answers; the body goes where the method is HEAD. */
static const struct {
	const char *head, *body;
} answers[] = {
	{ "Status: 200 OK\r\n" HEADERS "Content-Length: 63\r\n\r\n", BODY },
	{ "Status: 400 Bad Request\r\n" HEADERS "Content-Length: 17\r\n\r\n",
	    "400 Bad Request\r\n" },
	{ "Status: 404 Not Found\r\n" HEADERS "Content-Length: 15\r\n\r\n",
	    "404 Not Found\r\n" },
	{ "Status: 405 Method Not Allowed\r\n" HEADERS
	  "Allow: GET, HEAD\r\nContent-Length: 24\r\n\r\n",
	    "405 Method Not Allowed\r\n" },
	{ "Status: 500 Internal Server Error\r\n" HEADERS
	  "Content-Length: 27\r\n\r\n",
	    "500 Internal Server Error\r\n" },
	{ "Status: 503 Service Unavailable\r\n" HEADERS
	  "Retry-After: 300\r\nContent-Length: 25\r\n\r\n",
	    "503 Service Unavailable\r\n" },
};

enum { OK, BAD, NONE, METHOD, INTERNAL, LATER };

static struct policy policy;

/* A source that gives one answer and remembers what it was asked. */
struct fake {
	enum responder_found found;
	unsigned calls;
	char domain[256];
};

static enum responder_found
fake_find(void *context, const char *domain, const struct policy **found)
{
	struct fake *fake = context;

	fake->calls++;
	(void)snprintf(fake->domain, sizeof(fake->domain), "%s", domain);
	if (fake->found == RESPONDER_FOUND)
		*found = &policy;
	return fake->found;
}

static void
read_policy(const char *bytes, size_t length)
{
	static struct unit_findings found;
	struct diag_sink sink = unit_sink(&found);

	policy_parse(&policy, bytes, length, POLICY_UNKNOWN_PASS, &sink);
	policy_validate(&policy, &sink);
	assert_int_equal(sink.errors, 0);
}

/* Answers in memory that is as large as the header says. */
static void
check(int line, const struct responder_request *request,
    enum responder_found found, size_t want, const char *domain)
{
	struct fake fake = { found, 0, "" };
	const struct responder_source source = { fake_find, &fake };
	char *storage = malloc(RESPONDER_ANSWER_SIZE), wanted[1024];
	bool head = request->method && strcmp(request->method, "HEAD") == 0;
	struct text answer;

	text_init(&answer, storage, RESPONDER_ANSWER_SIZE);
	responder_answer(request, &source, &answer);
	(void)snprintf(wanted, sizeof(wanted), "%s%s", answers[want].head,
	    head ? "" : answers[want].body);
	UNIT_EXPECT(line, !answer.overflow);
	UNIT_STRING(line, answer.bytes, wanted);
	UNIT_EXPECT(line, fake.calls == (domain != NULL));
	UNIT_STRING(line, fake.domain, domain ? domain : "");
	free(storage);
}

#define PATH RESPONDER_PATH
#define HOST "mta-sts.a.example"
#define YES  RESPONDER_FOUND

#define ASK(asked, name, target)                                               \
	{                                                                      \
		.method = asked, .host = name, .uri = target                   \
	}
#define VIA(script, info)                                                      \
	{                                                                      \
		.method = "GET", .host = HOST, .script_name = script,          \
		.path_info = info                                              \
	}

static const struct {
	int line;
	struct responder_request request; /* method, host, uri, names */
	enum responder_found found;
	size_t want;
	const char *domain; /* that was asked for; NULL: none was */
} rows[] = {
	{ __LINE__, ASK("GET", HOST, PATH), YES, OK, "a.example" },
	{ __LINE__, ASK("HEAD", HOST, PATH), YES, OK, "a.example" },
	{ __LINE__, ASK("GET", "MTA-STS.A.Example.:443", PATH), YES, OK,
	    "a.example" },
	{ __LINE__, ASK("GET", "mta-sts.mta-sts.a.example", PATH), YES, OK,
	    "mta-sts.a.example" },
	{ __LINE__, ASK("GET", HOST, PATH), RESPONDER_ABSENT, NONE,
	    "a.example" },
	{ __LINE__, ASK("GET", HOST, PATH), RESPONDER_REFUSED, INTERNAL,
	    "a.example" },
	{ __LINE__, ASK("GET", HOST, PATH), RESPONDER_UNAVAILABLE, LATER,
	    "a.example" },
	{ __LINE__, ASK("GET", "a.example", PATH), YES, NONE, NULL },
	{ __LINE__, ASK("GET", NULL, PATH), YES, BAD, NULL },
	{ __LINE__, ASK("GET", "", PATH), YES, BAD, NULL },
	{ __LINE__, ASK("GET", "192.0.2.1", PATH), YES, BAD, NULL },
	{ __LINE__, ASK("GET", "[2001:db8::1]:443", PATH), YES, BAD, NULL },
	{ __LINE__, ASK("GET", "mta-sts.a_b.example", PATH), YES, BAD, NULL },
	{ __LINE__, ASK("GET", "mta-sts.../a", PATH), YES, BAD, NULL },
	/* methods are spelled as RFC 9110 does */
	{ __LINE__, ASK(NULL, HOST, PATH), YES, METHOD, NULL },
	{ __LINE__, ASK("", HOST, PATH), YES, METHOD, NULL },
	{ __LINE__, ASK("get", HOST, PATH), YES, METHOD, NULL },
	{ __LINE__, ASK("GETS", HOST, PATH), YES, METHOD, NULL },
	/* the path as the client asked for it */
	{ __LINE__, ASK("GET", HOST, PATH "?"), YES, OK, "a.example" },
	{ __LINE__, ASK("GET", HOST, PATH "?a=/b?c"), YES, OK, "a.example" },
	{ __LINE__, ASK("GET", HOST, PATH "/"), YES, NONE, NULL },
	{ __LINE__, ASK("GET", HOST, PATH "t"), YES, NONE, NULL },
	{ __LINE__, ASK("GET", HOST, PATH "#"), YES, NONE, NULL },
	{ __LINE__, ASK("GET", HOST, "/" PATH), YES, NONE, NULL },
	{ __LINE__, ASK("GET", HOST, "?" PATH), YES, NONE, NULL },
	{ __LINE__, ASK("GET", HOST, "/.well-known/mta-sts.tx"), YES, NONE,
	    NULL },
	{ __LINE__, ASK("GET", HOST, "/.WELL-KNOWN/mta-sts.txt"), YES, NONE,
	    NULL },
	{ __LINE__, ASK("GET", HOST, "/%2ewell-known/mta-sts.txt"), YES, NONE,
	    NULL },
	{ __LINE__, ASK("GET", HOST, "/x/.." PATH), YES, NONE, NULL },
	/* in absolute form, whose host then counts */
	{ __LINE__, ASK("GET", "b.example", "https://" HOST PATH), YES, OK,
	    "a.example" },
	{ __LINE__, ASK("GET", NULL, "HTTP://" HOST ":80" PATH "?x"), YES, OK,
	    "a.example" },
	{ __LINE__, ASK("GET", HOST, "https://b.example" PATH), YES, NONE,
	    NULL },
	{ __LINE__, ASK("GET", HOST, "https://" PATH), YES, BAD, NULL },
	{ __LINE__, ASK("GET", HOST, "https://u@" HOST PATH), YES, BAD, NULL },
	{ __LINE__, ASK("GET", HOST, "https://" HOST), YES, NONE, NULL },
	{ __LINE__, ASK("GET", HOST, "https://" HOST "?" PATH), YES, NONE,
	    NULL },
	{ __LINE__, ASK("GET", HOST, "https:/" PATH), YES, NONE, NULL },
	/* without REQUEST_URI: SCRIPT_NAME and PATH_INFO */
	{ __LINE__, VIA(PATH, NULL), YES, OK, "a.example" },
	{ __LINE__, VIA(NULL, PATH), YES, OK, "a.example" },
	{ __LINE__,
	    { .method = "GET",
		.host = HOST,
		.uri = "",
		.script_name = "",
		.path_info = PATH },
	    YES, OK, "a.example" },
	{ __LINE__, VIA(PATH, ""), YES, OK, "a.example" },
	{ __LINE__, VIA("/.well-known", "/mta-sts.txt"), YES, OK, "a.example" },
	{ __LINE__, VIA(NULL, NULL), YES, NONE, NULL },
	{ __LINE__, VIA("/.well-knowx", "/mta-sts.txt"), YES, NONE, NULL },
	{ __LINE__, VIA(PATH, "/"), YES, NONE, NULL },
	{ __LINE__, VIA(PATH "x", ""), YES, NONE, NULL },
	{ __LINE__, VIA(PATH, PATH), YES, NONE, NULL },
	{ __LINE__, VIA("/cgi-bin/x", PATH), YES, NONE, NULL },
	/* with it they do not count */
	{ __LINE__,
	    { .method = "GET",
		.host = HOST,
		.uri = PATH,
		.script_name = "/x",
		.path_info = "/y" },
	    YES, OK, "a.example" },
	{ __LINE__,
	    { .method = "GET", .host = HOST, .uri = "/x", .script_name = PATH },
	    YES, NONE, NULL },
	/* a body changes nothing here */
	{ __LINE__, { "GET", HOST, PATH, NULL, NULL, "5", "chunked" }, YES, OK,
	    "a.example" },
};

static void
test_rows(void **state)
{
	const __typeof__(rows[0]) *row;

	(void)state;
	read_policy(BODY, sizeof(BODY) - 1);
	UNIT_EACH (row, rows)
		check(row->line, &row->request, row->found, row->want,
		    row->domain);
}

/* Path before method before host before what is found. */
static void
test_combinations(void **state)
{
	static const char *const methods[] = { "GET", "HEAD", "POST", NULL };
	static const char *const paths[] = { PATH, "/robots.txt", "" };
	static const char *const hosts[] = { HOST, "a.example", "a b", NULL };
	static const size_t statuses[] = { OK, NONE, INTERNAL, LATER };
	size_t m, p, h, f;

	(void)state;
	read_policy(BODY, sizeof(BODY) - 1);
	for (m = 0; m < UNIT_COUNT(methods); m++)
		for (p = 0; p < UNIT_COUNT(paths); p++)
			for (h = 0; h < UNIT_COUNT(hosts); h++)
				for (f = 0; f < UNIT_COUNT(statuses); f++) {
					struct responder_request request =
					    ASK(methods[m], hosts[h], paths[p]);
					bool asked = p == 0 && m < 2 && h == 0;

					check(__LINE__, &request,
					    (enum responder_found)f,
					    p > 0   ? NONE
					    : m > 1 ? METHOD
					    : h > 1 ? BAD
					    : h > 0 ? NONE
						    : statuses[f],
					    asked ? "a.example" : NULL);
				}
	UNIT_DONE();
}

/* An authority of every length around what a host name and port may have. */
static void
test_long_authority(void **state)
{
	char uri[600], domain[256];
	size_t length, i;

	(void)state;
	read_policy(BODY, sizeof(BODY) - 1);
	for (length = 200; length < 300; length++) {
		struct responder_request request = ASK("GET", HOST, uri);
		int end;

		(void)snprintf(domain, sizeof(domain), "%0*d",
		    (int)(length > 250 ? 250 : length), 0);
		for (i = 0; i < strlen(domain); i++)
			domain[i] = i % 60 == 59 ? '.' : 'd';
		domain[strlen(domain) - 1] = 'd';
		end = snprintf(uri, sizeof(uri), "https://mta-sts.%s.:%0*d%s",
		    domain, (int)(length > 250 ? length - 245 : 5), 1, PATH);
		assert_in_range(end, 1, sizeof(uri) - 1);
		check(__LINE__, &request, YES, length <= 245 ? OK : BAD,
		    length <= 245 ? domain : NULL);
	}
	UNIT_DONE();
}

/* The longest policy fits an answer. */
static void
test_largest(void **state)
{
	static const char start[] = BODY "x: ";
	static char bytes[POLICY_SIZE_MAX];
	struct fake fake = { YES, 0, "" };
	const struct responder_source source = { fake_find, &fake };
	const struct responder_request request = ASK("GET", HOST, PATH);
	char *storage = malloc(RESPONDER_ANSWER_SIZE);
	struct text answer;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	memcpy(bytes, start, sizeof(start) - 1);
	memcpy(bytes + sizeof(bytes) - 2, "\r\n", 2);
	read_policy(bytes, sizeof(bytes));
	text_init(&answer, storage, RESPONDER_ANSWER_SIZE);
	responder_answer(&request, &source, &answer);
	assert_false(answer.overflow);
	assert_non_null(strstr(answer.bytes, "\r\nContent-Length: 64000\r\n"));
	assert_memory_equal(
	    answer.bytes + answer.length - sizeof(bytes), bytes, sizeof(bytes));
	assert_memory_equal(
	    answer.bytes + answer.length - sizeof(bytes) - 4, "\r\n\r\n", 4);
	free(storage);
}

/* The fields are strings, one after the other. */
#define FIELDS (sizeof(struct responder_request) / sizeof(const char *))

static void
test_request_read(void **state)
{
	static const struct {
		int line;
		const char *variables[12];
		struct responder_request want;
	} requests[] = {
		{ __LINE__, { NULL }, { .method = NULL } },
		{ __LINE__,
		    { "REQUEST_METHOD=m", "HTTP_HOST=h", "REQUEST_URI=u",
			"SCRIPT_NAME=s", "PATH_INFO=p", "CONTENT_LENGTH=1",
			"HTTP_TRANSFER_ENCODING=t", NULL },
		    { "m", "h", "u", "s", "p", "1", "t" } },
		/* the first counts, empty or not */
		{ __LINE__,
		    { "HTTP_HOST=a", "HTTP_HOST=b", "PATH_INFO=", "PATH_INFO=x",
			NULL },
		    { .host = "a", .path_info = "" } },
		/* other names, which begin or end alike */
		{ __LINE__,
		    { "REQUEST_METHOD", "REQUEST_METHODS=x", "XHTTP_HOST=x",
			"HTTP_HOSTS=x", "http_host=x", "REQUEST_UR=x",
			"REDIRECT_REQUEST_URI=x", " PATH_INFO=x", "=x", "",
			NULL },
		    { .method = NULL } },
		{ __LINE__, { "HTTP_HOST==a=b", NULL }, { .host = "=a=b" } },
		{ __LINE__, { "SERVER_NAME=mta-sts.x", "HTTP_X_HOST=y", NULL },
		    { .method = NULL } },
	};
	const __typeof__(requests[0]) *row;

	(void)state;
	UNIT_EACH (row, requests) {
		const char *values[FIELDS], *wanted[FIELDS];
		struct responder_request got;
		size_t i;

		memset(&got, 0xff, sizeof(got));
		responder_request_read(&got, (char *const *)row->variables);
		memcpy(values, &got, sizeof(got));
		memcpy(wanted, &row->want, sizeof(got));
		for (i = 0; i < FIELDS; i++)
			UNIT_EXPECT(
			    row->line, values[i] == NULL || wanted[i] == NULL
					   ? values[i] == wanted[i]
					   : strcmp(values[i], wanted[i]) == 0);
	}
}

static void
test_has_body(void **state)
{
	static const struct {
		int line;
		const char *length, *encoding;
		bool want;
	} bodies[] = {
		{ __LINE__, NULL, NULL, false },
		{ __LINE__, "", NULL, false },
		{ __LINE__, "0", NULL, false },
		{ __LINE__, "000", NULL, false },
		{ __LINE__, "1", NULL, true },
		{ __LINE__, "10", NULL, true },
		{ __LINE__, "01", NULL, true },
		{ __LINE__, "-1", NULL, true },
		{ __LINE__, "x", NULL, true },
		{ __LINE__, NULL, "chunked", true },
		{ __LINE__, "0", "chunked", true },
	};
	const __typeof__(bodies[0]) *row;

	(void)state;
	UNIT_EACH (row, bodies) {
		const struct responder_request request = {
			.content_length = row->length,
			.transfer_encoding = row->encoding,
		};

		UNIT_EXPECT(row->line,
		    responder_request_has_body(&request) == row->want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_combinations),
		cmocka_unit_test(test_long_authority),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_request_read),
		cmocka_unit_test(test_has_body),
	};

	return UNIT_RUN(tests);
}
