/*
 * All policies of the policy directory, in the order of their domains, each
 * read when its turn has come and forgotten after it.
 */
#ifndef MTASTS_WALK_H
#define MTASTS_WALK_H

#include "admin.h"
#include "names.h"

/* One policy, valid during the call that brings it. */
struct walk_policy {
	const char *domain;
	const struct policy *policy; /* NULL when it is broken */
	const char *error;           /* the first one, or NULL */
	bool is_alias;
	char
	    alias_of[STORE_STEM_SIZE]; /* "" when it is none, or of no policy */
};

struct walk {
	/* Called once before the first policy; may be NULL. */
	void (*prepare)(void *context, const struct names *names);
	void (*each)(void *context, const struct walk_policy *policy);
	void *context;
};

/*
 * Walks. Files whose name no request asks for are left out. ADMIN_FINDINGS,
 * with a message on stderr that counts them, when there are broken policies.
 * Pre: admin_open.
 */
enum admin_exit walk_policies(struct admin *admin, const struct walk *walk);

#endif
