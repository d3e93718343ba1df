/*
 * What the verbs that look at other machines have in common: the options that
 * say whom to ask, whom to trust and how long to wait.
 */
#ifndef MTASTS_LOOK_H
#define MTASTS_LOOK_H

#include "admin.h"

struct examine_options;

/* Their rows in the table of a verb; jobs is the default, as text. */
#define LOOK_OPTIONS(jobs)                                                     \
	{ "resolver", "ADDR", "ask this one, ADDR or ADDR@PORT" },             \
	    { "trust-anchor", "FILE", "a DS or DNSKEY to trust" },             \
	    { "ca-file", "FILE", "the authorities to trust, as PEM" },         \
	    { "connect-to", "HOSTS",                                           \
		    "A:P:B:P: fetch the policy of A:P from B:P, as curl "      \
		    "does" },                                                  \
	    { "port", "PORT", "of HTTPS, instead of 443" },                    \
	    { "timeout", "TIME", "for each step (10s)" },                      \
	{                                                                      \
		"jobs", "N", "domains at the same time (" jobs ")"             \
	}

/*
 * Puts what was given of them over what stands there, and says on stderr what
 * is wrong with it. What no option names gets its default: the ports, the
 * time-out. Pre: jobs is set.
 */
enum admin_exit
look_options(const struct admin *admin, struct examine_options *options);

/*
 * Reads the number that an option has, from 1 to most, unless it is not given.
 * False for anything else.
 */
bool look_number(const struct admin *admin, const char *name, uint64_t most,
    unsigned *number);

#define LOOK_PORT_MAX 65535

#endif
