/*
 * mxpattern.c: whatever people write after "mx:", with the place and the mend.
 */
#include "unit.h"

#include "hostname.h"
#include "mxpattern.h"

#define TEN     "abcdefghij"
#define LABEL63 TEN TEN TEN TEN TEN TEN "abc"
#define NAME253 LABEL63 "." LABEL63 "." LABEL63 "." TEN TEN TEN TEN TEN TEN "x"

#define NAME251                                                                \
	LABEL63 "." LABEL63 "." LABEL63 "." TEN TEN TEN TEN TEN "abcdefghi"

static const struct {
	int line;
	const char *pattern;
	bool wide;
} good[] = {
	{ __LINE__, "mx1.example.com", false },
	{ __LINE__, "MX1.Example.Com", false },
	{ __LINE__, "*.example.com", false },
	{ __LINE__, "*.xn--bcher-kva.example", false },
	{ __LINE__, "a.b", false },
	{ __LINE__, "1.a", false },
	{ __LINE__, NAME253, false },
	{ __LINE__, "*." NAME251, false },
	{ __LINE__, "localhost", true },
	{ __LINE__, "a", true },
	{ __LINE__, "*.a", true },
	{ __LINE__, "*.com", true },
};

static void
test_good(void **state)
{
	const __typeof__(good[0]) *row;

	(void)state;
	UNIT_EACH (row, good) {
		struct text_span span = { row->pattern, strlen(row->pattern) };
		struct mxpattern_fault fault;

		UNIT_EXPECT(row->line, mxpattern_check(span, &fault));
		UNIT_EXPECT(row->line, mxpattern_is_wide(span) == row->wide);
	}
}

#define ALONE "write the host name alone"
#define EACH  "an mx line for each"
#define DOWN  "write *.example.com"

static const struct {
	int line;
	const char *pattern;
	size_t at;
	const char *message, *hint; /* a part of each */
} bad[] = {
	/* a final dot */
	{ __LINE__, "mx1.example.com.", 15, "final dot", "leave the final" },
	{ __LINE__, "*.example.com.", 13, "final dot", "leave the final" },
	{ __LINE__, "a.", 1, "final dot", "leave the final" },
	/* an underscore */
	{ __LINE__, "_mx.example.com", 0, "underscore", "MX record's target" },
	{ __LINE__, "mx_1.example.com", 2, "underscore", "MX record's target" },
	{ __LINE__, "*.mx_1.example", 4, "underscore", "MX record's target" },
	/* a U-label */
	{ __LINE__,
	    "b\xc3\xbc"
	    "cher.example",
	    1, "ASCII", "A-label" },
	{ __LINE__,
	    "*.b\xc3\xbc"
	    "cher.example",
	    3, "ASCII", "A-label" },
	{ __LINE__, "a\x80", 1, "ASCII", "A-label" },
	/* wildcards */
	{ __LINE__, "*", 0, "the wildcard is *.", DOWN },
	{ __LINE__, "*.", 0, "the wildcard is *.", DOWN },
	{ __LINE__, "**", 0, "the wildcard is *.", DOWN },
	{ __LINE__, "*mx.example.com", 0, "the wildcard is *.", DOWN },
	{ __LINE__, "mx*.example.com", 2, "the wildcard is *.", DOWN },
	{ __LINE__, "mx.*.example.com", 3, "the wildcard is *.", DOWN },
	{ __LINE__, "mx.example.*", 11, "the wildcard is *.", DOWN },
	{ __LINE__, "*.*.example.com", 2, "the wildcard is *.", DOWN },
	{ __LINE__, "*.mx*.example", 4, "the wildcard is *.", DOWN },
	{ __LINE__, ".example.com", 0, "begin with a dot", DOWN },
	{ __LINE__, "*..example.com", 2, "begin with a dot", DOWN },
	{ __LINE__, ".", 0, "begin with a dot", DOWN },
	/* addresses */
	{ __LINE__, "192.0.2.1", 0, "IP address", ALONE },
	{ __LINE__, "*.2.1", 2, "IP address", ALONE },
	{ __LINE__, "[192.0.2.1]", 0, "address literal", ALONE },
	{ __LINE__, "[IPv6:2001:db8::1]", 0, "address literal", ALONE },
	{ __LINE__, "2001:db8::1", 4, "no IP address", ALONE },
	/* a port */
	{ __LINE__, "mx1.example.com:25", 15, "no port", ALONE },
	/* lists */
	{ __LINE__, "mx1.example.com,mx2.example.com", 15, "list", EACH },
	{ __LINE__, "mx1.example.com, mx2.example.com", 15, "list", EACH },
	{ __LINE__, "mx1.example.com;", 15, "list", EACH },
	{ __LINE__, "mx1.example.com mx2.example.com", 15, "blanks", EACH },
	{ __LINE__, "10 mx1.example.com", 2, "blanks", "preference" },
	{ __LINE__, "10\tmx1.example.com", 2, "blanks", "preference" },
	{ __LINE__, "mx1.example.com # main", 15, "blanks", ALONE },
	/* URLs, paths, mail addresses */
	{ __LINE__, "https://mx1.example.com", 5, "URL", ALONE },
	{ __LINE__, "smtp://mx1.example.com:25/", 4, "URL", ALONE },
	{ __LINE__, "mx1.example.com/", 15, "path", ALONE },
	{ __LINE__, "postmaster@example.com", 10, "mail address", ALONE },
	/* labels and names */
	{ __LINE__, "mx1..example.com", 4, "empty label", ALONE },
	{ __LINE__, "-mx.example.com", 0, "begins with a hyphen", ALONE },
	{ __LINE__, "mx.-e.com", 3, "begins with a hyphen", ALONE },
	{ __LINE__, "mx-.example.com", 2, "ends with a hyphen", ALONE },
	{ __LINE__, "*.mx-.example", 4, "ends with a hyphen", ALONE },
	{ __LINE__, LABEL63 "x.a", 0, "63 octets", "" },
	{ __LINE__, "*." LABEL63 "x.a", 2, "63 octets", "" },
	{ __LINE__, NAME253 "y", 0, "253 octets", "" },
	{ __LINE__, "*." NAME253 "y", 2, "253 octets", "" },
	{ __LINE__, "*." NAME251 "y", 2, "longer than any name", "" },
	{ __LINE__, "\"mx1.example.com\"", 0, "no host name has", ALONE },
	{ __LINE__, "mx1.example.com\\", 15, "no host name has", ALONE },
	{ __LINE__, "mx(1)", 2, "no host name has", ALONE },
};

static void
test_bad(void **state)
{
	const __typeof__(bad[0]) *row;

	(void)state;
	UNIT_EACH (row, bad) {
		struct text_span span = { row->pattern, strlen(row->pattern) };
		struct mxpattern_fault fault = { "", "", 9999 };

		UNIT_EXPECT(row->line, !mxpattern_check(span, &fault));
		UNIT_EXPECT(
		    row->line, strstr(fault.message, row->message) != NULL);
		UNIT_EXPECT(row->line, strstr(fault.hint, row->hint) != NULL);
		UNIT_EXPECT(row->line, fault.at == row->at);
		UNIT_EXPECT(row->line, fault.hint[0] != '\0');
	}
}

/*
 * All strings of up to five bytes that matter, in memory of that size: a
 * pattern is a host name or "*." and one, and a fault lies within.
 */
static void
test_short_ones(void **state)
{
	static const char bytes[] = "a0-.*_:/ \xc3";
	const size_t base = sizeof(bytes) - 1;
	size_t length, number, count = 1, i, ignored;

	(void)state;
	for (length = 1; length <= 5; length++) {
		char *exact = malloc(length);

		count *= base;
		for (number = 0; number < count; number++) {
			struct text_span span = { exact, length }, name;
			struct mxpattern_fault fault = { NULL, NULL, 9999 };
			size_t rest = number;
			bool want;

			for (i = 0; i < length; i++, rest /= base)
				exact[i] = bytes[rest % base];
			name = span;
			if (length > 2 && memcmp(exact, "*.", 2) == 0)
				name =
				    (struct text_span){ exact + 2, length - 2 };
			want = hostname_fault(name, &ignored) == NULL;
			assert_int_equal(mxpattern_check(span, &fault), want);
			if (want)
				continue;
			assert_in_range(fault.at, 0, length - 1);
			assert_non_null(fault.message);
			assert_non_null(fault.hint);
		}
		free(exact);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_short_ones),
	};

	return UNIT_RUN(tests);
}
