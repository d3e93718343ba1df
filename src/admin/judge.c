/*
 * The judgement of a domain; see judge.h. Decides what there is to be judged at
 * all; each group of findings is in a file of its own.
 */
#include <string.h>

#include "judge_part.h"

#define HTTPS_PORT 443

bool
judge_matches(const char *pattern, const char *name)
{
	const char *rest;

	if (strncmp(pattern, "*.", 2) != 0)
		return strcmp(pattern, name) == 0;
	rest = strchr(name, '.');
	return rest != NULL && rest > name && strcmp(pattern + 1, rest) == 0;
}

bool
judge_is_absent(const struct facts_answer *answer)
{
	return answer->dns == FACTS_DNS_NO_DATA ||
	       answer->dns == FACTS_DNS_NO_NAME;
}

/* Whether a record stands where none is looked for. */
static bool
is_misplaced(const struct facts_txt *txt)
{
	static const char version[] = "v=STSv1";
	size_t i;

	for (i = 0; i < txt->count && i < FACTS_TXT_MAX; i++)
		if (strncmp(txt->at[i].bytes, version, sizeof(version) - 1) ==
		    0)
			return true;
	return false;
}

/* Whether the text, however broken, was meant to be a policy. */
static bool
is_meant(const struct facts_fetch *fetch)
{
	static const char version[] = "STSv1";

	return judge_has_text(fetch) &&
	       memmem(fetch->body, fetch->length, version,
		   sizeof(version) - 1) != NULL;
}

/* Whether somebody wants the domain to have MTA-STS. */
static bool
is_wanted(const struct judging *judging)
{
	const struct facts *facts = judging->facts;

	return judging->signal != JUDGE_SIGNAL_NONE || judging->served ||
	       facts->local.known || facts->local.broken ||
	       is_misplaced(&facts->apex) || is_misplaced(&facts->misnamed) ||
	       is_meant(&facts->fetch4) || is_meant(&facts->fetch6);
}

static bool
is_missing(const struct facts *facts)
{
	return facts->apex.answer.dns == FACTS_DNS_NO_NAME ||
	       facts->mx_answer.dns == FACTS_DNS_NO_NAME;
}

static void
send_missing(struct judging *judging)
{
	struct judge_finding finding;

	judge_begin(&finding, JUDGE_DOMAIN_MISSING);
	judge_what(&finding, "there is no domain %s in the DNS",
	    judging->facts->domain);
	judge_mend(&finding, "Look for a slip in the name; if it is right, "
			     "see that it is registered and delegated.");
	judge_send(judging, &finding);
}

static void
send_nothing(struct judging *judging)
{
	const char *domain = judging->facts->domain;
	struct judge_finding finding;

	judge_begin(&finding, JUDGE_NO_MTA_STS);
	judge_what(&finding,
	    "no MTA-STS: neither a record at _mta-sts.%s nor a policy", domain);
	judge_mend(&finding, "Where it is to have one:");
	judge_paste(&finding, "mta-sts add %s", domain);
	judge_paste(&finding, "mta-sts dns %s", domain);
	judge_send(judging, &finding);
}

/* The text that is judged: one that is good, if there is one. */
static void
choose_text(struct judging *judging)
{
	const struct facts_fetch *const fetches[] = { &judging->facts->fetch4,
		&judging->facts->fetch6 };
	size_t i;

	for (i = 0; i < 2 && !judging->served; i++) {
		if (!judge_has_text(fetches[i]))
			continue;
		judging->served = judge_read_text(fetches[i], judging->policy);
		if (judging->served || judging->text == NULL)
			judging->text = fetches[i];
	}
}

static enum judge_verdict
verdict(const struct judging *judging)
{
	if (judging->count[JUDGE_ERROR] > 0)
		return JUDGE_BROKEN;
	return judging->count[JUDGE_WARNING] > 0 ? JUDGE_DOUBTFUL : JUDGE_GOOD;
}

enum judge_verdict
judge_facts(const struct judge *judge, const struct facts *facts,
    struct policy *policy, bool *served)
{
	struct judging judging = {
		.judge = judge, .facts = facts, .policy = policy
	};
	struct text host, url;

	text_init(&host, judging.host, sizeof(judging.host));
	text_add_format(&host, HOSTNAME_POLICY_LABEL "%s", facts->domain);
	text_init(&url, judging.url, sizeof(judging.url));
	text_add_format(&url, "https://%s", judging.host);
	if (facts->port != HTTPS_PORT)
		text_add_format(&url, ":%u", facts->port);
	text_add_string(&url, "/.well-known/mta-sts.txt");
	judging.signal = judge_signal(facts, judging.id);
	choose_text(&judging);
	*served = judging.served;
	if (is_missing(facts)) {
		send_missing(&judging);
	} else if (!is_wanted(&judging)) {
		send_nothing(&judging);
		return JUDGE_NOTHING;
	} else {
		judge_dns(&judging);
		judge_tlsrpt(&judging);
		judge_https(&judging);
		judge_text(&judging);
		judge_mx(&judging);
		judge_state(&judging);
	}
	return verdict(&judging);
}
