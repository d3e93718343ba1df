/*
 * The part of test_text.c about UTF-8.
 */
#ifndef MTASTS_TEXT_UTF8_H
#define MTASTS_TEXT_UTF8_H

#include "unit.h"

#include "text.h"

/* RFC 3629, section 4, as it is written there. */
static size_t
utf8_by_the_abnf(const unsigned char *s, size_t length)
{
	static const struct {
		unsigned char first, last, second_first, second_last, length;
	} rows[] = { { 0x00, 0x7f, 0, 0, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 } };
	size_t i, tail;

	for (i = 0; i < UNIT_COUNT(rows); i++) {
		if (s[0] < rows[i].first || s[0] > rows[i].last)
			continue;
		if (rows[i].length > length)
			return 0;
		if (rows[i].length > 1 &&
		    (s[1] < rows[i].second_first || s[1] > rows[i].second_last))
			return 0;
		for (tail = 2; tail < rows[i].length; tail++)
			if (s[tail] < 0x80 || s[tail] > 0xbf)
				return 0;
		return rows[i].length;
	}
	return 0;
}

/* Every two bytes, with the bytes after them that make a difference. */
static void
test_utf8(void **state)
{
	static const unsigned char last[] = { 0x00, 0x7f, 0x80, 0xbf, 0xc0 };
	size_t a, b, c, d, length;

	(void)state;
	assert_int_equal(text_utf8_length((struct text_span){ "", 0 }), 0);
	for (a = 0; a < 256; a++)
		for (b = 0; b < 256; b++)
			for (c = 0; c < UNIT_COUNT(last); c++)
				for (d = 0; d < UNIT_COUNT(last) * 5; d++) {
					unsigned char s[4] = { (unsigned char)a,
						(unsigned char)b, last[c],
						last[d % 5] };

					length = 1 + d / 5 % 4;
					assert_int_equal(
					    text_utf8_length((struct text_span){
						(char *)s, length }),
					    utf8_by_the_abnf(s, length));
				}
}

#endif
