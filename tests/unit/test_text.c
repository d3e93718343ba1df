/*
 * text.c: the append buffer at every size, and the ASCII and UTF-8 helpers
 * against definitions of their own.
 */
#include "unit.h"

#include "text.h"
#include "text_utf8.h"

#define SPAN(literal) ((struct text_span){ literal, sizeof(literal) - 1 })

static struct text_span
span_of(const char *string)
{
	return (struct text_span){ string, strlen(string) };
}

static void
append_escaped(struct text *text, const char *string)
{
	text_add_escaped(text, string, strlen(string));
}

static void
append_quoted(struct text *text, const char *string)
{
	text_add_quoted(text, span_of(string));
}

static void
append_bytes(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

static void
append_format(struct text *text, const char *string)
{
	text_add_format(text, "<%s>", string);
}

static void
append_decimal(struct text *text, const char *string)
{
	text_add_decimal(text, strtoull(string, NULL, 10));
}

#define SIXTY "123456789 123456789 123456789 123456789 123456789 123456789 "

static const struct {
	int line;
	void (*append)(struct text *, const char *);
	bool atomic; /* all or nothing */
	const char *given, *want;
} appends[] = {
	{ __LINE__, append_bytes, true, "", "" },
	{ __LINE__, append_bytes, true, "abc", "abc" },
	{ __LINE__, text_add_string, true, "", "" },
	{ __LINE__, text_add_string, true, "a longer one", "a longer one" },
	{ __LINE__, append_decimal, true, "0", "0" },
	{ __LINE__, append_decimal, true, "9", "9" },
	{ __LINE__, append_decimal, true, "10", "10" },
	{ __LINE__, append_decimal, true, "31557600", "31557600" },
	{ __LINE__, append_decimal, true, "18446744073709551615",
	    "18446744073709551615" },
	{ __LINE__, append_format, true, "", "<>" },
	{ __LINE__, append_format, true, "%s", "<%s>" },
	{ __LINE__, append_escaped, false, "", "" },
	{ __LINE__, append_escaped, false, "a b~ ", "a b~ " },
	{ __LINE__, append_escaped, false, "\\r\\n", "\\r\\n" },
	{ __LINE__, append_escaped, false, "\t\n\r\x1b[0m\x7f",
	    "\\x09\\x0a\\x0d\\x1b[0m\\x7f" },
	{ __LINE__, append_escaped, false, "\x80\xff\xc3\xbc",
	    "\\x80\\xff\\xc3\\xbc" },
	{ __LINE__, append_quoted, false, "", "\"\"" },
	{ __LINE__, append_quoted, false, "a\nb", "\"a\\x0ab\"" },
	{ __LINE__, append_quoted, false, SIXTY, "\"" SIXTY "\"" },
	{ __LINE__, append_quoted, false, SIXTY "x", "\"" SIXTY "...\"" },
};

/* At every size, in memory that ends where the size says. */
static void
test_append(void **state)
{
	const __typeof__(appends[0]) *row;

	(void)state;
	UNIT_EACH (row, appends) {
		size_t length = strlen(row->want), size;

		for (size = 1; size <= length + 3; size++) {
			char *storage = malloc(size);
			struct text text;
			bool fits = size >= length + 2;

			text_init(&text, storage, size);
			UNIT_STRING(row->line, text.bytes, "");
			text_add_string(&text, "x");
			if (!text.overflow)
				row->append(&text, row->given);
			UNIT_EXPECT(row->line, text.overflow == !fits);
			UNIT_EXPECT(
			    row->line, strlen(text.bytes) == text.length);
			if (fits)
				UNIT_STRING(
				    row->line, text.bytes + 1, row->want);
			else if (row->atomic || size == 1)
				UNIT_STRING(row->line, text.bytes,
				    size == 1 ? "" : "x");
			else
				UNIT_EXPECT(row->line,
				    strncmp(text.bytes + 1, row->want,
					text.length - 1) == 0);
			free(storage);
		}
	}
}

/* Once it did not fit, nothing more is added, short as it may be. */
static void
test_overflow_stays(void **state)
{
	static const char long_one[300];
	const __typeof__(appends[0]) *row;

	(void)state;
	UNIT_EACH (row, appends) {
		char storage[256];
		struct text text;

		text_init(&text, storage, sizeof(storage));
		text_add_string(&text, "ab");
		text_add(&text, long_one, sizeof(long_one));
		UNIT_EXPECT(row->line, text.overflow);
		row->append(&text, row->given);
		UNIT_EXPECT(row->line, text.overflow);
		UNIT_STRING(row->line, text.bytes, "ab");
		text_init(&text, storage, sizeof(storage));
		UNIT_EXPECT(row->line, !text.overflow && text.length == 0);
	}
}

static void
test_escape_every_byte(void **state)
{
	char storage[8], want[8];
	struct text text;
	int c;

	(void)state;
	for (c = 0; c < 256; c++) {
		char byte = (char)c;

		text_init(&text, storage, sizeof(storage));
		text_add_escaped(&text, &byte, 1);
		if (c >= ' ' && c <= '~')
			(void)snprintf(want, sizeof(want), "%c", c);
		else
			(void)snprintf(want, sizeof(want), "\\x%02x", c);
		assert_string_equal(storage, want);
		assert_int_equal(text.length, strlen(want));
	}
}

static void
test_classes(void **state)
{
	static const char digits[] = "0123456789";
	static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
	int i;

	(void)state;
	for (i = 0; i < 256; i++) {
		const char c = (char)i;
		const char *big = i ? strchr(upper, c) : NULL;
		bool small = i && strchr(lower, c);

		assert_int_equal(text_is_digit(c), i && strchr(digits, c));
		assert_int_equal(text_is_letter(c), big != NULL || small);
		assert_int_equal(text_is_blank(c), i == 32 || i == 9);
		assert_int_equal(text_is_control(c), i <= 31 || i == 127);
		assert_int_equal(text_lower(c), big ? lower[big - upper] : c);
	}
}

static const struct {
	int line;
	struct text_span span;
	const char *string;
	bool same, fold;
} pairs[] = {
	{ __LINE__, SPAN(""), "", true, true },
	{ __LINE__, SPAN("mx"), "mx", true, true },
	{ __LINE__, SPAN("MX"), "mx", false, true },
	{ __LINE__, SPAN("mx"), "Mx", false, true },
	{ __LINE__, SPAN("mx"), "m", false, false },
	{ __LINE__, SPAN("m"), "mx", false, false },
	{ __LINE__, SPAN(""), "m", false, false },
	{ __LINE__, SPAN("mx\0"), "mx", false, false },
	{ __LINE__, SPAN("m\0x"), "m", false, false },
	{ __LINE__, SPAN("[@`{"), "{`@[", false, false },
	{ __LINE__, SPAN("["), "{", false, false },
	{ __LINE__, SPAN("@"), "`", false, false },
	{ __LINE__, SPAN("\xc3\x84"), "\xc3\xa4", false, false },
};

static void
test_equals(void **state)
{
	const __typeof__(pairs[0]) *row;

	(void)state;
	UNIT_EACH (row, pairs) {
		UNIT_EXPECT(row->line,
		    text_equals(row->span, row->string) == row->same);
		UNIT_EXPECT(row->line,
		    text_equals_fold(row->span, row->string) == row->fold);
	}
}

static const struct {
	int line;
	const char *given, *want;
} trims[] = {
	{ __LINE__, "", "" },
	{ __LINE__, " ", "" },
	{ __LINE__, "\t \t", "" },
	{ __LINE__, "a", "a" },
	{ __LINE__, " a", "a" },
	{ __LINE__, "a\t", "a" },
	{ __LINE__, "\t a b \t", "a b" },
	{ __LINE__, "\n a \r", "\n a \r" },
	{ __LINE__, "\v", "\v" },
	{ __LINE__, "\xc2\xa0", "\xc2\xa0" },
};

static void
test_trim(void **state)
{
	const __typeof__(trims[0]) *row;

	(void)state;
	UNIT_EACH (row, trims) {
		struct text_span got = text_trim(span_of(row->given));

		UNIT_BYTES(row->line, got.at, got.length, row->want,
		    strlen(row->want));
		UNIT_EXPECT(row->line, got.at >= row->given);
	}
}

#define NO UINT64_MAX

static const struct {
	int line;
	const char *given;
	uint64_t decimal, duration; /* of 10 digits */
} numbers[] = {
	{ __LINE__, "", NO, NO },
	{ __LINE__, "0", 0, 0 },
	{ __LINE__, "9", 9, 9 },
	{ __LINE__, "0000000007", 7, 7 },
	{ __LINE__, "9999999999", 9999999999, 9999999999 },
	{ __LINE__, "4294967296", 4294967296, 4294967296 },
	{ __LINE__, "00000000007", NO, NO },
	{ __LINE__, "10000000000", NO, NO },
	{ __LINE__, "-1", NO, NO },
	{ __LINE__, "+1", NO, NO },
	{ __LINE__, " 1", NO, NO },
	{ __LINE__, "1 ", NO, NO },
	{ __LINE__, "1.0", NO, NO },
	{ __LINE__, "1,000", NO, NO },
	{ __LINE__, "1e3", NO, NO },
	{ __LINE__, "0x10", NO, NO },
	{ __LINE__, "/", NO, NO },
	{ __LINE__, ":", NO, NO },
	{ __LINE__, "\xd9\xa1", NO, NO }, /* an Arabic digit */
	{ __LINE__, "1s", NO, 1 },
	{ __LINE__, "2m", NO, 120 },
	{ __LINE__, "3h", NO, 10800 },
	{ __LINE__, "7d", NO, 604800 },
	{ __LINE__, "2w", NO, 1209600 },
	{ __LINE__, "1y", NO, 31557600 },
	{ __LINE__, "9999999999y", NO, 315575999968442400 },
	{ __LINE__, "10000000000s", NO, NO },
	{ __LINE__, "0d", NO, 0 },
	{ __LINE__, "d", NO, NO },
	{ __LINE__, "dd", NO, NO },
	{ __LINE__, "1dd", NO, NO },
	{ __LINE__, "1d1", NO, NO },
	{ __LINE__, "1D", NO, NO },
	{ __LINE__, "1 d", NO, NO },
	{ __LINE__, "1M", NO, NO },
	{ __LINE__, "-1d", NO, NO },
};

static void
test_numbers(void **state)
{
	const __typeof__(numbers[0]) *row;

	(void)state;
	UNIT_EACH (row, numbers) {
		uint64_t number = NO;
		bool read = text_decimal(span_of(row->given), 10, &number);

		UNIT_EXPECT(row->line, read == (row->decimal != NO));
		UNIT_EXPECT(row->line, number == row->decimal);
		number = NO;
		read = text_duration(span_of(row->given), &number);
		UNIT_EXPECT(row->line, read == (row->duration != NO));
		UNIT_EXPECT(row->line, number == row->duration);
	}
}

static void
test_decimal_digits(void **state)
{
	static const char digits[] = "999999999999999999";
	uint64_t number, want = 0;
	size_t most, length;

	(void)state;
	for (length = 1; length <= 18; length++) {
		want = want * 10 + 9;
		for (most = 0; most <= 18; most++) {
			bool fits = length <= most;

			number = NO;
			assert_int_equal(
			    text_decimal((struct text_span){ digits, length },
				most, &number),
			    fits);
			assert_true(number == (fits ? want : NO));
		}
	}
}

static const struct {
	int line;
	const char *a, *b;
	size_t distance;
} distances[] = {
	{ __LINE__, "", "", 0 },
	{ __LINE__, "", "mx", 2 },
	{ __LINE__, "mode", "mode", 0 },
	{ __LINE__, "mdoe", "mode", 2 },
	{ __LINE__, "modes", "mode", 1 },
	{ __LINE__, "max-age", "max_age", 1 },
	{ __LINE__, "maxage", "max_age", 1 },
	{ __LINE__, "Max_age", "max_age", 1 },
	{ __LINE__, "kitten", "sitting", 3 },
	{ __LINE__, "12345678901234567890123456789012", "", 32 },
	{ __LINE__, "12345678901234567890123456789012",
	    "1234567890123456789012345678901", 1 },
	{ __LINE__, "123456789012345678901234567890123", "", 32 },
	{ __LINE__, "123456789012345678901234567890123",
	    "123456789012345678901234567890123", 32 },
};

static void
test_distance(void **state)
{
	const __typeof__(distances[0]) *row;

	(void)state;
	UNIT_EACH (row, distances) {
		struct text_span a = span_of(row->a), b = span_of(row->b);

		UNIT_EXPECT(row->line, text_distance(a, b) == row->distance);
		UNIT_EXPECT(row->line, text_distance(b, a) == row->distance);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_overflow_stays),
		cmocka_unit_test(test_escape_every_byte),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_equals),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_decimal_digits),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_distance),
	};

	return UNIT_RUN(tests);
}
