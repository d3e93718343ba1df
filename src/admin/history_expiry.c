/*
 * Until when senders may hold a policy: one pass over a domain's history, and
 * one more over its target's for each time that it was an alias.
 */
#include "history.h"

#include <string.h>

/* An alias leads to a file. Deeper is a history that somebody made up. */
#define DEPTH_MAX 4

/* Of what one name served from first to last. */
struct expiry {
	const struct admin *admin;
	time_t first, last;
	struct history_entry entry; /* the one read before */
	bool any;
	bool readable;
	bool whole;
	unsigned depth;
	/* The results. */
	time_t time;
	bool known;
	char id[RECORD_ID_SIZE]; /* of the policy served at last */
};

static void
extend(struct expiry *expiry, time_t served_until, time_t max_age, bool known)
{
	if (served_until + max_age <= expiry->time)
		return;
	expiry->time = served_until + max_age;
	expiry->known = known;
}

static void expiry_of(struct expiry *expiry, const char *domain);

/* What an alias served is what its target served meanwhile. */
static void
add_target(struct expiry *expiry, time_t from, time_t until)
{
	struct expiry target = { .admin = expiry->admin,
		.first = from,
		.last = until,
		.readable = true,
		.depth = expiry->depth + 1,
		.known = true };

	expiry_of(&target, expiry->entry.alias);
	expiry->readable = expiry->readable && target.readable;
	extend(expiry, target.time, 0, target.known);
	memcpy(expiry->id, target.id, sizeof(expiry->id));
}

/*
 * Accounts for the entry read before, which was in force until then; or for
 * whatever was, when somebody found that it was something else.
 */
static void
close_entry(struct expiry *expiry, time_t until, bool doubtful)
{
	const struct history_entry *entry = &expiry->entry;
	time_t from = entry->time;

	if (!expiry->any)
		return;
	/* A clock that was set back does not shorten anything. */
	if (until < from)
		until = from;
	if (expiry->depth > 0) {
		if (until < expiry->first || from > expiry->last)
			return;
		if (from < expiry->first)
			from = expiry->first;
		if (until > expiry->last)
			until = expiry->last;
	}
	expiry->id[0] = '\0';
	if (entry->unknown || doubtful)
		extend(expiry, until, POLICY_MAX_AGE_MAX, false);
	else if (entry->alias[0] != '\0')
		add_target(expiry, from, until);
	else if (!entry->removed) {
		memcpy(expiry->id, entry->id, sizeof(expiry->id));
		if (entry->mode != POLICY_NONE)
			extend(expiry, until, (time_t)entry->max_age, true);
	}
}

static void
take_entry(void *context, const struct history_entry *entry)
{
	struct expiry *expiry = context;

	/* Nobody wrote down what an alias's target served before this. */
	if (!expiry->any && expiry->depth > 0 && entry->time > expiry->first)
		extend(expiry,
		    entry->time < expiry->last ? entry->time : expiry->last,
		    POLICY_MAX_AGE_MAX, false);
	close_entry(expiry, entry->time, entry->unknown);
	expiry->entry = *entry;
	expiry->any = true;
}

static void
expiry_of(struct expiry *expiry, const char *domain)
{
	if (expiry->depth <= DEPTH_MAX &&
	    !history_each(
		expiry->admin, domain, take_entry, expiry, &expiry->whole))
		expiry->readable = false;
	if (expiry->any)
		close_entry(expiry, expiry->last, false);
	else
		extend(expiry, expiry->last, POLICY_MAX_AGE_MAX, false);
}

bool
history_expiry(const struct admin *admin, const char *domain,
    const char *current_id, time_t now, time_t *expiry, bool *known)
{
	struct expiry all = { .admin = admin,
		.last = now,
		.readable = true,
		.whole = true,
		.known = true };

	expiry_of(&all, domain);
	if (strcmp(all.id, current_id) != 0)
		extend(&all, now, POLICY_MAX_AGE_MAX, false);
	*expiry = all.time;
	*known = all.known && all.whole;
	return all.readable;
}
