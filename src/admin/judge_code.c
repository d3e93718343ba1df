/*
 * All findings there can be: their codes, which scripts rely on and which
 * therefore stay what they are, and what goes with each wherever it is found.
 */
#include "judge_part.h"

#define DNS    "DNS"
#define HTTPS  "HTTPS"
#define POLICY "policy"
#define MX     "MX"
#define STATE  "state"

#define NO_RECORD                                                              \
	"It sees no MTA-STS: one that holds an older policy goes by that "     \
	"until "                                                               \
	"it expires, any other delivers without protection."
#define NO_FETCH                                                               \
	"It has no policy from here: one that holds an older policy goes by "  \
	"that, any other delivers without protection."
#define SOME_IGNORE "Some read it, others refuse the whole policy."
#define NO_REPORTS  "It sends no report of failures."

const struct judge_rule judge_rules[JUDGE_CODES] = {
	[JUDGE_DOMAIN_MISSING] = { "domain-missing", DNS, JUDGE_ERROR,
	    JUDGE_REFUSES, "It gives the mail back at once." },
	[JUDGE_DNS_FAILED] = { "dns-failed", DNS, JUDGE_ERROR, JUDGE_IGNORES,
	    NO_RECORD },
	[JUDGE_DNS_BOGUS] = { "dns-bogus", DNS, JUDGE_ERROR, JUDGE_IGNORES,
	    NO_RECORD },
	[JUDGE_TXT_MISSING] = { "txt-missing", DNS, JUDGE_ERROR,
	    JUDGE_UNPROTECTED,
	    "It does not ask for the policy, unless it holds an older one." },
	[JUDGE_TXT_MISPLACED] = { "txt-misplaced", DNS, JUDGE_ERROR,
	    JUDGE_UNPROTECTED, "It does not look there." },
	[JUDGE_TXT_SEVERAL] = { "txt-several", DNS, JUDGE_ERROR, JUDGE_IGNORES,
	    NO_RECORD },
	[JUDGE_TXT_LONG] = { "txt-long", DNS, JUDGE_ERROR, JUDGE_IGNORES,
	    NO_RECORD },
	[JUDGE_TXT_INVALID] = { "txt-invalid", DNS, JUDGE_ERROR, JUDGE_IGNORES,
	    NO_RECORD },
	[JUDGE_TXT_DOUBTFUL] = { "txt-doubtful", DNS, JUDGE_NOTE,
	    JUDGE_DELIVERS, "" },
	[JUDGE_TXT_ID] = { "txt-id", DNS, JUDGE_WARNING, JUDGE_IGNORES,
	    "One that holds a policy fetched under this id does not ask for a "
	    "newer one." },
	[JUDGE_TXT_TTL] = { "txt-ttl", DNS, JUDGE_NOTE, JUDGE_DELIVERS,
	    "It learns of a changed policy only when the record has run "
	    "out." },
	[JUDGE_CNAME_CHAIN] = { "cname-chain", DNS, JUDGE_NOTE, JUDGE_DELIVERS,
	    "Some resolvers give up on long chains." },
	[JUDGE_HOST_MISSING] = { "host-missing", DNS, JUDGE_ERROR,
	    JUDGE_IGNORES, NO_FETCH },
	[JUDGE_HOST_NO_IPV4] = { "host-no-ipv4", DNS, JUDGE_WARNING,
	    JUDGE_IGNORES,
	    "One without IPv6 cannot fetch the policy and delivers without "
	    "protection." },
	[JUDGE_TLSRPT_MISSING] = { "tlsrpt-missing", DNS, JUDGE_NOTE,
	    JUDGE_DELIVERS, NO_REPORTS },
	[JUDGE_TLSRPT_SEVERAL] = { "tlsrpt-several", DNS, JUDGE_WARNING,
	    JUDGE_DELIVERS, NO_REPORTS },
	[JUDGE_TLSRPT_INVALID] = { "tlsrpt-invalid", DNS, JUDGE_WARNING,
	    JUDGE_DELIVERS, NO_REPORTS },

	[JUDGE_HTTPS_REFUSED] = { "https-refused", HTTPS, JUDGE_ERROR,
	    JUDGE_IGNORES, NO_FETCH },
	[JUDGE_HTTPS_TIMEOUT] = { "https-timeout", HTTPS, JUDGE_ERROR,
	    JUDGE_IGNORES, NO_FETCH },
	[JUDGE_HTTPS_TLS] = { "https-tls", HTTPS, JUDGE_ERROR, JUDGE_IGNORES,
	    NO_FETCH },
	[JUDGE_HTTPS_BROKEN] = { "https-broken", HTTPS, JUDGE_ERROR,
	    JUDGE_IGNORES, NO_FETCH },
	[JUDGE_HTTPS_LARGE] = { "https-large", HTTPS, JUDGE_ERROR,
	    JUDGE_IGNORES, NO_FETCH },
	[JUDGE_CERT_EXPIRED] = { "cert-expired", HTTPS, JUDGE_ERROR,
	    JUDGE_IGNORES, NO_FETCH },
	[JUDGE_CERT_EARLY] = { "cert-early", HTTPS, JUDGE_ERROR, JUDGE_IGNORES,
	    NO_FETCH },
	[JUDGE_CERT_NAME] = { "cert-name", HTTPS, JUDGE_ERROR, JUDGE_IGNORES,
	    NO_FETCH },
	[JUDGE_CERT_SELF_SIGNED] = { "cert-self-signed", HTTPS, JUDGE_ERROR,
	    JUDGE_IGNORES, NO_FETCH },
	[JUDGE_CERT_UNTRUSTED] = { "cert-untrusted", HTTPS, JUDGE_ERROR,
	    JUDGE_IGNORES, NO_FETCH },
	[JUDGE_CERT_OTHER] = { "cert-other", HTTPS, JUDGE_ERROR, JUDGE_IGNORES,
	    NO_FETCH },
	[JUDGE_CERT_EXPIRING] = { "cert-expiring", HTTPS, JUDGE_WARNING,
	    JUDGE_DELIVERS, "From that day on it has no policy from here." },
	[JUDGE_TLS_OLD] = { "tls-old", HTTPS, JUDGE_ERROR, JUDGE_IGNORES,
	    NO_FETCH },
	[JUDGE_POLICY_MISSING] = { "policy-missing", HTTPS, JUDGE_ERROR,
	    JUDGE_IGNORES, NO_FETCH },
	[JUDGE_HTTPS_REDIRECT] = { "https-redirect", HTTPS, JUDGE_ERROR,
	    JUDGE_IGNORES, NO_FETCH },
	[JUDGE_HTTPS_STATUS] = { "https-status", HTTPS, JUDGE_ERROR,
	    JUDGE_IGNORES, NO_FETCH },
	[JUDGE_MEDIA_TYPE] = { "media-type", HTTPS, JUDGE_ERROR, JUDGE_IGNORES,
	    "Many take text/plain alone and refuse the policy, others read "
	    "it." },
	[JUDGE_MEDIA_CHARSET] = { "media-charset", HTTPS, JUDGE_WARNING,
	    JUDGE_IGNORES, SOME_IGNORE },
	[JUDGE_HTTPS_SLOW] = { "https-slow", HTTPS, JUDGE_WARNING,
	    JUDGE_IGNORES,
	    "Some wait for 4 seconds and then go on without the policy." },

	[JUDGE_NODES_FAIL] = { "nodes-fail", HTTPS, JUDGE_WARNING,
	    JUDGE_IGNORES,
	    "One that comes to the machine that fails has no policy from "
	    "there." },
	[JUDGE_HOST_PORT] = { "host-port", HTTPS, JUDGE_WARNING, JUDGE_IGNORES,
	    "Some senders ask so and get no policy." },
	[JUDGE_HOST_CASE] = { "host-case", HTTPS, JUDGE_WARNING, JUDGE_IGNORES,
	    "Some senders ask so and get no policy." },
	[JUDGE_HOST_ANY] = { "host-any", HTTPS, JUDGE_NOTE, JUDGE_DELIVERS,
	    "It holds any domain that is led there, by mistake or not, to "
	    "that policy." },

	[JUDGE_LOCAL_BROKEN] = { "local-broken", POLICY, JUDGE_ERROR,
	    JUDGE_IGNORES, NO_FETCH },
	[JUDGE_NODES_DIFFER] = { "nodes-differ", POLICY, JUDGE_WARNING,
	    JUDGE_IGNORES,
	    "It goes by the one that it meets, and keeps that until it "
	    "expires." },
	[JUDGE_FAMILIES_DIFFER] = { "families-differ", POLICY, JUDGE_WARNING,
	    JUDGE_IGNORES, "It goes by the one or by the other." },
	[JUDGE_TEXT_DIFFERS] = { "text-differs", POLICY, JUDGE_ERROR,
	    JUDGE_IGNORES, "It goes by what is served, not by the file." },
	[JUDGE_POLICY_INVALID] = { "policy-invalid", POLICY, JUDGE_ERROR,
	    JUDGE_IGNORES,
	    "Most have no policy from here, and go by an older one or by none; "
	    "some read it all the same, each in its own way, and may then find "
	    "no MX that passes." },
	[JUDGE_POLICY_DOUBTFUL] = { "policy-doubtful", POLICY, JUDGE_WARNING,
	    JUDGE_DELIVERS, "" },
	[JUDGE_TEXT_MARK] = { "text-mark", POLICY, JUDGE_WARNING, JUDGE_IGNORES,
	    SOME_IGNORE },
	[JUDGE_TEXT_BARE_CR] = { "text-bare-cr", POLICY, JUDGE_WARNING,
	    JUDGE_IGNORES, SOME_IGNORE },
	[JUDGE_TEXT_COMMENT] = { "text-comment", POLICY, JUDGE_WARNING,
	    JUDGE_IGNORES, SOME_IGNORE },
	[JUDGE_TEXT_BLANK] = { "text-blank", POLICY, JUDGE_WARNING,
	    JUDGE_IGNORES, SOME_IGNORE },
	[JUDGE_TEXT_LINE_ENDS] = { "text-line-ends", POLICY, JUDGE_NOTE,
	    JUDGE_DELIVERS, "Senders take it; some checkers do not." },
	[JUDGE_TEXT_ORDER] = { "text-order", POLICY, JUDGE_WARNING,
	    JUDGE_IGNORES, SOME_IGNORE },
	[JUDGE_TEXT_EXTENSION] = { "text-extension", POLICY, JUDGE_NOTE,
	    JUDGE_DELIVERS, "It passes over fields that it does not know." },
	[JUDGE_MAX_AGE_SHORT] = { "max-age-short", POLICY, JUDGE_NOTE,
	    JUDGE_DELIVERS,
	    "Whoever keeps it from the DNS that long has the mail without "
	    "protection." },

	[JUDGE_MX_MISSING] = { "mx-missing", MX, JUDGE_WARNING, JUDGE_REFUSES,
	    "It finds no host to give the mail to." },
	[JUDGE_MX_NULL] = { "mx-null", MX, JUDGE_WARNING, JUDGE_REFUSES,
	    "It gives the mail back at once." },
	[JUDGE_MX_IMPLICIT] = { "mx-implicit", MX, JUDGE_NOTE, JUDGE_DELIVERS,
	    "It takes the domain itself for the mail host." },
	[JUDGE_MX_MANY] = { "mx-many", MX, JUDGE_NOTE, JUDGE_DELIVERS, "" },
	[JUDGE_MX_NAME] = { "mx-name", MX, JUDGE_ERROR, JUDGE_DELAYS,
	    "It cannot use that MX." },
	[JUDGE_MX_UNCOVERED] = { "mx-uncovered", MX, JUDGE_ERROR, JUDGE_DELAYS,
	    "" },
	[JUDGE_MX_DNS_FAILED] = { "mx-dns-failed", MX, JUDGE_ERROR,
	    JUDGE_DELAYS, "It cannot find that host." },
	[JUDGE_MX_NO_ADDRESS] = { "mx-no-address", MX, JUDGE_ERROR,
	    JUDGE_DELAYS, "It passes over that MX." },
	[JUDGE_MX_UNREACHABLE] = { "mx-unreachable", MX, JUDGE_WARNING,
	    JUDGE_DELAYS,
	    "If it gets no further than this, it tries another MX, or again "
	    "later." },
	[JUDGE_MX_GREETING] = { "mx-greeting", MX, JUDGE_WARNING, JUDGE_DELAYS,
	    "If it gets no further than this, it tries another MX, or again "
	    "later." },
	[JUDGE_MX_NO_STARTTLS] = { "mx-no-starttls", MX, JUDGE_ERROR,
	    JUDGE_DELAYS, "" },
	[JUDGE_MX_TLS] = { "mx-tls", MX, JUDGE_ERROR, JUDGE_DELAYS, "" },
	[JUDGE_MX_CERT_EXPIRED] = { "mx-cert-expired", MX, JUDGE_ERROR,
	    JUDGE_DELAYS, "" },
	[JUDGE_MX_CERT_EARLY] = { "mx-cert-early", MX, JUDGE_ERROR,
	    JUDGE_DELAYS, "" },
	[JUDGE_MX_CERT_NAME] = { "mx-cert-name", MX, JUDGE_ERROR, JUDGE_DELAYS,
	    "" },
	[JUDGE_MX_CERT_SELF_SIGNED] = { "mx-cert-self-signed", MX, JUDGE_ERROR,
	    JUDGE_DELAYS, "" },
	[JUDGE_MX_CERT_UNTRUSTED] = { "mx-cert-untrusted", MX, JUDGE_ERROR,
	    JUDGE_DELAYS, "" },
	[JUDGE_MX_CERT_OTHER] = { "mx-cert-other", MX, JUDGE_ERROR,
	    JUDGE_DELAYS, "" },
	[JUDGE_MX_CERT_EXPIRING] = { "mx-cert-expiring", MX, JUDGE_WARNING,
	    JUDGE_DELIVERS, "From that day on it does not take that MX." },
	[JUDGE_MX_TLS_OLD] = { "mx-tls-old", MX, JUDGE_ERROR, JUDGE_DELAYS,
	    "" },
	[JUDGE_MX_ALIAS] = { "mx-alias", MX, JUDGE_NOTE, JUDGE_DELIVERS,
	    "Policy and certificate are to have the name of the MX record, "
	    "not the one it leads to." },
	[JUDGE_MX_DANE] = { "mx-dane", MX, JUDGE_NOTE, JUDGE_DELIVERS,
	    "One that knows DANE goes by the TLSA records, and by the policy "
	    "besides." },
	[JUDGE_MX_DANE_UNSIGNED] = { "mx-dane-unsigned", MX, JUDGE_NOTE,
	    JUDGE_DELIVERS, "It passes over TLSA records without DNSSEC." },
	[JUDGE_LISTED_MISSING] = { "listed-missing", MX, JUDGE_WARNING,
	    JUDGE_DELIVERS,
	    "Whoever comes to own that name could take the mail." },
	[JUDGE_LISTED_UNUSED] = { "listed-unused", MX, JUDGE_NOTE,
	    JUDGE_DELIVERS, "" },

	[JUDGE_MODE_NONE] = { "mode-none", STATE, JUDGE_NOTE, JUDGE_UNPROTECTED,
	    "It delivers as if there were no policy." },
	[JUDGE_READY] = { "ready", STATE, JUDGE_NOTE, JUDGE_UNPROTECTED,
	    "As long as the mode is testing, it delivers without TLS, too." },
	[JUDGE_NO_MTA_STS] = { "no-mta-sts", STATE, JUDGE_NOTE,
	    JUDGE_UNPROTECTED, "" },
};

const char *
judge_code_name(size_t i)
{
	return i < JUDGE_CODES ? judge_rules[i].code : NULL;
}

const char *
judge_effect_name(enum judge_effect effect)
{
	static const char *const names[] = {
		[JUDGE_DELIVERS] = "delivers",
		[JUDGE_UNPROTECTED] = "delivers without protection",
		[JUDGE_IGNORES] = "ignores the policy",
		[JUDGE_DELAYS] = "delays the mail",
		[JUDGE_REFUSES] = "refuses the mail",
	};

	return names[effect];
}

const char *
judge_severity_name(enum judge_severity severity)
{
	static const char *const names[] = {
		[JUDGE_ERROR] = "error",
		[JUDGE_WARNING] = "warning",
		[JUDGE_NOTE] = "note",
	};

	return names[severity];
}

const char *
judge_verdict_name(enum judge_verdict verdict)
{
	static const char *const names[] = {
		[JUDGE_GOOD] = "good",
		[JUDGE_DOUBTFUL] = "doubtful",
		[JUDGE_BROKEN] = "broken",
		[JUDGE_NOTHING] = "nothing",
	};

	return names[verdict];
}
