/*
 * What a look at the MX hosts showed, and what it weighs: by mode, and by
 * whether another MX is left.
 */
#include <string.h>

#include "judge_part.h"

#define PHRASE_SIZE 400

/* Whether the look was cut short before it could tell anything. */
static bool
is_unknown(const struct facts_mx *mx)
{
	return mx->end == FACTS_PROBE_UNASKED ||
	       mx->end == FACTS_PROBE_REFUSED ||
	       mx->end == FACTS_PROBE_TIMEOUT ||
	       mx->end == FACTS_PROBE_GREETING;
}

/* Whether a sender that goes by the policy delivers to it, for all we know. */
static bool
passes(const struct judging *judging, const struct facts_mx *mx)
{
	if (!judge_is_host(mx->name) || !judge_is_covered(judging, mx))
		return false;
	return is_unknown(mx) ||
	       (mx->end == FACTS_PROBE_DONE &&
		   mx->tls.certificate == FACTS_CERTIFICATE_GOOD &&
		   !judge_is_old(&mx->tls));
}

void
judge_weigh(const struct judging *judging, struct judge_finding *finding)
{
	const struct facts *facts = judging->facts;
	size_t i;

	if (!judging->served || judging->policy->mode != POLICY_ENFORCE) {
		finding->severity = JUDGE_WARNING;
		judge_sender(finding, JUDGE_UNPROTECTED,
		    judging->served
			? "It delivers all the same and reports a failure; in "
			  "mode enforce it would not take this MX."
			: "With a policy in mode enforce it would not take "
			  "this MX.");
		return;
	}
	for (i = 0; i < judge_mx_kept(facts); i++)
		if (passes(judging, &facts->mx[i])) {
			judge_sender(finding, JUDGE_DELAYS,
			    "It passes over this MX, and keeps the mail while "
			    "no other one takes it.");
			return;
		}
	judge_sender(finding, JUDGE_REFUSES,
	    "No MX passes: it keeps the mail, tries again for days, and gives "
	    "it back.");
}

static void
send_addresses(struct judging *judging, const struct facts_mx *mx)
{
	const struct facts_answer *answer = &mx->addresses;
	const bool bogus = answer->dns == FACTS_DNS_BOGUS;
	struct judge_finding finding;

	if (bogus || answer->dns == FACTS_DNS_FAILED) {
		judge_begin(&finding, JUDGE_MX_DNS_FAILED);
		judge_what(&finding, "the MX %s: %s%s%s", mx->name,
		    bogus ? "DNSSEC does not hold" : "the look-up failed",
		    answer->why[0] != '\0' ? ": " : "", answer->why);
		judge_mend(&finding,
		    "See that the name servers of its zone "
		    "answer%s.",
		    bogus ? ", with good signatures" : "");
	} else {
		judge_begin(&finding, JUDGE_MX_NO_ADDRESS);
		judge_what(&finding, "the MX %s has no address", mx->name);
		judge_mend(&finding, "Publish an A and an AAAA record at it, "
				     "or delete the MX record.");
	}
	judge_send(judging, &finding);
}

static void
send_alias(struct judging *judging, const struct facts_mx *mx)
{
	struct judge_finding finding;

	judge_begin(&finding, JUDGE_MX_ALIAS);
	judge_what(&finding, "the MX %s is an alias of %s", mx->name,
	    mx->addresses.canonical);
	judge_mend(&finding, "RFC 2181 has no aliases there: give it addresses "
			     "of its own.");
	judge_send(judging, &finding);
}

/* What is wrong with its TLS, with the mend; false for nothing. */
static bool
tls_fault(const struct facts_mx *mx, enum judge_code *code, struct text *phrase,
    const char **mend)
{
	const char *why = mx->tls.why[0] != '\0' ? mx->tls.why : mx->why;

	*mend = "Get a certificate of a public authority for that very name, "
		"and have the mail server send it with its intermediates.";
	if (judge_certificate(&mx->tls, mx->name, true, code, phrase))
		return true;
	*mend = "Let the mail server offer STARTTLS with TLS 1.2 and 1.3, and "
		"see that nothing in front of it takes that away.";
	if (mx->end == FACTS_PROBE_NO_STARTTLS) {
		*code = JUDGE_MX_NO_STARTTLS;
		text_add_string(phrase, "it does not offer STARTTLS");
	} else if (judge_is_old(&mx->tls)) {
		*code = JUDGE_MX_TLS_OLD;
		judge_add_old(phrase, &mx->tls);
	} else if (mx->end == FACTS_PROBE_TLS) {
		*code = JUDGE_MX_TLS;
		text_add_format(phrase, "it offers STARTTLS, which fails%s%s",
		    why[0] != '\0' ? ": " : "", why);
	} else {
		return false;
	}
	return true;
}

static void
send_tls(struct judging *judging, const struct facts_mx *mx)
{
	char storage[PHRASE_SIZE];
	struct judge_finding finding;
	enum judge_code code;
	struct text phrase;
	const char *mend;

	text_init(&phrase, storage, sizeof(storage));
	if (tls_fault(mx, &code, &phrase, &mend)) {
		judge_begin(&finding, code);
		judge_weigh(judging, &finding);
	} else if (judge_expiring(judging, &mx->tls, &phrase)) {
		judge_begin(&finding, JUDGE_MX_CERT_EXPIRING);
		if (!judging->served || judging->policy->mode != POLICY_ENFORCE)
			judge_sender(&finding, JUDGE_DELIVERS,
			    "From that day on it would not take that MX if "
			    "there were a policy in mode enforce.");
		mend = "Renew it, and have the mail server read it anew.";
	} else {
		return;
	}
	judge_what(&finding, "the MX %s: %s", mx->name, storage);
	judge_mend(&finding, "%s", mend);
	judge_send(judging, &finding);
}

static void
send_unreached(struct judging *judging, const struct facts_mx *mx, bool all)
{
	struct judge_finding finding;

	judge_begin(&finding, mx->end == FACTS_PROBE_GREETING
				  ? JUDGE_MX_GREETING
				  : JUDGE_MX_UNREACHABLE);
	judge_what(&finding, "%s%s: %s%s%s",
	    all ? "every MX, such as " : "the MX ", mx->name,
	    mx->end == FACTS_PROBE_GREETING  ? "no SMTP for us"
	    : mx->end == FACTS_PROBE_TIMEOUT ? "no answer in time"
					     : "no connection",
	    mx->why[0] != '\0' ? ": " : "", mx->why);
	if (mx->end == FACTS_PROBE_GREETING)
		judge_mend(&finding,
		    "See the log of the mail server; some turn "
		    "away whoever does not look like one.");
	else
		judge_mend(&finding,
		    "Many networks let no connection out to port 25: look from "
		    "a mail server, or leave the mail hosts out with --no-mx. "
		    "If senders cannot reach it either, see that it runs.");
	judge_send(judging, &finding);
}

static bool
is_unreachable(const struct facts_mx *mx)
{
	return mx->end == FACTS_PROBE_REFUSED || mx->end == FACTS_PROBE_TIMEOUT;
}

void
judge_unreachable(struct judging *judging)
{
	const struct facts *facts = judging->facts;
	const size_t kept = judge_mx_kept(facts);
	size_t i, count = 0;

	for (i = 0; i < kept; i++)
		if (is_unreachable(&facts->mx[i]))
			count++;
	for (i = 0; i < kept; i++) {
		const struct facts_mx *mx = &facts->mx[i];

		if (!is_unreachable(mx))
			continue;
		/* What all have in common is rather this network's doing. */
		send_unreached(judging, mx, count == kept && count > 1);
		if (count == kept)
			return;
	}
}

void
judge_probe(struct judging *judging, const struct facts_mx *mx)
{
	if (mx->addresses.dns != FACTS_DNS_FOUND &&
	    mx->addresses.dns != FACTS_DNS_UNASKED) {
		send_addresses(judging, mx);
		return;
	}
	if (mx->addresses.chain > 0)
		send_alias(judging, mx);
	if (mx->end == FACTS_PROBE_GREETING)
		send_unreached(judging, mx, false);
	else
		send_tls(judging, mx);
}
