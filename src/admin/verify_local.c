/*
 * A domain's policy on this machine; see verify.h. Says nothing of what is
 * wrong with it: check does.
 */
#include <string.h>
#include <unistd.h>

#include "id.h"
#include "verify.h"

static void
pass_over(void *context, const struct diag *diag)
{
	(void)context;
	(void)diag;
}

/* Without the history, which not everybody may read, the file's date will do.
 */
static time_t
testing_since(struct verify_local *local, const char *domain)
{
	const struct admin *admin = local->admin;
	time_t begun = 0;

	if (!local->asked && access(admin->settings.state, R_OK | X_OK) == 0)
		(void)since_read(&local->since, admin);
	local->asked = true;
	if (!since_testing(&local->since, domain, &begun) &&
	    !store_changed(&admin->store, domain, &begun))
		return 0;
	return begun;
}

static bool
keep_text(struct facts_local *local, const struct policy *policy)
{
	static char storage[POLICY_SIZE_MAX + 1];
	struct text text;

	text_init(&text, storage, sizeof(storage));
	policy_render(policy, &text);
	local->length = text.length;
	local->text = strdup(storage);
	return local->text != NULL;
}

bool
verify_local(struct verify_local *local, struct facts *facts)
{
	static struct policy policy;
	struct diag_sink sink = { .take = pass_over, .file = "" };
	struct facts_local *found = &facts->local;
	char target[STORE_STEM_SIZE];

	if (local->admin->store.directory < 0)
		return true;
	switch (
	    store_policy(&local->admin->store, facts->domain, &policy, &sink)) {
	case SAFEFILE_OK:
		break;
	case SAFEFILE_REFUSED:
		found->broken = true;
		return true;
	case SAFEFILE_ABSENT:
	case SAFEFILE_UNAVAILABLE:
		return true;
	}
	if (!id_of_policy(local->admin, facts->domain, &policy, found->id))
		return true;
	if (store_alias(&local->admin->store, facts->domain, target))
		facts_cut(
		    found->alias, sizeof(found->alias), target, strlen(target));
	if (policy.mode == POLICY_TESTING)
		found->testing_since = testing_since(local, facts->domain);
	found->known = keep_text(found, &policy);
	return found->known;
}

void
verify_local_end(struct verify_local *local)
{
	since_free(&local->since);
}
