/*
 * Where a domain stands on its way to being protected.
 */
#include "judge_part.h"

#define DAY            86400
#define ARGUMENTS_SIZE 640

/* Any other mode needs them; those that do not fit come with the next look. */
static void
add_hosts(const struct judging *judging, struct text *arguments)
{
	const struct facts *facts = judging->facts;
	size_t i;

	for (i = 0; i < judge_mx_kept(facts); i++) {
		const char *name = facts->mx[i].name;

		if (judge_is_host(name))
			text_add_format(arguments, " --add-mx %s", name);
	}
}

static void
paste_hosts(const struct judging *judging, struct judge_finding *finding)
{
	const struct facts *facts = judging->facts;
	size_t i;

	for (i = 0; i < judge_mx_kept(facts); i++)
		if (judge_is_host(facts->mx[i].name))
			judge_paste(finding, "mx: %s", facts->mx[i].name);
}

static void
send_none(struct judging *judging)
{
	const char *domain = judging->facts->domain;
	const struct facts_local *local = &judging->facts->local;
	const bool bare = judging->policy->mx_count == 0;
	char storage[ARGUMENTS_SIZE];
	struct judge_finding finding;
	struct text arguments;

	text_init(&arguments, storage, sizeof(storage));
	text_add_string(&arguments, "--mode testing");
	if (bare)
		add_hosts(judging, &arguments);
	judge_begin(&finding, JUDGE_MODE_NONE);
	judge_what(&finding, "the policy is in mode none: MTA-STS is off");
	judge_mend(&finding, "To have it on%s:",
	    bare ? ", with an mx for each MX of the domain" : "");
	judge_paste_change(judging, &finding, storage, "mode: testing");
	if (bare && !local->known && !local->broken)
		paste_hosts(judging, &finding);
	if (local->known) {
		judge_mend(&finding, "To take it away, once no sender holds an "
				     "older one:");
		judge_paste(&finding, "mta-sts remove %s", domain);
	}
	judge_send(judging, &finding);
}

static void
send_ready(struct judging *judging)
{
	const struct facts *facts = judging->facts;
	const time_t tested = facts->looked - facts->local.testing_since;
	struct judge_finding finding;

	/* Of mail hosts that nobody looked at, none may pass. */
	if (!judging->judge->mx || facts->mx_count > FACTS_MX_MAX ||
	    facts->local.testing_since == 0 ||
	    judging->count[JUDGE_ERROR] > 0 ||
	    judging->count[JUDGE_WARNING] > 0 ||
	    tested < (time_t)judging->judge->ready_after)
		return;
	judge_begin(&finding, JUDGE_READY);
	judge_what(&finding,
	    "ready for enforce: in testing for %lld days, and nothing is wrong",
	    (long long)(tested / DAY));
	judge_mend(&finding, "If the TLS reports are clean, too:");
	judge_paste_set(judging, &finding, "--mode enforce");
	judge_send(judging, &finding);
}

void
judge_state(struct judging *judging)
{
	if (!judging->served)
		return;
	if (judging->policy->mode == POLICY_NONE)
		send_none(judging);
	else if (judging->policy->mode == POLICY_TESTING)
		send_ready(judging);
}
