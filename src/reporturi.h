/*
 * The address that TLS reports go to: a mailto or https URI, written so that it
 * can stand in a TXT record (RFC 8460 section 3). Says what is wrong with one.
 * Whether anybody reads there is for others.
 */
#ifndef MTASTS_REPORTURI_H
#define MTASTS_REPORTURI_H

#include <stdbool.h>

struct reporturi_fault {
	const char *message; /* constant; what is wrong */
	const char *hint;    /* constant; what to write instead */
};

/* Whether the string is such a URI, of any length; else why not. */
bool reporturi_check(const char *uri, struct reporturi_fault *fault);

#endif
