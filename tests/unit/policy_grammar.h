/*
 * The grammar of RFC 8461 section 3.2 once more, for test_policy.c: shares no
 * code with what it is to judge.
 */
#ifndef MTASTS_POLICY_GRAMMAR_H
#define MTASTS_POLICY_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What is left to match. Each function takes what it matches off the front. */
struct input {
	const unsigned char *at, *end;
};

static inline bool
take(struct input *in, const char *string)
{
	size_t length = strlen(string);

	if ((size_t)(in->end - in->at) < length ||
	    memcmp(in->at, string, length) != 0)
		return false;
	in->at += length;
	return true;
}

/* 1*most of the ASCII characters given. */
static inline bool
take_many(struct input *in, const char *of, size_t most)
{
	size_t n = 0;

	while (n < most && in->at < in->end && *in->at != '\0' &&
	       strchr(of, *in->at) != NULL) {
		in->at++;
		n++;
	}
	return n > 0;
}

#define DIGITS "0123456789"
#define ALNUM  DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Domain of RFC 5321 section 4.1.2. */
static inline bool
take_domain(struct input *in)
{
	do {
		if (!take_many(in, ALNUM, 1))
			return false;
		while (take_many(in, ALNUM "-", SIZE_MAX))
			if (in->at[-1] == '-')
				return false;
	} while (take(in, "."));
	return true;
}

/* sts-policy-vchar, UTF8-2 to UTF8-4 being those of RFC 3629 section 4. */
static inline bool
take_vchar(struct input *in)
{
	const unsigned char *s = in->at;
	size_t left = (size_t)(in->end - s), n, i;

	if (left == 0)
		return false;
	n = s[0] >= 0x21 && s[0] <= 0x7e   ? 1
	    : s[0] >= 0xc2 && s[0] <= 0xdf ? 2
	    : s[0] >= 0xe0 && s[0] <= 0xef ? 3
	    : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
					   : 0;
	if (n == 0 || n > left || (s[0] == 0xe0 && s[1] < 0xa0) ||
	    (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return false;
	for (i = 1; i < n; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return false;
	in->at += n;
	return true;
}

static inline bool
take_extension(struct input *in)
{
	if (!take_many(in, ALNUM, 1))
		return false;
	(void)take_many(in, ALNUM "_-.", 31);
	if (!take(in, ": ") || !take_vchar(in))
		return false;
	while (in->at < in->end && *in->at != '\r') {
		while (take(in, " "))
			;
		if (!take_vchar(in))
			return false;
	}
	return true;
}

/*
 * A rendering: in the grammar, one space after the colon, CRLF after every
 * line, the fields in their order, the required ones once.
 */
static inline bool
is_canonical(const char *bytes, size_t length)
{
	struct input in = { (const unsigned char *)bytes,
		(const unsigned char *)bytes + length };
	bool none, mx = false;

	if (!take(&in, "version: STSv1\r\nmode: "))
		return false;
	none = take(&in, "none");
	if (!none && !take(&in, "testing") && !take(&in, "enforce"))
		return false;
	if (!take(&in, "\r\n"))
		return false;
	for (; take(&in, "mx: "); mx = true) {
		(void)take(&in, "*.");
		if (!take_domain(&in) || !take(&in, "\r\n"))
			return false;
	}
	if (!none && !mx)
		return false;
	if (!take(&in, "max_age: ") || !take_many(&in, DIGITS, 10) ||
	    !take(&in, "\r\n"))
		return false;
	while (in.at < in.end) {
		if (take(&in, "version:") || take(&in, "mode:") ||
		    take(&in, "mx:") || take(&in, "max_age:"))
			return false;
		if (!take_extension(&in) || !take(&in, "\r\n"))
			return false;
	}
	return length <= POLICY_SIZE_MAX;
}

#endif
