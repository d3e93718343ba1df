/*
 * hostname.c: every length at its boundary, every byte at every place of a
 * label, ports and dots.
 */
#include "unit.h"

#include "hostname.h"

#define TEN     "abcdefghij"
#define LABEL63 TEN TEN TEN TEN TEN TEN "abc"
#define LABEL64 LABEL63 "d"

/* Four labels: 63 + 63 + 63 and what is missing to the length. */
#define NAME253 LABEL63 "." LABEL63 "." LABEL63 "." TEN TEN TEN TEN TEN TEN "x"
#define NAME254 NAME253 "y"

/* The same with the first label of a policy host; a domain of 245 octets. */
#define DOMAIN245 TEN TEN TEN TEN TEN "abc." LABEL63 "." LABEL63 "." LABEL63
#define DOMAIN246 "x" DOMAIN245

static const struct {
	int line;
	const char *name;
	const char *fault; /* a part of it; NULL: a host name */
	size_t at;
} names[] = {
	{ __LINE__, "a", NULL, 0 },
	{ __LINE__, "example.com", NULL, 0 },
	{ __LINE__, "EXAMPLE.Com", NULL, 0 },
	{ __LINE__, "a-b.c--d.e", NULL, 0 },
	{ __LINE__, "xn--bcher-kva.example", NULL, 0 },
	{ __LINE__, "1.a", NULL, 0 },
	{ __LINE__, "1.2.3.a4", NULL, 0 },
	{ __LINE__, "3com.9a", NULL, 0 },
	{ __LINE__, LABEL63, NULL, 0 },
	{ __LINE__, "a." LABEL63 ".b", NULL, 0 },
	{ __LINE__, NAME253, NULL, 0 },
	{ __LINE__, "", "empty", 0 },
	{ __LINE__, ".", "empty label", 0 },
	{ __LINE__, "..", "empty label", 0 },
	{ __LINE__, ".a", "empty label", 0 },
	{ __LINE__, "a..b", "empty label", 2 },
	{ __LINE__, "a..", "empty label", 2 },
	{ __LINE__, "a.", "a final dot", 1 },
	{ __LINE__, "example.com.", "a final dot", 11 },
	{ __LINE__, "a_b.example", "underscore", 1 },
	{ __LINE__, "_dmarc.example", "underscore", 0 },
	{ __LINE__, "a.b_", "underscore", 3 },
	{ __LINE__,
	    "b\xc3\xbc"
	    "cher.example",
	    "ASCII", 1 },
	{ __LINE__, "example.\xff", "ASCII", 8 },
	{ __LINE__, "a\x80", "ASCII", 1 },
	{ __LINE__, "a\x7f", "no host name has", 1 },
	{ __LINE__, "-a.b", "begins with a hyphen", 0 },
	{ __LINE__, "a.-b", "begins with a hyphen", 2 },
	{ __LINE__, "-", "hyphen", 0 },
	{ __LINE__, "a-.b", "ends with a hyphen", 1 },
	{ __LINE__, "a.bc-", "ends with a hyphen", 4 },
	{ __LINE__, "a b", "no host name has", 1 },
	{ __LINE__, "a*b", "no host name has", 1 },
	{ __LINE__, "[::1]", "no host name has", 0 },
	{ __LINE__, "a:25", "no host name has", 1 },
	{ __LINE__, LABEL64, "63 octets", 0 },
	{ __LINE__, "a." LABEL64, "63 octets", 2 },
	{ __LINE__, NAME254, "253 octets", 0 },
	{ __LINE__, "192.0.2.1", "as in an IP address", 0 },
	{ __LINE__, "0", "digits alone", 0 },
	{ __LINE__, "a.0", "digits alone", 0 },
};

static void
test_fault(void **state)
{
	const __typeof__(names[0]) *row;

	(void)state;
	UNIT_EACH (row, names) {
		struct text_span name = { row->name, strlen(row->name) };
		size_t at = 9999;
		const char *fault = hostname_fault(name, &at);

		UNIT_EXPECT(row->line, (fault == NULL) == (row->fault == NULL));
		if (fault == NULL || row->fault == NULL)
			continue;
		UNIT_EXPECT(row->line, strstr(fault, row->fault) != NULL);
		UNIT_EXPECT(row->line, at == row->at);
	}
}

/* The span's length counts, not a NUL; and not a byte beyond it is read. */
static void
test_fault_of_a_span(void **state)
{
	static const char name[] = "mx.example.com";
	size_t length, at;

	(void)state;
	for (length = 1; length < sizeof(name); length++) {
		char *exact = malloc(length);
		struct text_span span = { exact, length };
		const char *fault;

		memcpy(exact, name, length);
		fault = hostname_fault(span, &at);
		if (name[length - 1] == '.')
			assert_string_equal(fault, "a final dot");
		else
			assert_null(fault);
		free(exact);
	}
	assert_non_null(hostname_fault((struct text_span){ "a\0b", 3 }, &at));
	assert_int_equal(at, 1);
}

/* Every byte at the beginning, in the middle and at the end of a label. */
static void
test_every_byte(void **state)
{
	static const size_t places[] = { 2, 3, 4 };
	int c;
	size_t i, at;

	(void)state;
	for (c = 0; c < 256; c++)
		for (i = 0; i < UNIT_COUNT(places); i++) {
			char name[] = "w.xyz.v", host[] = "mta-sts.w.xyz.v";
			char domain[HOSTNAME_SIZE];
			bool alnum = (c >= '0' && c <= '9') ||
				     (c >= 'a' && c <= 'z') ||
				     (c >= 'A' && c <= 'Z');
			bool good = alnum || (c == '-' && i == 1) ||
				    (c == '.' && i == 1);
			const char *fault;
			enum hostname_host kind;

			name[places[i]] = host[places[i] + 8] = (char)c;
			fault =
			    hostname_fault((struct text_span){ name, 7 }, &at);
			assert_int_equal(fault == NULL, good);
			if (fault != NULL)
				/* Two dots: the second one is to blame. */
				assert_int_equal(at,
				    places[i] + (c == '.' && i == 2 ? 1 : 0));
			if (c == 0 || c == ':')
				continue;
			kind = hostname_policy_domain(host, domain);
			assert_int_equal(kind,
			    good ? HOSTNAME_POLICY_HOST : HOSTNAME_INVALID);
			assert_int_equal(strlen(domain), good ? 7 : 0);
		}
}

#define POLICY  HOSTNAME_POLICY_HOST
#define OTHER   HOSTNAME_OTHER_HOST
#define INVALID HOSTNAME_INVALID

static const struct {
	int line;
	const char *host;
	enum hostname_host kind;
	const char *domain;
} hosts[] = {
	{ __LINE__, "mta-sts.example.com", POLICY, "example.com" },
	{ __LINE__, "MTA-STS.Example.COM", POLICY, "example.com" },
	{ __LINE__, "mta-sts.example.com.", POLICY, "example.com" },
	{ __LINE__, "mta-sts.example.com:443", POLICY, "example.com" },
	{ __LINE__, "mta-sts.example.com.:443", POLICY, "example.com" },
	{ __LINE__, "mta-sts.example.com:", POLICY, "example.com" },
	{ __LINE__, "mta-sts.example.com:65535", POLICY, "example.com" },
	{ __LINE__, "mta-sts.mta-sts.example.com", POLICY,
	    "mta-sts.example.com" },
	{ __LINE__, "mta-sts.com", POLICY, "com" },
	{ __LINE__, "mta-sts.xn--bcher-kva.example", POLICY,
	    "xn--bcher-kva.example" },
	{ __LINE__, "mta-sts." DOMAIN245, POLICY, DOMAIN245 },
	{ __LINE__, "mta-sts." DOMAIN245 ".:12345", POLICY, DOMAIN245 },
	{ __LINE__, "mta-sts." LABEL63, POLICY, LABEL63 },
	{ __LINE__, "example.com", OTHER, "" },
	{ __LINE__, "mta-sts", OTHER, "" },
	{ __LINE__, "mta-sts.", OTHER, "" },
	{ __LINE__, "mta-sts:80", OTHER, "" },
	{ __LINE__, "mta-sts-example.com", OTHER, "" },
	{ __LINE__, "mta-stsx.example.com", OTHER, "" },
	{ __LINE__, "xmta-sts.example.com", OTHER, "" },
	{ __LINE__, "example.mta-sts.com", OTHER, "" },
	{ __LINE__, "a", OTHER, "" },
	{ __LINE__, "a.", OTHER, "" },
	{ __LINE__, NAME253, OTHER, "" },
	{ __LINE__, NULL, INVALID, "" },
	{ __LINE__, "", INVALID, "" },
	{ __LINE__, ".", INVALID, "" },
	{ __LINE__, "..", INVALID, "" },
	{ __LINE__, ":", INVALID, "" },
	{ __LINE__, ":443", INVALID, "" },
	{ __LINE__, ".:443", INVALID, "" },
	{ __LINE__, "mta-sts..", INVALID, "" },
	{ __LINE__, "mta-sts..example.com", INVALID, "" },
	{ __LINE__, "mta-sts.example.com..", INVALID, "" },
	{ __LINE__, ".mta-sts.example.com", INVALID, "" },
	{ __LINE__, "mta-sts.example.com:123456", INVALID, "" },
	{ __LINE__, "mta-sts.example.com:443:443", INVALID, "" },
	{ __LINE__, "mta-sts.example.com::", INVALID, "" },
	{ __LINE__, "mta-sts.example.com:x", INVALID, "" },
	{ __LINE__, "mta-sts.example.com:-1", INVALID, "" },
	{ __LINE__, "mta-sts.example.com: 443", INVALID, "" },
	{ __LINE__, "mta-sts.example.com:443 ", INVALID, "" },
	{ __LINE__, "mta-sts.example.com:443.", INVALID, "" },
	{ __LINE__, " mta-sts.example.com", INVALID, "" },
	{ __LINE__, "mta-sts.example.com ", INVALID, "" },
	{ __LINE__, "mta-sts.example.com\r\n", INVALID, "" },
	{ __LINE__, "mta-sts.example.com/", INVALID, "" },
	{ __LINE__, "mta-sts.example.com,mta-sts.b", INVALID, "" },
	{ __LINE__, "u@mta-sts.example.com", INVALID, "" },
	{ __LINE__, "mta-sts._hosting", INVALID, "" },
	{ __LINE__,
	    "mta-sts.b\xc3\xbc"
	    "cher.example",
	    INVALID, "" },
	{ __LINE__, "mta-sts.../etc/passwd", INVALID, "" },
	{ __LINE__, "mta-sts.192.0.2.1", INVALID, "" },
	{ __LINE__, "192.0.2.1", INVALID, "" },
	{ __LINE__, "[2001:db8::1]", INVALID, "" },
	{ __LINE__, "[2001:db8::1]:443", INVALID, "" },
	{ __LINE__, "mta-sts." DOMAIN246, INVALID, "" },
	{ __LINE__, NAME254, INVALID, "" },
	{ __LINE__, "mta-sts." LABEL64, INVALID, "" },
};

static void
test_policy_domain(void **state)
{
	const __typeof__(hosts[0]) *row;

	(void)state;
	UNIT_EACH (row, hosts) {
		char domain[HOSTNAME_SIZE];

		memset(domain, 'x', sizeof(domain));
		UNIT_EXPECT(row->line,
		    hostname_policy_domain(row->host, domain) == row->kind);
		UNIT_STRING(row->line, domain, row->domain);
	}
}

/* The figures of the header, as the rows above take them for granted. */
static void
test_lengths(void **state)
{
	(void)state;
	assert_int_equal(strlen(LABEL63), 63);
	assert_int_equal(strlen(NAME253), HOSTNAME_MAX);
	assert_int_equal(strlen(DOMAIN245), 245);
	assert_int_equal(HOSTNAME_DOMAIN_MAX, 245);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_fault_of_a_span),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_policy_domain),
	};

	return UNIT_RUN(tests);
}
