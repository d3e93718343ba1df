/*
 * Where a domain stands on its way to being protected.
 */
#include "judge_part.h"

#define DAY 86400

static void
send_none(struct judging *judging)
{
	const char *domain = judging->facts->domain;
	struct judge_finding finding;

	judge_begin(&finding, JUDGE_MODE_NONE);
	judge_what(&finding, "the policy is in mode none: MTA-STS is off");
	judge_mend(&finding, "To have it on:");
	judge_paste_change(
	    judging, &finding, "--mode testing", "mode: testing");
	if (judging->facts->local.known) {
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

	if (facts->local.testing_since == 0 ||
	    judging->count[JUDGE_ERROR] > 0 ||
	    judging->count[JUDGE_WARNING] > 0 ||
	    tested < (time_t)judging->judge->ready_after)
		return;
	judge_begin(&finding, JUDGE_READY);
	judge_what(&finding,
	    "ready for enforce: in testing for %lld days, and nothing is wrong",
	    (long long)(tested / DAY));
	judge_mend(&finding, "If the TLS reports are clean, too:");
	judge_paste(&finding, "mta-sts set %s --mode enforce", facts->domain);
	judge_paste(&finding, "mta-sts dns %s", facts->domain);
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
