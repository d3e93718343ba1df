/*
 * The value of an mx field; see mxpattern.h. Most of it knows what people
 * write instead of a host name, so that the message can say what they meant.
 */
#include "mxpattern.h"

#include <string.h>

#include "hostname.h"

#define LABEL_MAX 63
#define HINT_NAME "write the host name alone, such as mx1.example.com"

static bool
contains(struct text_span span, const char *string, size_t *at)
{
	const char *found =
	    memmem(span.at, span.length, string, strlen(string));

	if (found != NULL)
		*at = (size_t)(found - span.at);
	return found != NULL;
}

/* Two names or a name and something else, told by the byte between them. */
static bool
compound_fault(struct text_span pattern, struct mxpattern_fault *fault)
{
	static const struct {
		const char *mark, *message, *hint;
	} compounds[] = {
		{ "://", "an mx is no URL", HINT_NAME },
		{ ",", "an mx line takes one name, not a list",
		    "write an mx line for each" },
		{ ";", "an mx line takes one name, not a list",
		    "write an mx line for each" },
		{ " ", "an mx is one name, without blanks in it",
		    "write the host name alone, without a preference, and "
		    "an mx line for each" },
		{ "\t", "an mx is one name, without blanks in it",
		    "write the host name alone, without a preference, and "
		    "an mx line for each" },
		{ "@", "an mx is no mail address", HINT_NAME },
		{ "[", "an mx is no address literal", HINT_NAME },
		{ ":", "an mx takes no port and is no IP address", HINT_NAME },
		{ "/", "an mx takes no path", HINT_NAME },
	};
	size_t i;

	for (i = 0; i < sizeof(compounds) / sizeof(compounds[0]); i++) {
		if (!contains(pattern, compounds[i].mark, &fault->at))
			continue;
		fault->message = compounds[i].message;
		fault->hint = compounds[i].hint;
		return true;
	}
	return false;
}

static bool
wildcard_fault(struct text_span name, struct mxpattern_fault *fault)
{
	if (name.at[0] == '.') {
		fault->at = 0;
		fault->message = "an mx does not begin with a dot";
		fault->hint = "write *.example.com for the hosts one label "
			      "below example.com";
		return true;
	}
	if (!contains(name, "*", &fault->at))
		return false;
	fault->message = "the wildcard is *. at the beginning and nowhere else";
	fault->hint = "write *.example.com, or an mx line for each host";
	return true;
}

static const char *
hostname_hint(struct text_span name, size_t at, size_t octets_left)
{
	if ((unsigned char)name.at[at] >= 0x80)
		return "write the A-label (xn--...) that the DNS has";
	if (name.at[at] == '_')
		return "write the host name of the MX record's target, which "
		       "has letters, digits and hyphens only";
	if (octets_left == 1 && name.at[at] == '.')
		return "leave the final dot out";
	if (octets_left > LABEL_MAX)
		return "write the name as the DNS has it";
	return HINT_NAME;
}

bool
mxpattern_check(struct text_span pattern, struct mxpattern_fault *fault)
{
	struct text_span name = pattern;
	size_t skipped = 0;

	if (name.length > 2 && memcmp(name.at, "*.", 2) == 0)
		skipped = 2;
	name.at += skipped;
	name.length -= skipped;
	fault->message = hostname_fault(name, &fault->at);
	if (fault->message == NULL && name.length > HOSTNAME_MAX - skipped)
		fault->message = "longer than any name that it matches";
	if (fault->message == NULL)
		return true;
	/* No host name: is it something else that we have better words for? */
	if (compound_fault(pattern, fault))
		return false;
	if (!wildcard_fault(name, fault))
		fault->hint =
		    hostname_hint(name, fault->at, name.length - fault->at);
	fault->at += skipped;
	return false;
}

bool
mxpattern_is_wide(struct text_span pattern)
{
	if (pattern.length > 2 && pattern.at[0] == '*') {
		pattern.at += 2;
		pattern.length -= 2;
	}
	return memchr(pattern.at, '.', pattern.length) == NULL;
}
