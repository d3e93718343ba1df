/*
 * Reads TLS reports; see tlsrpt_read.h. What memory a text takes is known
 * before json-c sees it, by counting what in it begins a value.
 */
#include "tlsrpt_read.h"

#include <string.h>

#include <json-c/json.h>

#include "diag.h"
#include "tlsrpt.h"
#include "tlsrpt_fields.h"

#define MARK      "\xef\xbb\xbf"
#define MARK_SIZE 3

static bool
is_white(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct text_span
without_mark(struct text_span text)
{
	if (text.length >= MARK_SIZE && memcmp(text.at, MARK, MARK_SIZE) == 0) {
		text.at += MARK_SIZE;
		text.length -= MARK_SIZE;
	}
	return text;
}

struct text_span
tlsrpt_trim(struct text_span text)
{
	text = without_mark(text);
	while (text.length > 0 && is_white(text.at[0])) {
		text.at++;
		text.length--;
	}
	while (text.length > 0 && (is_white(text.at[text.length - 1]) ||
				      text.at[text.length - 1] == '\0'))
		text.length--;
	return text;
}

static const char *const keys[] = { "\"organization-name\"", "\"date-range\"",
	"\"report-id\"", "\"policies\"" };

#define KEYS (sizeof(keys) / sizeof(keys[0]))

bool
tlsrpt_is_like(struct text_span text)
{
	size_t i;

	text = tlsrpt_trim(text);
	if (text.length == 0 || text.at[0] != '{')
		return false;
	for (i = 0; i < KEYS; i++)
		if (memmem(text.at, text.length, keys[i], strlen(keys[i])) !=
		    NULL)
			return true;
	return false;
}

/* Line and column of a byte. */
static struct diag_place
place_of(struct text_span text, size_t offset)
{
	struct diag_place place = { 1, 1 };
	size_t i;

	for (i = 0; i < offset && i < text.length; i++)
		if (text.at[i] == '\n') {
			place.line++;
			place.column = 1;
		} else {
			place.column++;
		}
	return place;
}

/* Whether the text is small enough to be read; what is not is told of. */
static bool
is_bounded(struct text_span text, struct diag_sink *sink)
{
	size_t i, objects = 0, values = 1;
	bool quoted = false;

	if (text.length > TLSRPT_TEXT_MAX) {
		diag_error(sink, DIAG_WHOLE, NULL,
		    "a report of more than %zu octets", TLSRPT_TEXT_MAX);
		return false;
	}
	for (i = 0; i < text.length; i++) {
		const char c = text.at[i];

		if (c == '\0') {
			diag_error(sink, place_of(text, i),
			    "a report is UTF-8 text", "a NUL octet");
			return false;
		}
		if (c == '"')
			quoted = !quoted;
		if (quoted) {
			i += c == '\\';
			continue;
		}
		/* Some versions of json-c take them, strict or not. */
		if (c == '\'' || c == '/') {
			diag_error(sink, place_of(text, i), NULL,
			    "no JSON: %c outside a string", c);
			return false;
		}
		objects += c == '{';
		values += c == '{' || c == '[' || c == ',';
		if (objects > TLSRPT_OBJECTS_MAX ||
		    values > TLSRPT_VALUES_MAX) {
			diag_error(sink, place_of(text, i),
			    "no sender has that many to tell of",
			    "more than %d objects or %d values",
			    TLSRPT_OBJECTS_MAX, TLSRPT_VALUES_MAX);
			return false;
		}
	}
	return true;
}

static bool
is_report(struct json_object *object)
{
	char key[32];
	size_t i;

	for (i = 0; i < KEYS; i++) {
		const size_t length = strlen(keys[i]) - 2;

		memcpy(key, keys[i] + 1, length);
		key[length] = '\0';
		if (json_object_object_get_ex(object, key, NULL))
			return true;
	}
	return false;
}

/* What json-c has to say, in other words where they are clearer. */
static void
tell_syntax(struct text_span text, size_t offset, enum json_tokener_error error,
    struct diag_sink *sink)
{
	const struct diag_place place = place_of(text, offset);

	if (error == json_tokener_continue)
		diag_error(sink, place, "get the file again",
		    "the report ends too soon");
	else if (error == json_tokener_error_depth)
		diag_error(sink, place, NULL,
		    "nested more than %d deep; a report needs 6",
		    TLSRPT_DEPTH_MAX);
	else
		diag_error(sink, place, NULL, "no JSON: %s",
		    json_tokener_error_desc(error));
}

/*
 * Reads what begins at the offset, and moves it; false: there is no more, or it
 * is no report and neither will be what follows.
 */
static bool
read_next(struct json_tokener *tokener, struct text_span text, size_t *offset,
    struct tlsrpt_fields *fields)
{
	struct json_object *object;
	enum json_tokener_error error;
	bool report;
	struct text_span rest = tlsrpt_trim(
	    (struct text_span){ text.at + *offset, text.length - *offset });

	if (rest.length == 0)
		return false;
	*offset = (size_t)(rest.at - text.at);
	if (rest.at[0] != '{') {
		diag_error(fields->sink, place_of(text, *offset),
		    "a report begins with {", "no TLS report");
		return false;
	}
	json_tokener_reset(tokener);
	object = json_tokener_parse_ex(tokener, rest.at, (int)rest.length);
	error = json_tokener_get_error(tokener);
	if (error != json_tokener_success) {
		tell_syntax(text, *offset + json_tokener_get_parse_end(tokener),
		    error, fields->sink);
		return false;
	}
	*offset += json_tokener_get_parse_end(tokener);
	rest.length = json_tokener_get_parse_end(tokener);
	report = is_report(object);
	if (!report)
		diag_error(fields->sink,
		    place_of(text, (size_t)(rest.at - text.at)), NULL,
		    "JSON, and no TLS report: it has no organization-name, "
		    "no report-id and no policies");
	else
		tlsrpt_fields_read(fields, object, tlsrpt_trim(rest));
	(void)json_object_put(object);
	return report && !fields->out_of_memory;
}

bool
tlsrpt_read(struct tlsrpt *tlsrpt, struct text_span text, const char *domain,
    struct diag_sink *sink)
{
	struct tlsrpt_fields fields = {
		.tlsrpt = tlsrpt, .domain = domain, .sink = sink
	};
	struct json_tokener *tokener;
	struct text_span trimmed;
	size_t offset = 0;

	text = without_mark(text);
	trimmed = tlsrpt_trim(text);
	if (trimmed.length == 0) {
		diag_error(sink, DIAG_WHOLE, NULL, "there is nothing in it");
		return true;
	}
	text.length = (size_t)(trimmed.at + trimmed.length - text.at);
	if (!is_bounded(text, sink))
		return true;
	tokener = json_tokener_new_ex(TLSRPT_DEPTH_MAX);
	if (tokener == NULL)
		return false;
	json_tokener_set_flags(
	    tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
	while (read_next(tokener, text, &offset, &fields))
		;
	tlsrpt_fields_end(&fields);
	json_tokener_free(tokener);
	return !fields.out_of_memory;
}
