/*
 * Text in bounded memory: an append buffer over the caller's storage, and the
 * few ASCII and UTF-8 helpers that all parsers here share. No locale, no
 * allocation, no I/O. What the text means is for others.
 */
#ifndef MTASTS_TEXT_H
#define MTASTS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An append buffer. bytes is always a C string of length bytes. Once something
 * did not fit, overflow is set and stays set, and nothing more is added.
 */
struct text {
	char *bytes;
	size_t length;
	size_t size; /* of the storage, the final NUL included */
	bool overflow;
};

/* Some bytes of somebody else's memory; not NUL-terminated. */
struct text_span {
	const char *at;
	size_t length;
};

/* Makes an empty text of the caller's storage; size is at least 1. */
void text_init(struct text *text, char *storage, size_t size);

/* Each appends all of what it is given, or nothing and sets overflow. */
void text_add(struct text *text, const char *bytes, size_t length);
void text_add_string(struct text *text, const char *string);
void text_add_decimal(struct text *text, uint64_t number);
void text_add_format(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Appends bytes so that they can stand in a log or on a terminal: printable
 * ASCII as it is, everything else as \xNN. Doing so twice changes nothing.
 */
void text_add_escaped(struct text *text, const char *bytes, size_t length);

/* The same between double quotes; only the first 60 bytes, then "...". */
void text_add_quoted(struct text *text, struct text_span span);

/*
 * ASCII alone, whatever the locale. Blank is space and tab. They are here for
 * their speed: every octet of a policy goes through them, at every request.
 */
static inline bool
text_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline char
text_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool
text_is_letter(char c)
{
	return text_lower(c) >= 'a' && text_lower(c) <= 'z';
}

static inline bool
text_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline bool
text_is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* The ending of a noun behind a number, for messages: "" for one, else "s". */
static inline const char *
text_plural(uint64_t number)
{
	return number == 1 ? "" : "s";
}

/* Whether no octet is above 127. */
bool text_is_ascii(struct text_span span);

/* Whether a span is exactly this string. */
bool text_equals(struct text_span span, const char *string);

/* The same, upper and lower case ASCII letters being alike. */
bool text_equals_fold(struct text_span span, const char *string);

/* The span without the blanks at its beginning and end. */
struct text_span text_trim(struct text_span span);

/*
 * Reads 1 to max_digits digits and nothing else; max_digits is at most 18.
 * False, and *number untouched, for anything else.
 */
bool text_decimal(struct text_span span, size_t max_digits, uint64_t *number);

/*
 * Reads a duration: 1 to 10 digits and one of s m h d w y, or no unit for
 * seconds. A year is 365.25 days, which is the longest max_age of RFC 8461
 * section 3.2. False, and *seconds untouched, for anything else.
 */
bool text_duration(struct text_span span, uint64_t *seconds);

/*
 * The length in bytes, 1 to 4, of the UTF-8 sequence that the span begins with
 * (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF); 0 when it
 * begins with none.
 */
size_t text_utf8_length(struct text_span span);

/*
 * How many letters must be added, dropped or changed to make one of the other
 * (Levenshtein). Pre: both at most TEXT_DISTANCE_MAX long; more answers that.
 */
#define TEXT_DISTANCE_MAX 32
size_t text_distance(struct text_span a, struct text_span b);

/*
 * Whether the span is that name but for case and a slip of the finger: one
 * letter in a short name, two in a long one.
 */
bool text_is_near(struct text_span span, const char *name);

#endif
