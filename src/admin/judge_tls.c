/*
 * What certificates are worth, alike for policy hosts and for MX hosts.
 */
#include <string.h>

#include "human.h"
#include "judge_part.h"

#define DAY 86400

/* By enum facts_certificate. */
static const struct {
	enum judge_code https, mx;
	const char *phrase;
} faults[] = {
	[FACTS_CERTIFICATE_EXPIRED] = { JUDGE_CERT_EXPIRED,
	    JUDGE_MX_CERT_EXPIRED, "its certificate has expired" },
	[FACTS_CERTIFICATE_TOO_EARLY] = { JUDGE_CERT_EARLY, JUDGE_MX_CERT_EARLY,
	    "its certificate is not valid yet" },
	[FACTS_CERTIFICATE_NAME] = { JUDGE_CERT_NAME, JUDGE_MX_CERT_NAME,
	    "its certificate is for other names" },
	[FACTS_CERTIFICATE_SELF_SIGNED] = { JUDGE_CERT_SELF_SIGNED,
	    JUDGE_MX_CERT_SELF_SIGNED, "its certificate is self-signed" },
	[FACTS_CERTIFICATE_UNTRUSTED] = { JUDGE_CERT_UNTRUSTED,
	    JUDGE_MX_CERT_UNTRUSTED,
	    "its certificate leads to no known authority, or an intermediate "
	    "one is not sent" },
	[FACTS_CERTIFICATE_OTHER] = { JUDGE_CERT_OTHER, JUDGE_MX_CERT_OTHER,
	    "its certificate does not hold" },
};

bool
judge_certificate(const struct facts_tls *tls, const char *name, bool mx,
    enum judge_code *code, struct text *phrase)
{
	const enum facts_certificate found = tls->certificate;

	if (found == FACTS_CERTIFICATE_GOOD ||
	    found == FACTS_CERTIFICATE_UNSEEN)
		return false;
	*code = mx ? faults[found].mx : faults[found].https;
	text_add_string(phrase, faults[found].phrase);
	if (found == FACTS_CERTIFICATE_EXPIRED && tls->expires != 0) {
		text_add_string(phrase, ", on ");
		human_add_date(phrase, tls->expires);
	}
	if (found == FACTS_CERTIFICATE_NAME)
		text_add_format(phrase, " than %s%s%s", name,
		    tls->why[0] != '\0' ? ": " : "", tls->why);
	if (found == FACTS_CERTIFICATE_OTHER && tls->why[0] != '\0')
		text_add_format(phrase, ": %s", tls->why);
	return true;
}

/* How little time left is worth a word. */
static time_t
soon(const struct judging *judging, const struct facts_tls *tls)
{
	const time_t most = (time_t)judging->judge->expiry_soon;
	const time_t third = (tls->expires - tls->begins) / 3;

	return tls->begins != 0 && third < most ? third : most;
}

bool
judge_expiring(const struct judging *judging, const struct facts_tls *tls,
    struct text *phrase)
{
	const time_t now = judging->facts->looked;
	const time_t left = tls->expires - now;

	if (tls->certificate != FACTS_CERTIFICATE_GOOD || tls->expires == 0 ||
	    left >= soon(judging, tls))
		return false;
	text_add_string(phrase, "its certificate expires on ");
	human_add_date(phrase, tls->expires);
	text_add_format(phrase, ", in %lld day%s", (long long)(left / DAY),
	    text_plural((uint64_t)(left / DAY)));
	return true;
}

void
judge_add_old(struct text *phrase, const struct facts_tls *tls)
{
	if (tls->protocol[0] != '\0')
		text_add_format(phrase, "it speaks %s", tls->protocol);
	else
		text_add_string(phrase, "it knows nothing as new as TLS 1.2");
	text_add_string(phrase, "; senders want TLS 1.2 or later");
}

bool
judge_is_old(const struct facts_tls *tls)
{
	static const char *const old[] = { "SSLv2", "SSLv3", "TLSv1", "TLSv1.0",
		"TLSv1.1" };
	size_t i;

	for (i = 0; i < sizeof(old) / sizeof(old[0]); i++)
		if (strcmp(tls->protocol, old[i]) == 0)
			return true;
	return tls->old;
}
