/*
 * Findings and their one written form; see diag.h.
 */
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

__attribute__((format(printf, 5, 0))) static void
diag_send(struct diag_sink *sink, enum diag_severity severity,
    struct diag_place place, const char *hint, const char *format,
    va_list arguments)
{
	struct diag diag;

	diag.severity = severity;
	diag.file = sink->file;
	diag.place = place;
	(void)vsnprintf(diag.message, sizeof(diag.message), format, arguments);
	(void)snprintf(diag.hint, sizeof(diag.hint), "%s", hint ? hint : "");
	if (severity == DIAG_ERROR)
		sink->errors++;
	else
		sink->warnings++;
	sink->take(sink->context, &diag);
}

void
diag_error(struct diag_sink *sink, struct diag_place place, const char *hint,
    const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	diag_send(sink, DIAG_ERROR, place, hint, format, arguments);
	va_end(arguments);
}

void
diag_warning(struct diag_sink *sink, struct diag_place place, const char *hint,
    const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	diag_send(sink, DIAG_WARNING, place, hint, format, arguments);
	va_end(arguments);
}

static void
add_escaped(struct text *text, const char *string)
{
	text_add_escaped(text, string, strlen(string));
}

void
diag_format(const struct diag *diag, struct text *text)
{
	add_escaped(text, diag->file);
	if (diag->place.line != 0)
		text_add_format(text, ":%u", diag->place.line);
	if (diag->place.column != 0)
		text_add_format(text, ":%u", diag->place.column);
	text_add_string(
	    text, diag->severity == DIAG_ERROR ? ": error: " : ": warning: ");
	add_escaped(text, diag->message);
	if (diag->hint[0] == '\0')
		return;
	text_add_string(text, "; ");
	add_escaped(text, diag->hint);
}
