/*
 * The words of TLS reports: times, names, result types.
 */
#include "unit.h"

#include "tlsrpt.h"
#include "tlsrpt_read.h"
#include "text.h"

/* Seconds since 1970; -1 for no time. */
static const struct {
	int line;
	const char *text;
	long long time;
} times[] = {
	{ __LINE__, "1970-01-01T00:00:00Z", 0 },
	{ __LINE__, "2026-11-22T04:51:52Z", 1795323112 },
	{ __LINE__, "2026-11-22t04:51:52z", 1795323112 },
	{ __LINE__, " 2026-11-22 04:51:52 ", 1795323112 },
	{ __LINE__, "2026-11-22T04:51:52", 1795323112 },
	{ __LINE__, "2026-11-22T04:51:52.999999999Z", 1795323112 },
	{ __LINE__, "2026-11-22T04:51:52,5", 1795323112 },
	{ __LINE__, "2026-11-22T06:51:52+02:00", 1795323112 },
	{ __LINE__, "2026-11-22T06:51:52.1 +0200", 1795323112 },
	{ __LINE__, "2026-11-21T21:21:52-07:30", 1795323112 },
	{ __LINE__, "2026-11-22T04:51Z", 1795323060 },
	{ __LINE__, "2026-11-22", 1795305600 },
	{ __LINE__, "2026-11-21T24:00:00Z", 1795305600 },
	{ __LINE__, "2016-12-31T23:59:60Z", 1483228800 },
	{ __LINE__, "9999-12-31T23:59:59Z", 253402300799 },
	{ __LINE__, "", -1 },
	{ __LINE__, "2026", -1 },
	{ __LINE__, "2026-1-2", -1 },
	{ __LINE__, "2026-13-01", -1 },
	{ __LINE__, "2026-00-01", -1 },
	{ __LINE__, "2026-01-32", -1 },
	{ __LINE__, "2026-01-00", -1 },
	{ __LINE__, "1969-12-31", -1 },
	{ __LINE__, "1970-01-01T00:00:00+01:00", -1 },
	{ __LINE__, "-026-01-01", -1 },
	{ __LINE__, "2026-11-22T", -1 },
	{ __LINE__, "2026-11-22T25:00:00Z", -1 },
	{ __LINE__, "2026-11-22T04:60:00Z", -1 },
	{ __LINE__, "2026-11-22T04:51:61Z", -1 },
	{ __LINE__, "2026-11-22T04:51:52.Z", -1 },
	{ __LINE__, "2026-11-22T04:51:52ZZ", -1 },
	{ __LINE__, "2026-11-22T04:51:52+2", -1 },
	{ __LINE__, "2026-11-22T04:51:52+24:00", -1 },
	{ __LINE__, "2026-11-22T04:51:52+02:60", -1 },
	{ __LINE__, "2026-11-22x04:51:52Z", -1 },
	{ __LINE__, "1795323112", -1 },
};

static void
test_times(void **state)
{
	const __typeof__(times[0]) *row;

	(void)state;
	UNIT_EACH (row, times) {
		time_t time = 4711;
		const bool good = tlsrpt_time(
		    (struct text_span){ row->text, strlen(row->text) }, &time);

		UNIT_EXPECT(row->line, good == (row->time >= 0));
		if (row->time >= 0)
			UNIT_EXPECT(row->line, time == row->time);
	}
}

static void
test_names(void **state)
{
	char name[TLSRPT_NAME_SIZE], longest[400];

	(void)state;
	tlsrpt_name((struct text_span){ "A.b\x1b.", 5 }, name);
	UNIT_STRING(__LINE__, name, "a.b\\x1b");
	memset(longest, 'A', sizeof(longest));
	tlsrpt_name((struct text_span){ longest, sizeof(longest) }, name);
	UNIT_EXPECT(__LINE__, strlen(name) < TLSRPT_NAME_SIZE);
	UNIT_STRING(__LINE__, name + strlen(name) - 5, "aa...");
	memset(longest, '\1', sizeof(longest));
	tlsrpt_name((struct text_span){ longest, sizeof(longest) }, name);
	UNIT_EXPECT(__LINE__, strlen(name) < TLSRPT_NAME_SIZE);
	UNIT_STRING(__LINE__, name + strlen(name) - 7, "\\x01...");
	UNIT_DONE();
}

/* Every type of RFC 8460 section 4.3 has words of its own. */
static void
test_results(void **state)
{
	static const char *const types[] = { "starttls-not-supported",
		"certificate-host-mismatch", "certificate-expired",
		"certificate-not-trusted", "validation-failure", "tlsa-invalid",
		"dnssec-invalid", "dane-required", "sts-policy-fetch-error",
		"sts-policy-invalid", "sts-webpki-invalid" };
	const struct tlsrpt_result *other = tlsrpt_result("unknown");
	size_t i, j;

	(void)state;
	UNIT_STRING(__LINE__, other->name, "");
	UNIT_EXPECT(__LINE__, tlsrpt_result("") == other);
	for (i = 0; i < UNIT_COUNT(types); i++) {
		const struct tlsrpt_result *result = tlsrpt_result(types[i]);

		UNIT_STRING(__LINE__, result->name, types[i]);
		UNIT_EXPECT(
		    __LINE__, strcmp(result->meaning, other->meaning) != 0 &&
				  strcmp(result->mend, other->mend) != 0);
		for (j = 0; j < i; j++)
			UNIT_EXPECT(__LINE__,
			    strcmp(result->meaning,
				tlsrpt_result(types[j])->meaning) != 0);
	}
	UNIT_DONE();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_results),
	};

	return UNIT_RUN(tests);
}
