/*
 * edit: a table of sources, what is to become of them, and every byte of what
 * does; then random edits, whose outcome policy_parse judges.
 */
#include "unit.h"

#include "edit.h"

static const enum policy_mode enforce = POLICY_ENFORCE;
static const enum policy_mode none = POLICY_NONE;
static const uint32_t day = 86400;

#define MX(...)             ((const char *const[]){ __VA_ARGS__ })
#define ALL_MX(count, ...)  .mx = MX(__VA_ARGS__), .mx_count = (count)
#define ADDED(count, ...)   .added = MX(__VA_ARGS__), .added_count = (count)
#define REMOVED(count, ...) .removed = MX(__VA_ARGS__), .removed_count = (count)

#define PLAIN                                                                  \
	"version: STSv1\n"                                                     \
	"mode: testing\n"                                                      \
	"mx: a.example\n"                                                      \
	"mx: b.example\n"                                                      \
	"max_age: 604800\n"

#define DRESSED                                                                \
	"\xef\xbb\xbf# mode: this is not one\r\n"                              \
	"version: STSv1\r\n"                                                   \
	"\r\n"                                                                 \
	"max_age:\t 604800  \r\n"                                              \
	"# mx: c.example\r\n"                                                  \
	"mx:A.example \r\n"                                                    \
	"#between\r\n"                                                         \
	"mx:   b.example\r\n"                                                  \
	"mode:testing\r\n"                                                     \
	"  \t\r\n"                                                             \
	"# the end"

static const struct row {
	int line;
	const char *source;
	struct edit edit;
	const char *result;
} rows[] = {
	/* Nothing to do. */
	{ __LINE__, PLAIN, { 0 }, PLAIN },
	{ __LINE__, DRESSED, { 0 }, DRESSED },
	{ __LINE__, "", { .mode = &enforce }, "" },
	/* One field, and everything around it as it was. */
	{ __LINE__, PLAIN, { .mode = &enforce },
	    "version: STSv1\nmode: enforce\nmx: a.example\nmx: b.example\n"
	    "max_age: 604800\n" },
	{ __LINE__, PLAIN, { .max_age = &day },
	    "version: STSv1\nmode: testing\nmx: a.example\nmx: b.example\n"
	    "max_age: 86400\n" },
	{ __LINE__, DRESSED, { .mode = &none, .max_age = &day },
	    "\xef\xbb\xbf# mode: this is not one\r\nversion: STSv1\r\n\r\n"
	    "max_age:\t 86400  \r\n# mx: c.example\r\nmx:A.example \r\n"
	    "#between\r\nmx:   b.example\r\nmode:none\r\n  \t\r\n# the end" },
	{ __LINE__, "mode: none\rmax_age: 1", { .max_age = &day },
	    "mode: none\rmax_age: 86400" },
	{ __LINE__, "\xef\xbb\xbfmode: none", { .mode = &enforce },
	    "\xef\xbb\xbfmode: enforce" },
	/* All mx: those that stay keep their lines. */
	{ __LINE__, PLAIN, { ALL_MX(2, "b.example", "a.example") }, PLAIN },
	{ __LINE__, PLAIN, { ALL_MX(1, "B.EXAMPLE") },
	    "version: STSv1\nmode: testing\nmx: b.example\n"
	    "max_age: 604800\n" },
	{ __LINE__, PLAIN, { ALL_MX(3, "c.example", "d.example", "c.example") },
	    "version: STSv1\nmode: testing\nmx: c.example\nmx: d.example\n"
	    "max_age: 604800\n" },
	{ __LINE__, PLAIN, { ALL_MX(2, "a.example", "*.c.example") },
	    "version: STSv1\nmode: testing\nmx: a.example\n"
	    "mx: *.c.example\nmax_age: 604800\n" },
	{ __LINE__, PLAIN, { .mx = MX(NULL) },
	    "version: STSv1\nmode: testing\nmax_age: 604800\n" },
	{ __LINE__, DRESSED, { ALL_MX(1, "c.example") },
	    "\xef\xbb\xbf# mode: this is not one\r\nversion: STSv1\r\n\r\n"
	    "max_age:\t 604800  \r\n# mx: c.example\r\n#between\r\n"
	    "mx: c.example\r\nmode:testing\r\n  \t\r\n# the end" },
	/* Some mx. */
	{ __LINE__, PLAIN, { ADDED(2, "c.example", "a.example") },
	    "version: STSv1\nmode: testing\nmx: a.example\nmx: b.example\n"
	    "mx: c.example\nmax_age: 604800\n" },
	{ __LINE__, PLAIN, { REMOVED(2, "A.example", "x.example") },
	    "version: STSv1\nmode: testing\nmx: b.example\n"
	    "max_age: 604800\n" },
	{ __LINE__, PLAIN,
	    { ADDED(1, "c.example"), REMOVED(2, "b.example", "a.example") },
	    "version: STSv1\nmode: testing\nmx: c.example\n"
	    "max_age: 604800\n" },
	{ __LINE__, PLAIN, { ADDED(1, "b.example"), REMOVED(1, "b.example") },
	    PLAIN },
	/* Where there is none they go below the mode. */
	{ __LINE__, "mode: none\nmax_age: 1\n", { ADDED(1, "c.example") },
	    "mode: none\nmx: c.example\nmax_age: 1\n" },
	{ __LINE__, "version: STSv1\nmax_age: 1\nmode: none",
	    { ALL_MX(2, "c.example", "d.example") },
	    "version: STSv1\nmax_age: 1\nmode: none\nmx: c.example\n"
	    "mx: d.example\n" },
	{ __LINE__, "max_age: 1\rmode: none", { ADDED(1, "c.example") },
	    "max_age: 1\rmode: none\rmx: c.example\r" },
	/* The last line, which has no end, is an mx that goes or stays. */
	{ __LINE__, "mode: none\r\nmx: a.example", { ADDED(1, "c.example") },
	    "mode: none\r\nmx: a.example\r\nmx: c.example\r\n" },
	{ __LINE__, "mode: none\r\nmx: a.example", { ALL_MX(1, "c.example") },
	    "mode: none\r\nmx: c.example\r\n" },
};

static void
test_apply(void **state)
{
	char storage[1024];
	struct text result;
	const struct row *row;

	(void)state;
	UNIT_EACH (row, rows) {
		text_init(&result, storage, sizeof(storage));
		edit_apply(
		    (struct text_span){ row->source, strlen(row->source) },
		    &row->edit, &result);
		UNIT_EXPECT(row->line, !result.overflow);
		UNIT_BYTES(row->line, result.bytes, result.length, row->result,
		    strlen(row->result));
	}
}

static void
test_overflow(void **state)
{
	const struct edit edit = { .mode = &enforce };
	char storage[sizeof(PLAIN)];
	struct text_span source = { PLAIN, strlen(PLAIN) };
	struct text result;

	(void)state;
	/* "enforce" is as long as "testing". */
	text_init(&result, storage, sizeof(storage));
	edit_apply(source, &edit, &result);
	assert_false(result.overflow);
	text_init(&result, storage, sizeof(storage) - 1);
	edit_apply(source, &edit, &result);
	assert_true(result.overflow);
}

static void
test_compose(void **state)
{
	char storage[256];
	struct text result;

	(void)state;
	text_init(&result, storage, sizeof(storage));
	edit_compose(
	    POLICY_TESTING, MX("a.example", "*.b.example"), 2, 604800, &result);
	assert_string_equal(storage,
	    "version: STSv1\nmode: testing\nmx: a.example\nmx: *.b.example\n"
	    "max_age: 604800\n");
	text_init(&result, storage, sizeof(storage));
	edit_compose(POLICY_NONE, NULL, 0, 0, &result);
	assert_string_equal(
	    storage, "version: STSv1\nmode: none\nmax_age: 0\n");
}

static unsigned seed;

/* A linear congruential generator: the same numbers on every machine. */
static unsigned
pick(unsigned below)
{
	seed = seed * 1103515245U + 12345U;
	return (seed >> 16) % below;
}

static const char *const names[] = { "a.example", "b.example", "c.example",
	"*.d.example" };

/* A policy without error, in any order and layout. */
static void
make_source(struct text *text)
{
	static const char *const ends[] = { "\n", "\r\n", "\r" };
	static const char *const blanks[] = { "", " ", "\t ", "   " };
	static const char *const lines[] = { "version:STSv1", "mode:testing",
		"max_age:5", "mx:a.example", "mx:b.example", "mx:*.d.example",
		"# mx:", "" };
	const char *end = ends[pick(3)];
	unsigned from = pick(8), i;

	for (i = 0; i < UNIT_COUNT(lines); i++) {
		const char *line = lines[(from + i) % UNIT_COUNT(lines)];
		const char *colon = strchr(line, ':');
		size_t key = colon != NULL ? (size_t)(colon - line) + 1 : 0;

		text_add(text, line, key);
		text_add_string(text, blanks[key > 0 ? pick(4) : 0]);
		text_add_string(text, line + key);
		text_add_string(text, blanks[key > 0 ? pick(4) : 0]);
		if (i + 1 < UNIT_COUNT(lines) || pick(2) != 0)
			text_add_string(text, end);
	}
}

static bool
policy_has(const struct policy *policy, const char *name)
{
	size_t i;

	for (i = 0; i < policy->mx_count; i++)
		if (strcmp(policy_mx_name(policy, i), name) == 0)
			return true;
	return false;
}

static void
parse(struct policy *policy, const struct text *text)
{
	static struct unit_findings findings;
	struct diag_sink sink = unit_sink(&findings);

	policy_parse(
	    policy, text->bytes, text->length, POLICY_UNKNOWN_REFUSE, &sink);
	if (sink.errors > 0)
		print_error("%s: %s\n", text->bytes, findings.text);
	assert_int_equal(sink.errors, 0);
}

/* What comes out reads as it was meant, and a second time changes nothing. */
static void
test_random(void **state)
{
	static struct policy policy;
	char storages[3][1024];
	struct text source, result, again;
	int round;

	(void)state;
	seed = 20181;
	for (round = 0; round < 20000; round++) {
		const char *added[] = { names[pick(4)], names[pick(4)] };
		const char *removed[] = { names[pick(4)] };
		const struct edit edit = { .mode = pick(2) ? &enforce : NULL,
			.max_age = pick(2) ? &day : NULL,
			.added = added,
			.added_count = pick(3),
			.removed = removed,
			.removed_count = pick(2) };
		bool wanted;
		size_t i, j;

		text_init(&source, storages[0], sizeof(storages[0]));
		text_init(&result, storages[1], sizeof(storages[1]));
		text_init(&again, storages[2], sizeof(storages[2]));
		make_source(&source);
		edit_apply((struct text_span){ source.bytes, source.length },
		    &edit, &result);
		parse(&policy, &result);
		assert_int_equal(policy.mode,
		    edit.mode != NULL ? POLICY_ENFORCE : POLICY_TESTING);
		assert_int_equal(
		    policy.max_age, edit.max_age != NULL ? 86400 : 5);
		for (i = 0; i < UNIT_COUNT(names); i++) {
			wanted = i != 2;
			for (j = 0; j < edit.removed_count; j++)
				if (removed[j] == names[i])
					wanted = false;
			for (j = 0; j < edit.added_count; j++)
				if (added[j] == names[i])
					wanted = true;
			assert_int_equal(policy_has(&policy, names[i]), wanted);
		}
		edit_apply((struct text_span){ result.bytes, result.length },
		    &edit, &again);
		assert_string_equal(again.bytes, result.bytes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_compose),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
