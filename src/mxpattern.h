/*
 * The value of an mx field: a host name, or "*." and a host name (RFC 8461
 * section 3.2). Says what is wrong with one and how to mend it. Which MX a
 * pattern matches is for whoever looks at the DNS.
 */
#ifndef MTASTS_MXPATTERN_H
#define MTASTS_MXPATTERN_H

#include "text.h"

struct mxpattern_fault {
	const char *message; /* constant; what is wrong */
	const char *hint;    /* constant; what to write instead */
	size_t at;           /* offset of the first byte to blame */
};

/* Whether the span, which is not empty, is an mx pattern; else why not. */
bool mxpattern_check(struct text_span pattern, struct mxpattern_fault *fault);

/*
 * Whether the pattern reaches wider than one organisation's hosts: a single
 * label, or "*." and a single label. Grammatical, and hardly ever meant.
 * Pre: mxpattern_check accepted it.
 */
bool mxpattern_is_wide(struct text_span pattern);

#endif
