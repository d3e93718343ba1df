/*
 * The verbs that give a name to a policy that is there: alias and rename.
 */
#include <string.h>

#include "change.h"

static struct source source;
static struct policy policy;

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

static enum admin_exit
rename_names(struct admin *admin, const char *old, const char *new)
{
	char alias[STORE_STEM_SIZE];
	enum change_kind from = change_look(admin, old, alias);
	enum change_kind to = change_look(admin, new, alias);
	enum admin_exit result;

	if (from == CHANGE_ABSENT && to == CHANGE_ABSENT)
		return admin_fail(
		    ADMIN_FINDINGS, "%s has no policy to rename", old);
	if (strcmp(old, new) == 0) {
		admin_tell(admin, "%s: it is called that already", old);
		return ADMIN_DONE;
	}
	if (from != CHANGE_ABSENT && to != CHANGE_ABSENT &&
	    !change_is_begun(admin, old, new))
		return admin_fail(ADMIN_FINDINGS,
		    "%s has a policy already, which is not replaced", new);
	result = change_rename(admin, old, new);
	if (result != ADMIN_DONE)
		return result;
	if (from == CHANGE_ABSENT)
		admin_tell(admin, "%s: renamed to %s already", old, new);
	else
		admin_tell(admin, "%s: %s to %s; its records: mta-sts dns %s",
		    old, admin->dry_run ? "would be renamed" : "renamed", new,
		    new);
	return ADMIN_DONE;
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
