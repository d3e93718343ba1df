/*
 * The difference between two policies in words; see describe.h.
 */
#include "describe.h"

#include <string.h>

#include "change.h"
#include "id.h"

#define LINE_SIZE 1024

static bool
has_mx(const struct policy *policy, const char *name)
{
	size_t i;

	for (i = 0; i < policy->mx_count; i++)
		if (strcmp(policy_mx_name(policy, i), name) == 0)
			return true;
	return false;
}

/* The mx that one has and the other has not. */
static void
tell_mx(const struct admin *admin, const char *domain, const char *what,
    const struct policy *one, const struct policy *other)
{
	size_t i;

	for (i = 0; i < one->mx_count; i++)
		if (!has_mx(other, policy_mx_name(one, i)))
			admin_tell(admin, "%s: mx %s %s", domain,
			    policy_mx_name(one, i), what);
}

static bool
count_alias(void *context, const char *alias)
{
	size_t *count = context;

	(void)alias;
	(*count)++;
	return true;
}

/* Not for a list of domains: each time the whole directory is gone through. */
static void
tell_aliases(const struct admin *admin, const char *domain)
{
	size_t count = 0;

	if (admin->quiet || admin->dry_run || admin_is_many(admin) ||
	    !change_each_alias(admin, domain, count_alias, &count) ||
	    count == 0)
		return;
	admin_tell(admin,
	    "%s: and the records of its %zu alias%s: mta-sts list "
	    "--alias-of %s",
	    domain, count, count == 1 ? "" : "es", domain);
}

/* RFC 8461 section 8.1: first the policy, then the record. */
static void
tell_record(
    const struct admin *admin, const char *domain, const struct policy *policy)
{
	char id[RECORD_ID_SIZE], storage[LINE_SIZE];
	struct text record;

	if (admin->quiet || admin->dry_run)
		return;
	if (domain[0] != '_' && id_of_policy(admin, domain, policy, id)) {
		text_init(&record, storage, sizeof(storage));
		record_add_sts(&record, id);
		admin_tell(admin,
		    "%s: once every host serves this, publish: "
		    "_mta-sts.%s. TXT \"%s\"",
		    domain, domain, storage);
	}
}

void
describe_new(
    const struct admin *admin, const char *domain, const struct policy *policy)
{
	admin_tell(admin, "%s: %s mode %s, %zu mx, max_age %lu", domain,
	    admin->dry_run ? "would be added:" : "added:",
	    policy_mode_name(policy->mode), policy->mx_count,
	    (unsigned long)policy->max_age);
	tell_record(admin, domain, policy);
}

void
describe_change(const struct admin *admin, const char *domain,
    const struct policy *old, const struct policy *new)
{
	if (old->mode != new->mode)
		admin_tell(admin, "%s: mode %s, was %s", domain,
		    policy_mode_name(new->mode), policy_mode_name(old->mode));
	tell_mx(admin, domain, "added", new, old);
	tell_mx(admin, domain, "taken away", old, new);
	if (old->max_age != new->max_age)
		admin_tell(admin, "%s: max_age %lu, was %lu", domain,
		    (unsigned long)new->max_age, (unsigned long)old->max_age);
	tell_record(admin, domain, new);
	tell_aliases(admin, domain);
}
