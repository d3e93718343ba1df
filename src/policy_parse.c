/*
 * The lines of a policy: read as they were meant where only the layout is off,
 * refused with the mend where the content is.
 */
#include <string.h>

#include "lines.h"
#include "policy_field.h"

#define EXTENSION_NAME_MAX 32
#define SPELLED_OUT        "\\r\\n" /* four characters */

static void
read_unknown(struct policy_reader *reader, struct text_span key)
{
	const struct policy_field *meant = policy_field_find(key, text_is_near);
	char storage[64];
	struct text hint;

	text_init(&hint, storage, sizeof(storage));
	policy_field_excuse(reader, meant);
	if (meant != NULL)
		text_add_format(&hint, "did you mean %s?", meant->name);
	policy_field_error(reader, key.at, "key", key,
	    key.length == 0 ? "there is no key before the colon"
			    : "RFC 8461 has no such key",
	    meant != NULL ? hint.bytes
			  : "leave the line out, or put # at its beginning");
}

static bool
is_extension_name(struct text_span key)
{
	size_t i;

	if (key.length == 0 || key.length > EXTENSION_NAME_MAX)
		return false;
	for (i = 0; i < key.length; i++) {
		char c = key.at[i];

		if (!text_is_letter(c) && !text_is_digit(c) &&
		    (i == 0 || (c != '_' && c != '-' && c != '.')))
			return false;
	}
	return true;
}

/*
 * A tab is not in the ABNF. UTF-8 is, but we say no charset, and some senders
 * then read ASCII alone and drop the whole policy.
 */
static bool
is_extension_value(struct text_span value)
{
	size_t i;

	for (i = 0; i < value.length; i++)
		if (value.at[i] < ' ' || value.at[i] > '~')
			return false;
	return true;
}

static bool
extension_is_known(const struct text *extensions, struct text_span key)
{
	struct text_span rest = { extensions->bytes, extensions->length };
	struct text_span line;

	while (lines_next(&rest, &line))
		if (line.length > key.length && line.at[key.length] == ':' &&
		    memcmp(line.at, key.at, key.length) == 0)
			return true;
	return false;
}

/* A field of a later RFC, passed through as it is (sts-policy-extension). */
static void
read_extension(
    struct policy_reader *reader, struct text_span key, struct text_span value)
{
	struct text *extensions = &reader->policy->extensions;

	if (!is_extension_name(key)) {
		policy_field_error(reader, key.at, "key", key,
		    "not 1 to 32 letters, digits, \"_\", \"-\" and \".\"",
		    "write the field as its RFC names it");
		return;
	}
	if (!is_extension_value(value)) {
		policy_field_error(reader, value.at, "value", value,
		    "a tab or a character outside ASCII within it",
		    "write single spaces, and ASCII alone");
		return;
	}
	if (extension_is_known(extensions, key)) {
		policy_field_error(reader, key.at, "key", key, "given twice",
		    "keep one of the two lines");
		return;
	}
	text_add(extensions, key.at, key.length);
	text_add_string(extensions, ": ");
	text_add(extensions, value.at, value.length);
	text_add_string(extensions, "\r\n");
}

/* The field that an unreadable line was meant to be, by its first word. */
static const struct policy_field *
field_meant(struct text_span line)
{
	struct text_span word = { line.at, 0 };

	while (word.length < line.length && line.at[word.length] != ':' &&
	       line.at[word.length] != '=' &&
	       !text_is_blank(line.at[word.length]))
		word.length++;
	return policy_field_find(word, text_equals_fold);
}

/* A line without a colon: most are "mx host" or "version=STSv1". */
static void
read_colonless(struct policy_reader *reader, struct text_span line)
{
	const struct policy_field *meant = field_meant(line);

	policy_field_excuse(reader, meant);
	policy_field_error(reader, line.at, "line", line,
	    "no colon after the key",
	    meant != NULL ? meant->example
			  : "write \"key: value\", or # before a comment");
}

static void
read_field(
    struct policy_reader *reader, struct text_span key, struct text_span value)
{
	const struct policy_field *field = policy_field_find(key, text_equals);

	if (field == NULL) {
		field = policy_field_find(key, text_equals_fold);
		if (field != NULL)
			policy_field_error(reader, key.at, "key", key,
			    "keys are in lower case", field->example);
	}
	if (value.length == 0) {
		policy_field_error(reader, value.at, "key", key,
		    "no value after it",
		    field != NULL ? field->example : "leave the line out");
		policy_field_excuse(reader, field);
	} else if (field != NULL) {
		if (policy_field_note(reader, field, value.at))
			reader->policy->valid[field->number] =
			    field->read(reader, value);
	} else if (reader->unknown == POLICY_UNKNOWN_PASS) {
		read_extension(reader, key, value);
	} else {
		read_unknown(reader, key);
	}
}

/* A line without its end; comments and blank lines have been dropped. */
static void
read_line(struct policy_reader *reader, struct text_span line)
{
	struct text_span key, value, trimmed = text_trim(line);
	const char *colon = memchr(trimmed.at, ':', trimmed.length);
	const bool comment = trimmed.at[0] == '#';

	if (trimmed.at != line.at && (comment || colon != NULL))
		policy_field_error(reader, line.at, "line", trimmed,
		    comment ? "white space before the #"
			    : "white space before the key",
		    "begin the line with it");
	if (comment)
		return;
	if (colon == NULL) {
		read_colonless(reader, trimmed);
		return;
	}
	key = (struct text_span){ trimmed.at, (size_t)(colon - trimmed.at) };
	value.at = colon + 1;
	value.length = trimmed.length - key.length - 1;
	trimmed = text_trim(key);
	if (trimmed.length != key.length)
		policy_field_error(reader, trimmed.at + trimmed.length, "key",
		    trimmed, "white space before the colon",
		    "write the colon right after the key");
	read_field(reader, trimmed, text_trim(value));
}

/*
 * Only text: tabs, printable ASCII and UTF-8 without control characters (of
 * which U+0080 to U+009F are some, encoded with 0xc2).
 */
static bool
check_bytes(struct policy_reader *reader, struct text_span line)
{
	while (line.length > 0) {
		const unsigned char c = (unsigned char)line.at[0];
		size_t length =
		    c >= ' ' && c <= '~' ? 1 : text_utf8_length(line);

		if (length == 0) {
			diag_error(reader->sink,
			    policy_field_place(reader, line.at),
			    "save the file as UTF-8, or better as ASCII",
			    "byte 0x%02x is not valid UTF-8", c);
			return false;
		}
		if ((text_is_control(line.at[0]) && c != '\t') ||
		    (c == 0xc2 && (unsigned char)line.at[1] < 0xa0)) {
			diag_error(reader->sink,
			    policy_field_place(reader, line.at),
			    c == 0 ? "save the file as UTF-8" : "delete it",
			    "control character U+%04X",
			    (unsigned char)line.at[length - 1]);
			return false;
		}
		line.at += length;
		line.length -= length;
	}
	return true;
}

/*
 * The line break that examples spell out as four characters, and people copy:
 * the error is told, and what follows is read as the lines it was to be.
 */
static void
read_spelled_out(struct policy_reader *reader, struct text_span line)
{
	const size_t width = strlen(SPELLED_OUT);
	struct text_span rest = line, part;
	const char *found;

	do {
		/* Hardly a line has any, and memmem is slow to begin. */
		found = memchr(rest.at, SPELLED_OUT[0], rest.length);
		if (found != NULL)
			found =
			    memmem(rest.at, rest.length, SPELLED_OUT, width);
		part.at = rest.at;
		part.length = found ? (size_t)(found - rest.at) : rest.length;
		if (text_trim(part).length > 0)
			read_line(reader, part);
		if (found == NULL)
			break;
		policy_field_error(reader, found, "literal",
		    (struct text_span){ found, width },
		    "a line end spelled out", "begin a new line instead");
		rest.at = found + width;
		rest.length -= part.length + width;
	} while (rest.length > 0);
}

/* A field behind a line end spelled out was not meant to be a comment. */
static void
read_comment(struct policy_reader *reader, struct text_span line)
{
	struct text_span mark = { NULL, strlen(SPELLED_OUT) };

	while ((mark.at = memmem(
		    line.at, line.length, SPELLED_OUT, mark.length)) != NULL) {
		line.length -= (size_t)(mark.at - line.at) + mark.length;
		line.at = mark.at + mark.length;
		if (field_meant(line) == NULL)
			continue;
		policy_field_error(reader, mark.at, "literal", mark,
		    "a line end spelled out", "begin a new line instead");
		return;
	}
}

static void
policy_init(struct policy *policy)
{
	size_t i;

	policy->mode = POLICY_NONE;
	policy->max_age = 0;
	policy->mx_count = 0;
	for (i = 0; i < POLICY_KNOWN; i++) {
		policy->at[i].line = 0;
		policy->valid[i] = policy->excused[i] = false;
	}
	policy->last_line = (struct diag_place){ 1, 1 };
	text_init(
	    &policy->names, policy->name_storage, sizeof(policy->name_storage));
	text_init(&policy->extensions, policy->extension_storage,
	    sizeof(policy->extension_storage));
}

/* Nothing of it is read, and so nothing of it is missing. */
static void
refuse_size(struct policy *policy, struct diag_sink *sink)
{
	size_t i;

	for (i = 0; i < POLICY_KNOWN; i++)
		policy->excused[i] = true;
	diag_error(sink, DIAG_WHOLE, "make it smaller", "larger than %d bytes",
	    POLICY_SIZE_MAX);
}

void
policy_parse(struct policy *policy, const char *bytes, size_t length,
    enum policy_unknown unknown, struct diag_sink *sink)
{
	struct policy_reader reader = { policy, sink, unknown, bytes, 0 };
	struct text_span rest = { bytes, length }, line;

	policy_init(policy);
	if (length > POLICY_SIZE_MAX) {
		refuse_size(policy, sink);
		return;
	}
	lines_begin(&rest);
	while (lines_next(&rest, &line)) {
		reader.line = line.at;
		reader.number++;
		policy->last_line.line = reader.number;
		if (!check_bytes(&reader, line))
			policy_field_excuse(&reader, field_meant(line));
		else if (line.length > 0 && line.at[0] == '#')
			read_comment(&reader, line);
		else if (text_trim(line).length > 0)
			read_spelled_out(&reader, line);
	}
}
