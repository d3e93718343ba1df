/*
 * Text in bounded memory; see text.h.
 */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define QUOTED_MAX 60

void
text_init(struct text *text, char *storage, size_t size)
{
	text->bytes = storage;
	text->length = 0;
	text->size = size;
	text->overflow = false;
	storage[0] = '\0';
}

void
text_add(struct text *text, const char *bytes, size_t length)
{
	if (text->overflow || length >= text->size - text->length) {
		text->overflow = true;
		return;
	}
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

void
text_add_string(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

void
text_add_decimal(struct text *text, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	text_add(text, digits + at, sizeof(digits) - at);
}

void
text_add_format(struct text *text, const char *format, ...)
{
	size_t room = text->size - text->length;
	va_list arguments;
	int length;

	if (text->overflow)
		return;
	va_start(arguments, format);
	length = vsnprintf(text->bytes + text->length, room, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= room) {
		text->bytes[text->length] = '\0';
		text->overflow = true;
		return;
	}
	text->length += (size_t)length;
}

void
text_add_escaped(struct text *text, const char *bytes, size_t length)
{
	static const char hex[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < length; i++) {
		unsigned char c = (unsigned char)bytes[i];
		char escape[4] = { '\\', 'x', hex[c >> 4], hex[c & 15] };

		if (c >= 0x20 && c < 0x7f)
			text_add(text, bytes + i, 1);
		else
			text_add(text, escape, sizeof(escape));
	}
}

void
text_add_quoted(struct text *text, struct text_span span)
{
	bool whole = span.length <= QUOTED_MAX;

	text_add_string(text, "\"");
	text_add_escaped(text, span.at, whole ? span.length : QUOTED_MAX);
	text_add_string(text, whole ? "\"" : "...\"");
}

bool
text_is_ascii(struct text_span span)
{
	size_t i;

	for (i = 0; i < span.length; i++)
		if ((unsigned char)span.at[i] >= 0x80)
			return false;
	return true;
}

bool
text_equals(struct text_span span, const char *string)
{
	return strlen(string) == span.length &&
	       memcmp(span.at, string, span.length) == 0;
}

bool
text_equals_fold(struct text_span span, const char *string)
{
	size_t i;

	if (strlen(string) != span.length)
		return false;
	for (i = 0; i < span.length; i++)
		if (text_lower(span.at[i]) != text_lower(string[i]))
			return false;
	return true;
}

struct text_span
text_trim(struct text_span span)
{
	while (span.length > 0 && text_is_blank(span.at[0])) {
		span.at++;
		span.length--;
	}
	while (span.length > 0 && text_is_blank(span.at[span.length - 1]))
		span.length--;
	return span;
}

bool
text_decimal(struct text_span span, size_t max_digits, uint64_t *number)
{
	uint64_t value = 0;
	size_t i;

	if (span.length == 0 || span.length > max_digits)
		return false;
	for (i = 0; i < span.length; i++) {
		if (!text_is_digit(span.at[i]))
			return false;
		value = value * 10 + (uint64_t)(span.at[i] - '0');
	}
	*number = value;
	return true;
}

bool
text_duration(struct text_span span, uint64_t *seconds)
{
	static const struct {
		char name;
		uint64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 },
		{ 'w', 604800 }, { 'y', 31557600 } };
	uint64_t factor = 1;
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (span.length < 2 ||
		    span.at[span.length - 1] != units[i].name)
			continue;
		factor = units[i].seconds;
		span.length--;
		break;
	}
	if (!text_decimal(span, 10, seconds))
		return false;
	*seconds *= factor;
	return true;
}

size_t
text_utf8_length(struct text_span span)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)span.at;
	size_t length, i;
	uint32_t point;

	if (span.length == 0)
		return 0;
	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc0 || s[0] > 0xf7)
		return 0;
	length = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (length > span.length)
		return 0;
	point = s[0] & (0x7fU >> length);
	for (i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (s[i] & 0x3fU);
	}
	if (point < least[length] || point > 0x10ffff ||
	    (point >= 0xd800 && point <= 0xdfff))
		return 0;
	return length;
}

size_t
text_distance(struct text_span a, struct text_span b)
{
	size_t row[TEXT_DISTANCE_MAX + 1], i, j;

	if (a.length > TEXT_DISTANCE_MAX || b.length > TEXT_DISTANCE_MAX)
		return TEXT_DISTANCE_MAX;
	for (j = 0; j <= b.length; j++)
		row[j] = j;
	for (i = 1; i <= a.length; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (j = 1; j <= b.length; j++) {
			size_t above = row[j];
			size_t least = above < row[j - 1] ? above : row[j - 1];

			row[j] = diagonal + (a.at[i - 1] != b.at[j - 1]);
			if (least + 1 < row[j])
				row[j] = least + 1;
			diagonal = above;
		}
	}
	return row[b.length];
}

bool
text_is_near(struct text_span span, const char *name)
{
	struct text_span other = { name, strlen(name) };
	char lower[TEXT_DISTANCE_MAX] = { 0 };
	size_t i;

	if (span.length > sizeof(lower))
		return false;
	for (i = 0; i < span.length; i++)
		lower[i] = text_lower(span.at[i]);
	span.at = lower;
	return text_distance(span, other) <= (other.length <= 4 ? 1 : 2);
}
