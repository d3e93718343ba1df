/*
 * The look-up that the responder does; see source.h.
 */
#include "source.h"

#include <stdlib.h>

#include "store.h"

static struct store store;
static struct policy policy;

static enum responder_found
find_policy(void *context, const char *domain, const struct policy **found)
{
	static const enum responder_found results[] = {
		[SAFEFILE_OK] = RESPONDER_FOUND,
		[SAFEFILE_ABSENT] = RESPONDER_ABSENT,
		[SAFEFILE_REFUSED] = RESPONDER_REFUSED,
		[SAFEFILE_UNAVAILABLE] = RESPONDER_UNAVAILABLE,
	};

	*found = &policy;
	return results[store_policy(&store, domain, &policy, context)];
}

static void
ignore_finding(void *context, const struct diag *diag)
{
	(void)context;
	(void)diag;
}

static struct diag_sink sink = { .take = ignore_finding };
const struct responder_source rival_source = { find_policy, &sink };

bool
rival_open(const char *directory, const char *owner)
{
	return store_open(&store, directory, (uid_t)atoi(owner),
	    POLICY_UNKNOWN_REFUSE, &sink);
}
