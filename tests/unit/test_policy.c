/*
 * policy*.c: a text and either the exact bytes of its rendering or the exact
 * list of findings (the rows are in policy_rows.h). What is rendered is held
 * against the grammar of the RFC (policy_grammar.h), and read again.
 */
#include "unit.h"

#include "policy.h"
#include "policy_grammar.h"
#include "policy_rows.h"

static struct policy policy;
static struct unit_findings found;
static char rendered[POLICY_SIZE_MAX + 1];
static size_t rendered_length;

/* Reads a text from memory that ends where it ends; true without an error. */
static bool
read_policy(const char *bytes, size_t length, enum policy_unknown unknown)
{
	struct diag_sink sink = unit_sink(&found);
	char *exact = malloc(length + 1);
	struct text text;

	assert_non_null(exact);
	memcpy(exact + 1, bytes, length);
	policy_parse(&policy, exact + 1, length, unknown, &sink);
	free(exact);
	policy_validate(&policy, &sink);
	assert_int_equal(found.count, sink.errors + sink.warnings);
	text_init(&text, rendered, sizeof(rendered));
	if (sink.errors == 0)
		policy_render(&policy, &text);
	assert_false(text.overflow);
	rendered_length = text.length;
	return sink.errors == 0;
}

/* What was rendered last is canonical, and read again renders the same. */
static bool
is_stable(enum policy_unknown unknown)
{
	static char before[sizeof(rendered)];
	size_t length = rendered_length;

	memcpy(before, rendered, length);
	return is_canonical(before, length) &&
	       read_policy(before, length, unknown) &&
	       rendered_length == length &&
	       memcmp(rendered, before, length) == 0;
}

/* Reads a row's text: accepted or not, and with which findings. */
static void
check(const struct row *row, bool accepted, const char *findings)
{
	unit_expect(
	    read_policy(row->source, row->length, row->unknown) == accepted,
	    rows_file, row->line, accepted ? "accepted" : "refused");
	unit_findings(rows_file, row->line, &found, findings);
	if (accepted)
		unit_expect(is_stable(row->unknown), rows_file, row->line,
		    "canonical, and the same when read again");
}

static void
test_good(void **state)
{
	const struct row *row;

	(void)state;
	UNIT_EACH (row, good) {
		check(row, true, "");
		unit_bytes(rows_file, row->line, rendered, rendered_length,
		    row->want, strlen(row->want));
	}
}

static void
test_warned(void **state)
{
	const struct row *row;

	(void)state;
	UNIT_EACH (row, warned)
		check(row, true, row->want);
}

/* Each finding also tells what to write instead. */
static void
test_bad(void **state)
{
	const struct row *row;

	(void)state;
	UNIT_EACH (row, bad) {
		const char *at = found.text, *end;

		check(row, false, row->want);
		for (; (end = strchr(at, '\n')) != NULL; at = end + 1)
			unit_expect(
			    memmem(at, (size_t)(end - at), "; ", 2) != NULL,
			    rows_file, row->line, "a hint");
	}
}

/* The verdict on each single byte put in the place of another. */
static void
test_every_byte_in_a_comment(void **state)
{
	int c;

	(void)state;
	for (c = 0; c < 256; c++) {
		char source[] = V E X A "# x y";
		bool text = (c >= 0x20 && c < 0x7f) || c == '\t';

		if (c == '\n' || c == '\r')
			continue;
		source[sizeof(source) - 3] = (char)c;
		assert_int_equal(
		    read_policy(source, sizeof(source) - 1, REFUSE), text);
		assert_int_equal(found.count, text ? 0 : 1);
	}
}

#include "policy_random.h"

static char large[POLICY_SIZE_MAX + 2];

/* A text of that length: a good policy and one long comment. */
static void
fill_comment(size_t length)
{
	static const char start[] = V E X A "#";

	memset(large, 'x', sizeof(large));
	memcpy(large, start, sizeof(start) - 1);
	large[length - 1] = '\n';
}

static void
test_source_size(void **state)
{
	(void)state;
	fill_comment(64000);
	assert_true(read_policy(large, 64000, REFUSE));
	assert_string_equal(rendered, GOOD);
	fill_comment(64001);
	assert_false(read_policy(large, 64001, REFUSE));
	unit_findings(
	    __FILE__, __LINE__, &found, "0:0: error: larger than 64000 bytes");
	assert_int_equal(found.count, 1);
	UNIT_DONE();
}

/*
 * Writes a policy that is served as so many octets, first and last being what
 * stands around its mx lines, of the size given when served.
 */
static size_t
fill_mx(const char *first, const char *last, size_t around, size_t octets)
{
	size_t left = octets - around, number;
	struct text text;

	text_init(&text, large, sizeof(large));
	text_add_string(&text, first);
	for (number = 0; left > 2 * 255; number++) {
		text_add_format(&text, "mx:a%05zu.example\n", number);
		left -= strlen("mx: a00000.example\r\n");
	}
	while (left > 0) {
		size_t part = left > 255 ? left / 3 : left, i;
		size_t length = part - strlen("mx: \r\n");

		text_add_string(&text, "mx:");
		for (i = 1; i <= length; i++)
			text_add_string(
			    &text, i % 50 == 0 && i < length ? "." : "b");
		text_add_string(&text, "\n");
		left -= part;
	}
	text_add_string(&text, last);
	assert_false(text.overflow);
	return text.length;
}

static void
test_rendered_size(void **state)
{
	static const struct {
		int line;
		const char *first, *last;
		size_t around, octets;
		const char *want;
	} rows[] = {
		{ __LINE__, V E, "max_age:31557600", 50, 64000, "" },
		{ __LINE__, V E, "max_age:31557600", 50, 64001,
		    "0:0: error: the policy is served as more than 64000" },
		{ __LINE__, V "mode: testing\n", A, 48, 64000, "" },
		{ __LINE__, V "mode: testing\n", "max_age: 1\n", 43, 64000,
		    "" },
		{ __LINE__, V "mode: testing\n", "max_age: 1\n", 43, 64001,
		    "0:0: error: the policy is served as more than 64000" },
	};
	const __typeof__(rows[0]) *row;

	(void)state;
	UNIT_EACH (row, rows) {
		size_t length =
		    fill_mx(row->first, row->last, row->around, row->octets);

		UNIT_EXPECT(row->line, read_policy(large, length, REFUSE) ==
					   (row->want[0] == '\0'));
		UNIT_FINDINGS(row->line, &found, row->want);
		if (row->want[0] == '\0')
			UNIT_EXPECT(row->line, rendered_length == row->octets &&
						   is_stable(REFUSE));
	}
}

/* Fields passed through that are too many, the last of them a long one. */
static void
test_extension_size(void **state)
{
	struct text text;
	unsigned number;

	(void)state;
	text_init(&text, large, sizeof(large));
	text_add_string(&text, V E X A);
	for (number = 0; number < 7000; number++)
		text_add_format(&text, "%04u:v\n", number);
	text_add_string(&text, "long:");
	while (text.length < 52000)
		text_add_string(&text, "v");
	assert_false(text.overflow);
	assert_false(read_policy(large, text.length, PASS));
	UNIT_FINDINGS(__LINE__, &found,
	    "0:0: error: the policy is served as more than 64000");
	UNIT_DONE();
}

/* As many mx lines as a file can hold: all alike, and all different. */
static void
test_mx_extremes(void **state)
{
	struct text text;
	size_t number;

	(void)state;
	text_init(&text, large, sizeof(large));
	for (number = 0; number < POLICY_MX_MAX; number++)
		text_add_string(&text, "mx:a\n");
	assert_int_equal(text.length, POLICY_SIZE_MAX);
	assert_false(read_policy(large, text.length, REFUSE));
	assert_int_equal(policy.mx_count, 1);

	text_init(&text, large, sizeof(large));
	for (number = 0; text.length + 10 < POLICY_SIZE_MAX; number++)
		text_add_format(&text, "mx:%zx.a\n", number);
	assert_false(read_policy(large, text.length, REFUSE));
	assert_int_equal(policy.mx_count, number);
	large[text.length - 1] = '\0';
	assert_string_equal(
	    policy_mx_name(&policy, number - 1), strrchr(large, ':') + 1);
}

/* Verdicts on policies as people publish them. */
static void
test_corpus(void **state)
{
	FILE *list = fopen("../shared/corpus/real.tsv", "r");
	char name[64], verdict[16], path[128], line[1024];
	unsigned files = 0;

	(void)state;
	if (list == NULL)
		UNIT_SKIP("there is no ../shared/corpus/real.tsv");
	while (fgets(line, sizeof(line), list) != NULL) {
		FILE *file;
		size_t length;

		if (sscanf(line, "%63s %15s", name, verdict) != 2 ||
		    strcmp(name, "file") == 0)
			continue;
		(void)snprintf(
		    path, sizeof(path), "../shared/corpus/real/%s", name);
		file = fopen(path, "r");
		assert_non_null(file);
		length = fread(large, 1, sizeof(large), file);
		assert_int_equal(fclose(file), 0);
		unit_expect(read_policy(large, length, REFUSE) ==
				(strcmp(verdict, "accept") == 0),
		    path, 1, verdict);
		if (rendered_length > 0)
			unit_expect(is_stable(REFUSE), path, 1, "stable");
		files++;
	}
	assert_int_equal(fclose(list), 0);
	assert_true(files >= 76);
	UNIT_DONE();
}

static void
test_modes(void **state)
{
	static const char *const names[] = { "enforce", "testing", "none" };
	enum policy_mode mode;
	size_t i;

	(void)state;
	for (i = 0; i < UNIT_COUNT(names); i++) {
		struct text_span span = { names[i], strlen(names[i]) };

		assert_true(policy_mode_parse(span, &mode));
		assert_string_equal(policy_mode_name(mode), names[i]);
		span.length--;
		assert_false(policy_mode_parse(span, &mode));
		assert_string_equal(policy_mode_name(mode), names[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_warned),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_every_byte_in_a_comment),
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_source_size),
		cmocka_unit_test(test_rendered_size),
		cmocka_unit_test(test_extension_size),
		cmocka_unit_test(test_mx_extremes),
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_modes),
	};

	return UNIT_RUN(tests);
}
