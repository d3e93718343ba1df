/*
 * What has been seen of a domain, judged and put into a row; see survey.h.
 */
#include <string.h>

#include "human.h"
#include "survey.h"

#define DAY         86400
#define EXPIRY_SOON (14 * DAY) /* as verify has it */

/* What judge has sent of one domain. */
struct judged {
	struct survey_row *row;
	bool missing;
	size_t errors; /* that keep a policy from a sender */
};

const char *
survey_status_name(size_t status)
{
	static const char *const names[SURVEY_STATUSES] = {
		[SURVEY_ENFORCE] = "enforce",
		[SURVEY_TESTING] = "testing",
		[SURVEY_NONE] = "none",
		[SURVEY_BROKEN] = "broken",
		[SURVEY_ABSENT] = "absent",
		[SURVEY_GONE] = "gone",
		[SURVEY_UNKNOWN] = "unknown",
	};

	return status < SURVEY_STATUSES ? names[status] : NULL;
}

const char *
survey_tlsrpt_name(size_t tlsrpt)
{
	static const char *const names[SURVEY_TLSRPTS] = {
		[SURVEY_REPORTS] = "yes",
		[SURVEY_REPORTS_BROKEN] = "broken",
		[SURVEY_NO_REPORTS] = "no",
		[SURVEY_REPORTS_UNKNOWN] = "unknown",
	};

	return tlsrpt < SURVEY_TLSRPTS ? names[tlsrpt] : NULL;
}

bool
survey_read(
    const char *word, const char *(*name_of)(size_t value), size_t *value)
{
	for (*value = 0; name_of(*value) != NULL; ++*value)
		if (strcmp(word, name_of(*value)) == 0)
			return true;
	return false;
}

static bool
has_code(const char *codes, const char *code)
{
	const size_t length = strlen(code);

	for (; *codes != '\0'; codes += strspn(codes, " ")) {
		const size_t word = strcspn(codes, " ");

		if (word == length && memcmp(codes, code, length) == 0)
			return true;
		codes += word;
	}
	return false;
}

static void
add_code(char codes[SURVEY_CODES_SIZE], const char *code)
{
	struct text text = { codes, strlen(codes), SURVEY_CODES_SIZE, false };

	if (!has_code(codes, code))
		text_add_format(
		    &text, "%s%s", text.length > 0 ? " " : "", code);
}

static void
say(struct survey_row *row, const char *what)
{
	struct text text;

	text_init(&text, row->what, sizeof(row->what));
	text_add_string(&text, what);
}

static void
take(void *context, const struct judge_finding *finding)
{
	struct judged *judged = context;
	struct survey_row *row = judged->row;

	if (finding->severity == JUDGE_ERROR) {
		if (row->errors[0] == '\0')
			say(row, finding->what);
		add_code(row->errors, finding->code);
	} else if (finding->severity == JUDGE_WARNING) {
		if (row->errors[0] == '\0' && row->warnings[0] == '\0')
			say(row, finding->what);
		add_code(row->warnings, finding->code);
	}
	if (strcmp(finding->code, "domain-missing") == 0)
		judged->missing = true;
	/* Of these two the facts say more. */
	if (finding->severity == JUDGE_ERROR &&
	    strcmp(finding->code, "dns-failed") != 0 &&
	    strcmp(finding->code, "dns-bogus") != 0)
		judged->errors++;
}

static bool
is_unanswered(const struct facts_answer *answer)
{
	return answer->dns == FACTS_DNS_FAILED ||
	       answer->dns == FACTS_DNS_UNASKED;
}

/*
 * A record that is forged hides whether there is one at all, unless there is a
 * policy that tells.
 */
static enum survey_status
status_of(const struct judged *judged, enum judge_verdict verdict,
    const struct facts *facts, const struct policy *policy)
{
	static const enum survey_status modes[] = {
		[POLICY_ENFORCE] = SURVEY_ENFORCE,
		[POLICY_TESTING] = SURVEY_TESTING,
		[POLICY_NONE] = SURVEY_NONE,
	};

	if (judged->missing)
		return SURVEY_GONE;
	if (verdict == JUDGE_NOTHING)
		return SURVEY_ABSENT;
	if (is_unanswered(&facts->sts.answer))
		return SURVEY_UNKNOWN;
	if (facts->sts.answer.dns == FACTS_DNS_BOGUS)
		return policy != NULL ? SURVEY_BROKEN : SURVEY_UNKNOWN;
	if (judged->errors > 0)
		return SURVEY_BROKEN;
	if (policy != NULL)
		return modes[policy->mode];
	return facts->host4.dns == FACTS_DNS_BOGUS ||
		       facts->host6.dns == FACTS_DNS_BOGUS
		   ? SURVEY_BROKEN
		   : SURVEY_UNKNOWN;
}

/* Takes what is to be said of the record about reports, and nothing else. */
static void
take_tlsrpt(void *context, const struct judge_finding *finding)
{
	struct judged *judged = context;
	enum survey_tlsrpt *tlsrpt = &judged->row->tlsrpt;

	if (strcmp(finding->code, "tlsrpt-missing") == 0)
		*tlsrpt = SURVEY_NO_REPORTS;
	else if (strncmp(finding->code, "tlsrpt-", strlen("tlsrpt-")) == 0)
		*tlsrpt = SURVEY_REPORTS_BROKEN;
	else
		return;
	take(context, finding);
}

/*
 * judge passes over that record where there is no MTA-STS, or no longer; so it
 * gets facts in which there is nothing else but that MTA-STS is wanted.
 */
static void
judge_tlsrpt_alone(
    struct judged *judged, const struct facts *facts, struct policy *scratch)
{
	static struct facts alone;
	const struct judge judge = { .take = take_tlsrpt, .context = judged };
	bool served;

	judged->row->tlsrpt = SURVEY_REPORTS_UNKNOWN;
	if (is_unanswered(&facts->tlsrpt.answer) ||
	    facts->tlsrpt.answer.dns == FACTS_DNS_BOGUS)
		return;
	judged->row->tlsrpt = SURVEY_REPORTS;
	memcpy(alone.domain, facts->domain, sizeof(alone.domain));
	alone.looked = facts->looked;
	alone.tlsrpt = facts->tlsrpt;
	alone.local.broken = true;
	(void)judge_facts(&judge, &alone, scratch, &served);
}

void
survey_row(struct survey_row *row, const struct facts *facts)
{
	static struct policy policy, scratch;
	struct judged judged = { .row = row };
	const struct judge judge = {
		.take = take, .context = &judged, .expiry_soon = EXPIRY_SOON
	};
	enum judge_verdict verdict;
	struct text text;
	bool served;

	*row = (struct survey_row){ .mode = "", .max_age = SURVEY_NO_AGE };
	memcpy(row->domain, facts->domain, sizeof(row->domain));
	verdict = judge_facts(&judge, facts, &policy, &served);
	row->status =
	    status_of(&judged, verdict, facts, served ? &policy : NULL);
	if (served) {
		row->mode = policy_mode_name(policy.mode);
		row->max_age = policy.max_age;
	}
	(void)judge_id(facts, row->id);
	text_init(&text, row->looked, sizeof(row->looked));
	human_add_time(&text, facts->looked);
	judge_tlsrpt_alone(&judged, facts, &scratch);
}
