/*
 * judge*.c: facts with a fault in them, and what is found. Good facts bring no
 * finding at all, and every code there is belongs to a row.
 */
#include "unit.h"

#include "judge.h"

#include "judge_world.h"

#define JOIN(a, b)  a##b
#define FAULT(line) JOIN(fault_, line)
#define ROW(findings, words, ...)                                              \
	static void FAULT(__LINE__)(struct facts * f)                          \
	{                                                                      \
		__VA_ARGS__;                                                   \
	}
#include "judge_rows.h"
#undef FAULT
#define FAULT(line) JOIN(fault_of_nodes_, line)
#include "judge_rows_nodes.h"
#undef ROW

struct row {
	int line;
	const char *findings, *words;
	void (*fault)(struct facts *f);
};

#define ROW(findings, words, ...)                                              \
	{ __LINE__, findings, words, FAULT(__LINE__) },
static const struct row rows_of_nodes[] = {
#include "judge_rows_nodes.h"
};

#undef FAULT
#define FAULT(line) JOIN(fault_, line)
static const struct row rows[] = {
#include "judge_rows.h"
};

/* All that is found, one after the other. */
struct taken {
	char codes[4096];
	char words[65536];
	char groups[1024];
};

static void
add(char *to, size_t size, const char *string)
{
	const size_t length = strlen(to);

	assert_true(length + strlen(string) < size);
	strcpy(to + length, string);
}

static void
take(void *context, const struct judge_finding *finding)
{
	static const char severities[] = "EWN", effects[] = "DUILR";
	struct taken *taken = context;
	char code[128];

	(void)snprintf(code, sizeof(code), "%s%c:%s:%c",
	    taken->codes[0] != '\0' ? " " : "", severities[finding->severity],
	    finding->code, effects[finding->effect]);
	add(taken->codes, sizeof(taken->codes), code);
	add(taken->words, sizeof(taken->words), finding->what);
	add(taken->words, sizeof(taken->words), "\n");
	add(taken->words, sizeof(taken->words), finding->sender);
	add(taken->words, sizeof(taken->words), "\n");
	add(taken->words, sizeof(taken->words), finding->mend);
	add(taken->words, sizeof(taken->words), "\n\n");
	add(taken->groups, sizeof(taken->groups), finding->group);
	add(taken->groups, sizeof(taken->groups), " ");
}

static enum judge_verdict
judge(struct facts *f, struct taken *taken)
{
	static struct policy policy;
	const struct judge how = { .take = take,
		.context = taken,
		.ready_after = 30 * DAY,
		.expiry_soon = 14 * DAY,
		.host = "mta-sts.hosting.example",
		.ttl = 3600,
		.mx = true };
	bool served;

	taken->codes[0] = taken->words[0] = taken->groups[0] = '\0';
	return judge_facts(&how, f, &policy, &served);
}

static enum judge_verdict
verdict_of(const char *codes)
{
	if (strstr(codes, "no-mta-sts") != NULL)
		return JUDGE_NOTHING;
	if (strstr(codes, "E:") != NULL)
		return JUDGE_BROKEN;
	return strstr(codes, "W:") != NULL ? JUDGE_DOUBTFUL : JUDGE_GOOD;
}

static bool
is_printable(const char *words)
{
	for (; *words != '\0'; words++)
		if ((*words < ' ' || *words > '~') && *words != '\n')
			return false;
	return true;
}

/* Whether the groups come in their order, each once. */
static bool
in_order(const char *groups)
{
	static const char *const names[] = { "DNS ", "HTTPS ", "policy ", "MX ",
		"state " };
	size_t i;

	for (i = 0; i < UNIT_COUNT(names); i++)
		while (strncmp(groups, names[i], strlen(names[i])) == 0)
			groups += strlen(names[i]);
	return *groups == '\0';
}

static void
check(const struct row *row)
{
	static struct taken taken;
	static struct facts facts;
	enum judge_verdict verdict;

	make_good(&facts);
	row->fault(&facts);
	verdict = judge(&facts, &taken);
	UNIT_STRING(row->line, taken.codes, row->findings);
	UNIT_EXPECT(row->line, verdict == verdict_of(row->findings));
	UNIT_EXPECT(row->line, strstr(taken.words, row->words) != NULL);
	UNIT_EXPECT(row->line, is_printable(taken.words));
	UNIT_EXPECT(row->line, in_order(taken.groups));
	facts_free(&facts);
}

static void
test_rows(void **state)
{
	const struct row *row;

	(void)state;
	unit_rows = "judge_rows.h";
	UNIT_EACH (row, rows)
		check(row);
}

static void
test_rows_of_nodes(void **state)
{
	const struct row *row;

	(void)state;
	unit_rows = "judge_rows_nodes.h";
	UNIT_EACH (row, rows_of_nodes)
		check(row);
}

static bool
is_found(const char *sought, const struct row *row, size_t count)
{
	for (; count > 0; row++, count--)
		if (strstr(row->findings, sought) != NULL)
			return true;
	return false;
}

/* A finding that nothing brings about may as well not be there. */
static void
test_all_codes(void **state)
{
	const char *code;
	char sought[64];
	size_t i, j;

	(void)state;
	for (i = 0; (code = judge_code_name(i)) != NULL; i++) {
		bool found;

		(void)snprintf(sought, sizeof(sought), ":%s:", code);
		found =
		    is_found(sought, rows, UNIT_COUNT(rows)) ||
		    is_found(sought, rows_of_nodes, UNIT_COUNT(rows_of_nodes));
		if (!found)
			print_error("no row brings %s\n", code);
		UNIT_EXPECT(__LINE__, found);
		for (j = 0; j < i; j++)
			UNIT_EXPECT(
			    __LINE__, strcmp(code, judge_code_name(j)) != 0);
	}
	UNIT_EXPECT(__LINE__, i > 70);
	UNIT_DONE();
}

static const struct {
	int line;
	const char *pattern, *name;
	bool matches;
} patterns[] = {
	{ __LINE__, "mx.example.com", "mx.example.com", true },
	{ __LINE__, "mx.example.com", "mx2.example.com", false },
	{ __LINE__, "mx.example.com", "a.mx.example.com", false },
	{ __LINE__, "*.example.com", "mx.example.com", true },
	{ __LINE__, "*.example.com", "example.com", false },
	{ __LINE__, "*.example.com", "a.mx.example.com", false },
	{ __LINE__, "*.example.com", ".example.com", false },
	{ __LINE__, "*.example.com", "mx.example.com.", false },
	{ __LINE__, "*.example.com", "mxexample.com", false },
	{ __LINE__, "*.com", "example.com", true },
	{ __LINE__, "*.com", "com", false },
	{ __LINE__, "example.com", "", false },
	{ __LINE__, "*.example.com", "", false },
};

static void
test_matches(void **state)
{
	const __typeof__(patterns[0]) *row;

	(void)state;
	UNIT_EACH (row, patterns)
		UNIT_EXPECT(row->line,
		    judge_matches(row->pattern, row->name) == row->matches);
}

/* Names that would be commands stay out of all that is to be pasted. */
static void
test_hostile_names(void **state)
{
	static const char *const names[] = { "$(reboot)", "a;reboot", "a`b`",
		"\033[2J", "a\nreboot", "a b.example", "\"a\".example", "-x" };
	static struct taken taken;
	static struct facts facts;
	const char *line;
	size_t i;

	(void)state;
	for (i = 0; i < UNIT_COUNT(names); i++) {
		make_good(&facts);
		know(&facts);
		strcpy(facts.mx[1].name, names[i]);
		strcpy(facts.mx[0].addresses.canonical, names[i]);
		strcpy(facts.sts.answer.canonical, names[i]);
		strcpy(facts.fetch4.location, names[i]);
		facts.mx[0].addresses.chain = facts.sts.answer.chain = 7;
		facts.fetch4.status = 302;
		(void)judge(&facts, &taken);
		UNIT_EXPECT(__LINE__, strstr(taken.codes, "mx-name") != NULL);
		UNIT_EXPECT(
		    __LINE__, strstr(taken.codes, "https-redirect") != NULL);
		UNIT_EXPECT(__LINE__, is_printable(taken.words));
		for (line = strstr(taken.words, "\n  "); line != NULL;
		     line = strstr(line + 1, "\n  ")) {
			char paste[1024];

			(void)snprintf(paste, sizeof(paste), "%.*s",
			    (int)strcspn(line + 1, "\n"), line + 1);
			UNIT_EXPECT(__LINE__, strstr(paste, names[i]) == NULL);
		}
		facts_free(&facts);
	}
	UNIT_DONE();
}

/* What strangers sent may fill all the room there is. */
static void
test_full(void **state)
{
	static struct taken taken;
	static struct facts facts;
	size_t i;

	(void)state;
	make_good(&facts);
	facts.sts.count = facts.apex.count = facts.tlsrpt.count = 1000;
	for (i = 0; i < FACTS_TXT_MAX; i++) {
		memset(facts.sts.at[i].bytes, '\033', FACTS_TXT_SIZE - 1);
		memcpy(facts.sts.at[i].bytes, "v=STSv1;", 8);
		facts.sts.at[i].length = FACTS_TXT_SIZE - 1;
		facts.tlsrpt.at[i] = facts.sts.at[i];
		memcpy(facts.tlsrpt.at[i].bytes, "v=TLSRPTv1;", 11);
		facts.tlsrpt.at[i].length = 60000;
	}
	for (i = 0; i < FACTS_FETCHES_MAX; i++) {
		static const char six[] =
		    "2001:0db8:1111:2222:3333:4444:5555:666";
		char address[FACTS_ADDRESS_SIZE];
		struct facts_fetch *fetch;

		(void)snprintf(address, sizeof(address), "%s%zx", six, i % 16);
		fetch = fails(&facts, address,
		    (enum facts_fetch_end)(FACTS_FETCH_REFUSED + i % 6), 200);
		memset(fetch->why, 'x', sizeof(fetch->why) - 1);
		(void)snprintf(fetch->id, sizeof(fetch->id), "%032zu", i);
		facts.forms[i % FACTS_FORMS] = *fetch;
	}
	/* As those have that are under way when it ends: facts_free's, too. */
	facts.further[1].body = strdup("body");
	facts.forms[FACTS_FORM_CASE].body = strdup("body");
	memset(facts.fetch4.media_type, 'x', sizeof(facts.fetch4.media_type));
	facts.fetch4.media_type[sizeof(facts.fetch4.media_type) - 1] = '\0';
	many(&facts, 1000);
	for (i = 0; i < FACTS_MX_MAX; i++)
		memset(facts.mx[i].name, '\377', HOSTNAME_SIZE - 1);
	assert_int_equal(judge(&facts, &taken), JUDGE_BROKEN);
	assert_true(is_printable(taken.words));
	assert_true(in_order(taken.groups));
	facts_free(&facts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_rows_of_nodes),
		cmocka_unit_test(test_all_codes),
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_full),
	};

	return UNIT_RUN(tests);
}
