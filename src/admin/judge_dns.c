/*
 * What the DNS has of a domain: how the answers came, and the policy host. The
 * record is in judge_record.c.
 */
#include "judge_part.h"

#define CHAIN_MAX 3 /* CNAMEs that are nothing to speak of */

/* Names whose look-up ended the same way. */
struct failures {
	char storage[4 * HOSTNAME_SIZE + 64];
	struct text names;
	const char *why;
	size_t count;
};

static void
note_failure(struct failures *failures, enum facts_dns end,
    const struct facts_answer *answer, const char *label, const char *domain)
{
	if (answer->dns != end)
		return;
	text_add_format(&failures->names, "%s%s%s",
	    failures->count++ > 0 ? ", " : "", label, domain);
	if (failures->why == NULL || failures->why[0] == '\0')
		failures->why = answer->why;
}

/* Names of which one look-up alone failed are told with its type. */
static void
note_failures(
    struct judging *judging, enum facts_dns end, struct failures *them)
{
	const struct facts *facts = judging->facts;
	const char *domain = facts->domain, *host = judging->host;

	note_failure(them, end, &facts->sts.answer, "_mta-sts.", domain);
	if (facts->host6.dns != end)
		note_failure(them, end, &facts->host4, "A of ", host);
	else if (facts->host4.dns != end)
		note_failure(them, end, &facts->host6, "AAAA of ", host);
	else
		note_failure(them, end, &facts->host4, "", host);
	note_failure(them, end, &facts->tlsrpt.answer, "_smtp._tls.", domain);
	note_failure(them, end, &facts->mx_answer, "MX of ", domain);
}

/* What a sender goes without. */
static void
weigh_failures(const struct facts *facts, enum facts_dns end,
    struct judge_finding *finding)
{
	const bool four = facts->host4.dns == end,
		   six = facts->host6.dns == end;

	if (facts->mx_answer.dns == end) {
		judge_sender(finding, JUDGE_DELAYS,
		    "Without the MX records it keeps the mail and tries "
		    "again.");
	} else if (facts->sts.answer.dns == end) {
		; /* as the rule has it */
	} else if (!four && !six) {
		finding->severity = JUDGE_WARNING;
		judge_sender(
		    finding, JUDGE_DELIVERS, "It sends no report of failures.");
	} else if (facts->host4.dns == FACTS_DNS_FOUND ||
		   facts->host6.dns == FACTS_DNS_FOUND) {
		finding->severity = JUDGE_WARNING;
		judge_sender(finding, JUDGE_IGNORES,
		    "Most come by the addresses that there are; one that asks "
		    "for the others alone, or insists on both, has no policy "
		    "from here.");
	} else {
		judge_sender(finding, JUDGE_IGNORES,
		    judge_rules[JUDGE_HOST_MISSING].sender);
	}
}

/* The first look-up that failed, once more. */
static void
paste_dig(const struct judging *judging, enum facts_dns end,
    struct judge_finding *finding)
{
	const struct facts *facts = judging->facts;
	const char *domain = facts->domain, *host = judging->host;

	if (facts->sts.answer.dns == end)
		judge_paste(finding, "dig +trace TXT _mta-sts.%s", domain);
	else if (facts->host4.dns == end)
		judge_paste(finding, "dig +trace A %s", host);
	else if (facts->host6.dns == end)
		judge_paste(finding, "dig +trace AAAA %s", host);
	else if (facts->tlsrpt.answer.dns == end)
		judge_paste(finding, "dig +trace TXT _smtp._tls.%s", domain);
	else
		judge_paste(finding, "dig +trace MX %s", domain);
}

/* One cause often has several names fail: they are told together. */
static void
send_failures(struct judging *judging, enum facts_dns end, enum judge_code code)
{
	struct judge_finding finding;
	struct failures failures = { .why = NULL };

	text_init(&failures.names, failures.storage, sizeof(failures.storage));
	note_failures(judging, end, &failures);
	if (failures.count == 0)
		return;
	judge_begin(&finding, code);
	weigh_failures(judging->facts, end, &finding);
	judge_what(&finding, "%s: %s%s%s", failures.storage,
	    end == FACTS_DNS_BOGUS ? "DNSSEC does not hold"
				   : "the look-up failed",
	    failures.why[0] != '\0' ? ": " : "", failures.why);
	judge_mend(&finding, "%s",
	    end == FACTS_DNS_BOGUS
		? "Sign the zone anew, and see that the DS record in the zone "
		  "above goes with its key."
		: "See that the name servers of the zone answer:");
	if (end != FACTS_DNS_BOGUS)
		paste_dig(judging, end, &finding);
	judge_send(judging, &finding);
}

static void
send_chain(struct judging *judging, const struct facts_answer *answer,
    const char *label)
{
	struct judge_finding finding;

	if (answer->dns != FACTS_DNS_FOUND || answer->chain <= CHAIN_MAX)
		return;
	judge_begin(&finding, JUDGE_CNAME_CHAIN);
	judge_what(&finding, "%s%s: %zu aliases in a row, up to %s", label,
	    judging->facts->domain, answer->chain, answer->canonical);
	if (judge_is_host(answer->canonical))
		judge_mend(&finding, "Let the first one lead to the last:");
	else
		judge_mend(&finding, "Let the first one lead to the last.");
	if (judge_is_host(answer->canonical))
		judge_paste(&finding, "%s%s. %u IN CNAME %s.", label,
		    judging->facts->domain, judging->judge->ttl,
		    answer->canonical);
	judge_send(judging, &finding);
}

static void
send_host(struct judging *judging)
{
	const struct facts *facts = judging->facts;
	struct judge_finding finding;

	if (!judge_is_absent(&facts->host4))
		return;
	if (judge_is_absent(&facts->host6)) {
		judge_begin(&finding, JUDGE_HOST_MISSING);
		judge_what(&finding, "%s has no address", judging->host);
		if (facts->host4.canonical[0] != '\0')
			judge_what(&finding, ", nor has %s, which it leads to",
			    facts->host4.canonical);
		judge_mend(&finding, "Publish, and have a web server there "
				     "serve the policy:");
		judge_paste_host(judging, &finding);
	} else if (facts->host6.dns == FACTS_DNS_FOUND) {
		judge_begin(&finding, JUDGE_HOST_NO_IPV4);
		judge_what(
		    &finding, "%s has an IPv6 address alone", judging->host);
		judge_mend(&finding, "Publish an A record beside the AAAA.");
	} else {
		return;
	}
	judge_send(judging, &finding);
}

void
judge_dns(struct judging *judging)
{
	const struct facts *facts = judging->facts;

	send_failures(judging, FACTS_DNS_FAILED, JUDGE_DNS_FAILED);
	send_failures(judging, FACTS_DNS_BOGUS, JUDGE_DNS_BOGUS);
	judge_record(judging);
	send_chain(judging, &facts->sts.answer, "_mta-sts.");
	send_chain(judging,
	    facts->host4.dns == FACTS_DNS_FOUND ? &facts->host4 : &facts->host6,
	    HOSTNAME_POLICY_LABEL);
	send_host(judging);
}
