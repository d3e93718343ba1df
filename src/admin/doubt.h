/*
 * What is doubtful about a policy beyond its text being right: warnings that
 * the command gives and the responder does not heed.
 */
#ifndef MTASTS_DOUBT_H
#define MTASTS_DOUBT_H

#include "admin.h"
#include "report.h"
#include "since.h"
#include "source.h"

/* One run of check. */
struct doubt {
	const struct admin *admin;
	struct since since; /* read when it is needed first */
	bool asked, failed;
};

void doubt_init(struct doubt *doubt, const struct admin *admin);

/* False when the history could not be read, which has been told. */
bool doubt_end(struct doubt *doubt);

/* Which policy: a domain or shared name of a store, or else a path. */
struct doubt_subject {
	const struct store *store; /* NULL: name is a path */
	const char *name;
};

/*
 * Warns of a policy in testing for more than 30 days, by the history or else by
 * the date of its file, and of a max_age that is not the last field.
 */
void doubt_policy(struct doubt *doubt, const struct doubt_subject *subject,
    const struct policy *policy, const struct source *source,
    struct report *report);

#endif
