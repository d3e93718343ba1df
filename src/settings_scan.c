/*
 * The look before libconfig's; see settings_scan.h. It follows the rules of
 * libconfig's scanner.l byte by byte: where the two took different views of
 * what is a string or a comment, the clean text would not mean the same.
 */
#include "settings_scan.h"

#include <string.h>

#define DIGITS_MAX  9
#define QUOTED_SIZE 320

enum scan_state { SCAN_CODE, SCAN_STRING, SCAN_LINE, SCAN_BLOCK };

struct scan {
	struct text_span rest;
	struct text *clean;
	struct diag_sink *sink;
	enum scan_state state;
	unsigned line;
	unsigned opened; /* the line where a block comment began */
	unsigned names;  /* so far */
	char last;       /* byte of code that is no white space */
	bool mute;       /* nothing is written of this string */
	bool margin;     /* nothing but blanks before this byte */
	bool has_nul;
	bool has_lone_cr;
};

static void
scan_error(
    struct scan *scan, unsigned line, const char *hint, const char *message)
{
	diag_error(
	    scan->sink, (struct diag_place){ line, 0 }, hint, "%s", message);
}

static bool
begins_with(const struct scan *scan, const char *string)
{
	struct text_span head = { scan->rest.at, strlen(string) };

	return head.length <= scan->rest.length &&
	       text_equals_fold(head, string);
}

/* Whether the line, or the text, ends that many bytes from here. */
static bool
line_ends(const struct scan *scan, size_t offset)
{
	const char *at = scan->rest.at + offset;
	size_t length = scan->rest.length - offset;

	if (length > 1 && at[0] == '\r' && at[1] == '\n')
		return true;
	return length == 0 || at[0] == '\n';
}

static void
skip(struct scan *scan, size_t length)
{
	for (; length > 0; length--) {
		if (*scan->rest.at == '\n') {
			scan->line++;
			scan->margin = true;
		} else if (!text_is_blank(*scan->rest.at)) {
			scan->margin = false;
		}
		scan->rest.at++;
		scan->rest.length--;
	}
}

static void
copy(struct scan *scan, size_t length)
{
	if (!scan->mute)
		text_add(scan->clean, scan->rest.at, length);
	skip(scan, length);
}

static void
replace(struct scan *scan, size_t length, const char *string)
{
	text_add_string(scan->clean, string);
	skip(scan, length);
}

static void
enter(struct scan *scan, enum scan_state state, size_t length)
{
	scan->state = state;
	scan->opened = scan->line;
	copy(scan, length);
}

static bool
is_name_byte(char c)
{
	return text_is_letter(c) || text_is_digit(c) || c == '*' || c == '-' ||
	       c == '_';
}

static void
scan_name(struct scan *scan)
{
	struct text_span name = { scan->rest.at, 1 };
	bool boolean;

	while (name.length < scan->rest.length &&
	       is_name_byte(name.at[name.length]))
		name.length++;
	boolean =
	    text_equals_fold(name, "true") || text_equals_fold(name, "false");
	copy(scan, name.length);
	if (!boolean)
		text_add_format(scan->clean, "*%u", scan->names++);
}

static bool
is_plain_number(struct text_span number)
{
	uint64_t value;

	return text_decimal(number, DIGITS_MAX, &value) &&
	       (number.length == 1 || number.at[0] != '0');
}

static void
refuse_number(struct scan *scan, struct text_span number)
{
	char storage[QUOTED_SIZE];
	struct text message;

	text_init(&message, storage, sizeof(storage));
	text_add_string(&message, "number ");
	text_add_quoted(&message, number);
	text_add_string(&message, ": not 1 to 9 digits, the first one not 0");
	scan_error(scan, scan->line,
	    "write a whole number, or what is no number in double quotes "
	    "(\"7d\")",
	    storage);
	replace(scan, number.length, ".");
}

/* All that could be one number goes as one, the exponent's sign included. */
static void
scan_number(struct scan *scan)
{
	struct text_span number = { scan->rest.at, 1 };

	while (number.length < scan->rest.length) {
		char c = number.at[number.length];

		if (!text_is_letter(c) && !text_is_digit(c) && c != '.' &&
		    c != '+' && c != '-')
			break;
		number.length++;
	}
	if (is_plain_number(number))
		copy(scan, number.length);
	else
		refuse_number(scan, number);
}

/*
 * libconfig makes one text of two that stand side by side: a comma forgotten
 * would make one host of two.
 */
static void
enter_string(struct scan *scan)
{
	scan->mute = scan->last == '\0' || strchr("=:[(,", scan->last) == NULL;
	if (scan->mute)
		scan_error(scan, scan->line,
		    "write key = \"text\"; and a comma between two texts",
		    "a text in double quotes without = or a comma before it");
	enter(scan, SCAN_STRING, 1);
}

static void
scan_token(struct scan *scan)
{
	char c = *scan->rest.at;

	if (c == '"')
		enter_string(scan);
	else if (text_is_letter(c) || c == '*')
		scan_name(scan);
	else if (text_is_digit(c) || c == '.')
		scan_number(scan);
	else
		copy(scan, 1);
	scan->last = c;
}

static void
scan_code(struct scan *scan)
{
	char c = *scan->rest.at;

	if (c == '#')
		enter(scan, SCAN_LINE, 1);
	else if (begins_with(scan, "//"))
		enter(scan, SCAN_LINE, 2);
	else if (begins_with(scan, "/*"))
		enter(scan, SCAN_BLOCK, 2);
	else if (text_is_blank(c) || c == '\n' || c == '\r' || c == '\f')
		copy(scan, 1);
	else
		scan_token(scan);
}

static void
leave_string(struct scan *scan)
{
	scan->state = SCAN_CODE;
	scan->mute = false;
}

static void
refuse_open_string(struct scan *scan)
{
	scan_error(scan, scan->line, "write \" at the end of the text",
	    "a text in double quotes is not closed on its line");
	if (!scan->mute)
		text_add_string(scan->clean, "\"");
	leave_string(scan);
}

static void
scan_escape(struct scan *scan)
{
	if (begins_with(scan, "\\x00")) {
		scan_error(scan, scan->line, "delete it",
		    "\\x00 stands for a NUL byte");
		skip(scan, 4);
	} else if (begins_with(scan, "\\\"") || begins_with(scan, "\\\\")) {
		copy(scan, 2);
	} else if (line_ends(scan, 1)) {
		skip(scan, 1); /* or it would escape the quote to be added */
	} else {
		copy(scan, 1);
	}
}

static void
scan_string(struct scan *scan)
{
	char c = *scan->rest.at;

	if (line_ends(scan, 0)) {
		refuse_open_string(scan);
	} else if (c == '\\') {
		scan_escape(scan);
	} else {
		copy(scan, 1);
		if (c == '"')
			leave_string(scan);
	}
}

/* Once is enough: where a CR ends each line, the whole text is one of ours. */
static void
refuse_lone_cr(struct scan *scan)
{
	if (!scan->has_lone_cr)
		scan_error(scan, scan->line, "end the lines with LF or CRLF",
		    "a comment that goes on after a CR");
	scan->has_lone_cr = true;
}

static void
scan_line_comment(struct scan *scan)
{
	const char *at = scan->rest.at;

	if (*at == '\n')
		scan->state = SCAN_CODE;
	else if (*at == '\r' && scan->rest.length > 1 && at[1] != '\r' &&
		 at[1] != '\n')
		refuse_lone_cr(scan);
	copy(scan, 1);
}

static void
scan_block_comment(struct scan *scan)
{
	bool end = begins_with(scan, "*/");

	if (end)
		scan->state = SCAN_CODE;
	copy(scan, end ? 2 : 1);
}

/*
 * The scanner takes it after blanks at the beginning of a line, in code alone.
 * Refused elsewhere too, so that nothing hangs on the states being right.
 */
static bool
is_include(const struct scan *scan)
{
	return (scan->margin || scan->state == SCAN_CODE) &&
	       begins_with(scan, "@include");
}

static void
refuse_include(struct scan *scan)
{
	scan_error(scan, scan->line, "write all settings into this one file",
	    "@include is not allowed, not even as a line of a comment");
	if (scan->state == SCAN_CODE)
		scan->state = SCAN_LINE;
	replace(scan, 1, "#");
}

static void
refuse_nul(struct scan *scan)
{
	if (!scan->has_nul)
		scan_error(scan, scan->line, "save the file as plain text",
		    "a NUL byte");
	scan->has_nul = true;
	replace(scan, 1, " ");
}

static void
scan_end(struct scan *scan)
{
	if (scan->state == SCAN_STRING)
		refuse_open_string(scan);
	else if (scan->state == SCAN_LINE)
		text_add_string(scan->clean, "\n");
	else if (scan->state == SCAN_BLOCK)
		scan_error(scan, scan->opened, "write */ at its end",
		    "the comment that begins here has no end");
}

void
settings_scan(struct text_span text, struct text *clean, struct diag_sink *sink)
{
	static void (*const steps[])(struct scan *) = {
		[SCAN_CODE] = scan_code,
		[SCAN_STRING] = scan_string,
		[SCAN_LINE] = scan_line_comment,
		[SCAN_BLOCK] = scan_block_comment,
	};
	struct scan scan = { .rest = text,
		.clean = clean,
		.sink = sink,
		.state = SCAN_CODE,
		.line = 1,
		.margin = true };

	if (begins_with(&scan, "\xef\xbb\xbf")) {
		scan.rest.at += 3;
		scan.rest.length -= 3;
	}
	while (scan.rest.length > 0) {
		if (*scan.rest.at == '\0')
			refuse_nul(&scan);
		else if (is_include(&scan))
			refuse_include(&scan);
		else
			steps[scan.state](&scan);
	}
	scan_end(&scan);
}

struct text_span
settings_scan_key(const char *name)
{
	const char *number = strrchr(name, '*');

	return (struct text_span){ name,
		number != NULL ? (size_t)(number - name) : strlen(name) };
}
