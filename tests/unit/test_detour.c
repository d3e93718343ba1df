/*
 * detour.c: rules like curl's --connect-to.
 */
#include "unit.h"

#include "detour.h"

static const struct {
	int line;
	const char *rule, *host;
	unsigned port;
	const char *want; /* NULL: no rule at all */
	unsigned called;
} rules[] = {
	{ __LINE__, NULL, "a.example", 443, "", 443 },
	{ __LINE__, "a.example:443:127.0.0.1:8443", "a.example", 443,
	    "127.0.0.1", 8443 },
	{ __LINE__, "A.Example:443:b.example:8443", "a.example", 443,
	    "b.example", 8443 },
	{ __LINE__, "a.example:443:[::1]:8443", "a.example", 443, "::1", 8443 },
	{ __LINE__, "::127.0.0.1:8443", "a.example", 443, "127.0.0.1", 8443 },
	{ __LINE__, "::[::1]:", "a.example", 443, "::1", 443 },
	{ __LINE__, ":::8443", "a.example", 443, "", 8443 },
	{ __LINE__, ":::", "a.example", 443, "", 443 },
	{ __LINE__, "a.example::b.example:", "a.example", 443, "b.example",
	    443 },
	{ __LINE__, "b.example:443:127.0.0.1:8443", "a.example", 443, "", 443 },
	{ __LINE__, "a.example:80:127.0.0.1:8443", "a.example", 443, "", 443 },
	{ __LINE__, "", "a.example", 443, NULL, 0 },
	{ __LINE__, "a.example", "a.example", 443, NULL, 0 },
	{ __LINE__, "a.example:443:b.example", "a.example", 443, NULL, 0 },
	{ __LINE__, "a:443:b:443:c", "a", 443, NULL, 0 },
	{ __LINE__, "a:0:b:443", "a", 443, NULL, 0 },
	{ __LINE__, "a:443:b:65536", "a", 443, NULL, 0 },
	{ __LINE__, "a:443:b:x", "a", 443, NULL, 0 },
	{ __LINE__, "a:443:::1:443", "a", 443, NULL, 0 },
	{ __LINE__, "a:443:[::1:443", "a", 443, NULL, 0 },
	{ __LINE__, "a:443:[::1]x:443", "a", 443, NULL, 0 },
};

static void
test_rules(void **state)
{
	const __typeof__(rules[0]) *row;
	struct detour detour;

	(void)state;
	UNIT_EACH (row, rules) {
		bool good =
		    detour_find(row->rule, row->host, row->port, &detour);

		UNIT_EXPECT(row->line, good == (row->want != NULL));
		if (!good || row->want == NULL)
			continue;
		UNIT_STRING(row->line, detour.host, row->want);
		UNIT_EXPECT(row->line, detour.port == row->called);
	}
}

/* A host of any length is taken, or the rule is refused. */
static void
test_long(void **state)
{
	char rule[2000];
	struct detour detour;
	size_t length;

	(void)state;
	for (length = 1; length < 1900; length++) {
		memset(rule, 0, sizeof(rule));
		memcpy(rule, "::", 2);
		memset(rule + 2, 'a', length);
		rule[2 + length] = ':';
		UNIT_EXPECT(__LINE__, detour_find(rule, "b", 443, &detour) ==
					  (length <= HOSTNAME_MAX));
	}
	UNIT_DONE();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_long),
	};

	return UNIT_RUN(tests);
}
