/*
 * How the policy host answers, by IPv4 and by IPv6: what they have in common is
 * told once, and what one of them alone has is no more than a warning. What one
 * of several machines alone has is in judge_nodes.c.
 */
#include <string.h>

#include "judge_part.h"

static void
mend_certificate(const struct judging *judging, struct judge_finding *finding)
{
	judge_mend(finding,
	    "Get a certificate of a public authority for %s, have the web "
	    "server send it with its intermediates, and renew it in time. All "
	    "names that need one:",
	    judging->host);
	judge_paste(finding, "mta-sts hosts");
}

/* There should be a policy, or else no record. */
static void
mend_missing(const struct judging *judging, struct judge_finding *finding)
{
	const char *domain = judging->facts->domain;

	if (judging->facts->local.known) {
		judge_mend(finding,
		    "The policy is on this machine: let the name lead to it, "
		    "and the web server pass on the path "
		    "/.well-known/mta-sts.txt.");
		judge_paste_host(judging, finding);
		return;
	}
	judge_mend(finding, "Where mta-sts.fcgi serves that host:");
	judge_paste(finding, "mta-sts add %s", domain);
	judge_mend(finding,
	    "If there is to be none and no sender can still hold one, delete "
	    "the record at _mta-sts.%s.",
	    domain);
}

static void
mend(const struct judging *judging, struct judge_finding *finding,
    enum judge_code code)
{
	if (code >= JUDGE_CERT_EXPIRED && code <= JUDGE_CERT_EXPIRING)
		mend_certificate(judging, finding);
	else if (code == JUDGE_POLICY_MISSING)
		mend_missing(judging, finding);
	else if (code == JUDGE_TLS_OLD)
		judge_mend(
		    finding, "Offer TLS 1.2 and TLS 1.3 in the web server.");
	else if (code == JUDGE_MEDIA_TYPE || code == JUDGE_MEDIA_CHARSET)
		judge_mend(finding,
		    "Have the web server send \"Content-Type: " FACTS_MEDIA_TYPE
		    "\", as "
		    "mta-sts.fcgi does.");
	else {
		judge_mend(finding, "%s",
		    code == JUDGE_HTTPS_REDIRECT
			? "Exempt that host and path from all redirects:"
			: "See what the web server does, and its log:");
		judge_paste(finding, "curl -v %s", judging->url);
	}
}

void
judge_send_fault(struct judging *judging, const struct judge_fault *fault,
    const char *addresses, const char *only)
{
	struct judge_finding finding;

	judge_begin(&finding, fault->code);
	if (only != NULL && finding.severity == JUDGE_ERROR)
		finding.severity = JUDGE_WARNING;
	judge_what(&finding, "%s, by %s%s: %s", judging->host,
	    only != NULL ? only : "", addresses, fault->storage);
	mend(judging, &finding, fault->code);
	judge_send(judging, &finding);
}

/* Whether a sender that comes this way gets a policy. */
static bool
is_fine(const struct facts_fetch *fetch)
{
	return judge_has_text(fetch) &&
	       (fetch->tls.certificate == FACTS_CERTIFICATE_GOOD ||
		   fetch->tls.certificate == FACTS_CERTIFICATE_UNSEEN);
}

void
judge_https(struct judging *judging)
{
	const struct facts_fetch *four = &judging->facts->fetch4;
	const struct facts_fetch *six = &judging->facts->fetch6;
	char addresses[2 * FACTS_ADDRESS_SIZE + 8];
	struct judge_fault fault4, fault6;
	struct text text;
	size_t i;

	for (i = 0; i < JUDGE_READERS; i++) {
		const bool bad4 = judge_read_fault(judging, i, four, &fault4);
		const bool bad6 = judge_read_fault(judging, i, six, &fault6);

		if (bad4 && bad6 && fault4.code == fault6.code) {
			text_init(&text, addresses, sizeof(addresses));
			text_add_format(
			    &text, "%s and %s", four->address, six->address);
			judge_send_fault(judging, &fault4, addresses, NULL);
			continue;
		}
		if (bad4)
			judge_send_fault(judging, &fault4, four->address,
			    is_fine(six) ? "IPv4 alone, " : NULL);
		if (bad6)
			judge_send_fault(judging, &fault6, six->address,
			    is_fine(four) ? "IPv6 alone, " : NULL);
	}
	judge_nodes(judging);
	judge_forms(judging);
}
