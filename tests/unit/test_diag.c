/*
 * diag.c: the written form of a finding, what is cut, and the counts.
 */
#include "unit.h"

#include "text.h"

static char written[16384];

static void
take_written(void *context, const struct diag *diag)
{
	struct text text;

	(void)context;
	text_init(&text, written, sizeof(written));
	diag_format(diag, &text);
	assert_false(text.overflow);
}

static const struct {
	int line;
	bool warning;
	struct diag_place place;
	const char *hint, *want;
} forms[] = {
	{ __LINE__, false, { 3, 7 }, "write b",
	    "a/b.txt:3:7: error: no \"x\" 5; write b" },
	{ __LINE__, true, { 3, 7 }, "write b",
	    "a/b.txt:3:7: warning: no \"x\" 5; write b" },
	{ __LINE__, false, { 3, 0 }, NULL, "a/b.txt:3: error: no \"x\" 5" },
	{ __LINE__, false, { 0, 0 }, NULL, "a/b.txt: error: no \"x\" 5" },
	{ __LINE__, false, { 1, 1 }, "", "a/b.txt:1:1: error: no \"x\" 5" },
	{ __LINE__, true, { 0, 0 }, "100 %s %n",
	    "a/b.txt: warning: no \"x\" 5; 100 %s %n" },
	{ __LINE__, false, { 4294967295, 4294967295 }, NULL,
	    "a/b.txt:4294967295:4294967295: error: no \"x\" 5" },
};

static void
test_forms(void **state)
{
	const __typeof__(forms[0]) *row;

	(void)state;
	UNIT_EACH (row, forms) {
		struct diag_sink sink = { take_written, NULL, "a/b.txt", 0, 0 };

		(row->warning ? diag_warning : diag_error)(
		    &sink, row->place, row->hint, "no \"%s\" %d", "x", 5);
		UNIT_STRING(row->line, written, row->want);
		UNIT_EXPECT(row->line, sink.warnings == row->warning);
		UNIT_EXPECT(row->line, sink.errors == !row->warning);
	}
}

static void
test_counts(void **state)
{
	struct unit_findings found;
	struct diag_sink sink = unit_sink(&found);

	(void)state;
	diag_error(&sink, DIAG_WHOLE, NULL, "one");
	diag_warning(&sink, (struct diag_place){ 2, 3 }, "mend", "two");
	diag_error(&sink, (struct diag_place){ 4, 0 }, NULL, "three");
	assert_int_equal(sink.errors, 2);
	assert_int_equal(sink.warnings, 1);
	assert_string_equal(found.text, "0:0: error: one\n"
					"2:3: warning: two; mend\n"
					"4:0: error: three\n");
}

/* The lengths around what fits. */
static void
test_cut(void **state)
{
	static char long_text[DIAG_MESSAGE_SIZE + 2];
	static const struct {
		int line;
		size_t message, hint, kept_message, kept_hint;
	} rows[] = {
		{ __LINE__, 0, 0, 0, 0 },
		{ __LINE__, 5118, 510, 5118, 510 },
		{ __LINE__, 5119, 511, 5119, 511 },
		{ __LINE__, 5120, 512, 5119, 511 },
		{ __LINE__, 5121, 513, 5119, 511 },
	};
	const __typeof__(rows[0]) *row;

	(void)state;
	memset(long_text, 'm', sizeof(long_text) - 1);
	UNIT_EACH (row, rows) {
		struct diag_sink sink = { take_written, NULL, "f", 0, 0 };
		size_t before = strlen("f: error: ");
		size_t hint = row->hint > 0 ? 2 + row->kept_hint : 0;

		diag_error(&sink, DIAG_WHOLE,
		    long_text + sizeof(long_text) - 1 - row->hint, "%.*s",
		    (int)row->message, long_text);
		UNIT_EXPECT(row->line,
		    strlen(written) == before + row->kept_message + hint);
		UNIT_EXPECT(row->line,
		    strspn(written + before, "m") == row->kept_message);
	}
}

/* A finding that does not fit the text where it is written sets overflow. */
static void
test_no_room(void **state)
{
	static struct diag diag = { DIAG_ERROR, "file", { 1, 2 }, "m", "h" };
	char storage[64];
	struct text text;
	size_t size;

	(void)state;
	for (size = 1; size <= sizeof(storage); size++) {
		text_init(&text, storage, size);
		diag_format(&diag, &text);
		assert_int_equal(
		    text.overflow, size <= strlen("file:1:2: error: m; h"));
		assert_int_equal(strlen(storage), text.length);
		if (!text.overflow)
			assert_string_equal(storage, "file:1:2: error: m; h");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_no_room),
	};

	return UNIT_RUN(tests);
}
