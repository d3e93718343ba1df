/*
 * The verbs that give a name to a policy that is there: alias and rename.
 */
#include <string.h>
#include <time.h>

#include "change.h"
#include "history.h"
#include "human.h"

static struct source source;
static struct policy policy;
static char left_bytes[POLICY_SIZE_MAX + 1];

/* The file that a target is, or leads to; whether it is a good one. */
static enum admin_exit
find_target(struct admin *admin, const char *name, char target[STORE_STEM_SIZE])
{
	char id[RECORD_ID_SIZE];
	struct text text;

	text_init(&text, target, STORE_STEM_SIZE);
	switch (change_look(admin, name, target)) {
	case CHANGE_ABSENT:
		return admin_fail(ADMIN_FINDINGS,
		    "%s has no policy; to write one: mta-sts add %s", name,
		    name);
	case CHANGE_ALIAS:
		return change_read(admin, name, &source, &policy, id);
	default:
		text_add_string(&text, name);
		return change_read(admin, name, &source, &policy, id);
	}
}

static enum admin_exit
alias_names(struct admin *admin, const char *alias, const char *name)
{
	char target[STORE_STEM_SIZE], before[STORE_STEM_SIZE];
	enum admin_exit result = find_target(admin, name, target);
	enum change_kind kind = change_look(admin, alias, before);

	if (result != ADMIN_DONE)
		return result;
	if (strcmp(alias, target) == 0)
		return admin_fail(
		    ADMIN_FINDINGS, "%s cannot be an alias of itself", alias);
	if (kind == CHANGE_POLICY)
		return admin_fail(ADMIN_FINDINGS,
		    "%s has a policy of its own, which is not replaced; "
		    "mta-sts remove takes it away",
		    alias);
	if (kind == CHANGE_ALIAS && strcmp(before, target) == 0) {
		admin_tell(admin, "%s: an alias of %s already", alias, target);
		return ADMIN_DONE;
	}
	result = change_link(admin, alias, target);
	if (result != ADMIN_DONE)
		return result;
	admin_tell(admin, "%s: %s an alias of %s%s%s", alias,
	    admin->dry_run ? "would become" : "now", target,
	    before[0] != '\0' ? ", was one of " : "", before);
	if (!admin->dry_run)
		admin_tell(
		    admin, "%s: its records: mta-sts dns %s", alias, alias);
	return ADMIN_DONE;
}

/* Where the policy went by the history, if only mode none came after that. */
static void
follow(void *context, const struct history_entry *entry)
{
	struct history_entry *went = context;

	if (entry->renamed)
		*went = *entry;
	else if (!entry->removed && !entry->unknown &&
		 (entry->alias[0] != '\0' || entry->mode != POLICY_NONE))
		went->alias[0] = '\0';
}

/* A link that was left behind, other than what is to be its target. */
struct search {
	const char *new;
	bool found;
};

static bool
find_link(void *context, const char *alias)
{
	struct search *search = context;

	search->found = strcmp(alias, search->new) != 0;
	return !search->found;
}

/* By the history, or by links to what has gone, which would follow. */
static bool
was_renamed(const struct admin *admin, const char *old, const char *new,
    enum change_kind from)
{
	struct history_entry went = { .time = 0 };
	struct search search = { new, false };

	if (!history_each(admin, old, follow, &went, NULL))
		return false;
	if (strcmp(went.alias, new) == 0)
		return true;
	return from == CHANGE_ABSENT &&
	       change_each_alias(admin, old, find_link, &search) &&
	       search.found;
}

/* What stays at the old name, and until when; nothing if nobody holds it. */
static enum admin_exit
find_left(
    struct admin *admin, const char *old, struct text_span *left, time_t *until)
{
	const time_t now = time(NULL);
	char id[RECORD_ID_SIZE];
	bool readable, known;

	*left = (struct text_span){ "", 0 };
	readable = change_peek(admin, old, &source, &policy, id);
	if (!history_expiry(admin, old, id, now, until, &known))
		return ADMIN_SYSTEM;
	if (*until > now)
		*left = change_retired(readable ? &source : NULL, left_bytes);
	return ADMIN_DONE;
}

static void
tell_left(const struct admin *admin, const char *old, time_t until)
{
	char storage[32];
	struct text text;

	text_init(&text, storage, sizeof(storage));
	human_add_time(&text, until);
	admin_tell(admin,
	    "%s: senders may hold its policy until %s: one of mode none %s "
	    "there, which mta-sts remove takes away then",
	    old, storage, admin->dry_run ? "would stay" : "stays");
}

static enum admin_exit
rename_policy(struct admin *admin, const char *old, const char *new)
{
	struct text_span left;
	time_t until = 0;
	enum admin_exit result = find_left(admin, old, &left, &until);

	if (result == ADMIN_DONE)
		result = change_rename(admin, old, new, left);
	if (result != ADMIN_DONE)
		return result;
	admin_tell(admin, "%s: %s to %s; its records: mta-sts dns %s", old,
	    admin->dry_run ? "would be renamed" : "renamed", new, new);
	if (left.length > 0)
		tell_left(admin, old, until);
	return ADMIN_DONE;
}

/* The old name is that of nothing any more, or of what was left there. */
static enum admin_exit
rename_again(struct admin *admin, const char *old, const char *new,
    enum change_kind from)
{
	enum admin_exit result = ADMIN_DONE;

	if (from == CHANGE_ABSENT)
		result =
		    change_rename(admin, old, new, (struct text_span){ "", 0 });
	if (result == ADMIN_DONE)
		admin_tell(admin, "%s: renamed to %s already", old, new);
	return result;
}

static enum admin_exit
rename_names(struct admin *admin, const char *old, const char *new)
{
	char alias[STORE_STEM_SIZE], id[RECORD_ID_SIZE];
	enum change_kind from = change_look(admin, old, alias);
	enum change_kind to = change_look(admin, new, alias);
	bool gone = from == CHANGE_ABSENT ||
		    (change_peek(admin, old, &source, &policy, id) &&
			policy.mode == POLICY_NONE);

	if (strcmp(old, new) == 0 && from != CHANGE_ABSENT) {
		admin_tell(admin, "%s: it is called that already", old);
		return ADMIN_DONE;
	}
	if (from != CHANGE_ABSENT &&
	    (to == CHANGE_ABSENT || change_is_begun(admin, old, new)))
		return rename_policy(admin, old, new);
	if (to != CHANGE_ABSENT && gone && was_renamed(admin, old, new, from))
		return rename_again(admin, old, new, from);
	if (from == CHANGE_ABSENT)
		return admin_fail(
		    ADMIN_FINDINGS, "%s has no policy to rename", old);
	return admin_fail(ADMIN_FINDINGS,
	    "%s has a policy already, which is not replaced", new);
}

/* Both names read, the lock taken, and the work done. */
static enum admin_exit
with_names(struct admin *admin,
    bool (*second)(const char *operand, char name[HOSTNAME_SIZE]),
    enum admin_exit (*work)(struct admin *, const char *, const char *))
{
	char one[HOSTNAME_SIZE], other[HOSTNAME_SIZE];
	enum admin_exit result = admin_open(admin);

	if (result != ADMIN_DONE)
		return result;
	if (!admin_domain(admin->operands[0], one) ||
	    !second(admin->operands[1], other))
		return ADMIN_FINDINGS;
	result = change_begin(admin);
	if (result == ADMIN_DONE)
		result = work(admin, one, other);
	change_end();
	return result;
}

enum admin_exit
admin_alias(struct admin *admin)
{
	return with_names(admin, admin_name, alias_names);
}

enum admin_exit
admin_rename(struct admin *admin)
{
	return with_names(admin, admin_domain, rename_names);
}
