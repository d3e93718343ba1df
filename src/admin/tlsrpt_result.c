/*
 * The result types of TLS reports, what they mean and what to do; see tlsrpt.h.
 */
#include <string.h>

#include "tlsrpt.h"

#define CHECK   "mta-sts check DOMAIN"
#define VERIFY  "mta-sts verify DOMAIN"
#define RESULTS (sizeof(results) / sizeof(results[0]))

/* RFC 8460 sections 4.3.1 to 4.3.3; the last one stands for all others. */
static const struct tlsrpt_result results[] = {
	{ "starttls-not-supported", "The mail host did not offer STARTTLS.",
	    "Turn TLS on in the mail server of that MX, and see that no "
	    "firewall or proxy in front of it hides STARTTLS.",
	    { VERIFY } },
	{ "certificate-host-mismatch",
	    "The certificate of the mail host does not have the name that the "
	    "MX record has, or the policy does not have the mail host.",
	    "Get a certificate with that very name among its DNS names; if the "
	    "mail host is a new one, add it to the policy.",
	    { VERIFY, "mta-sts set DOMAIN --add-mx MX" } },
	{ "certificate-expired",
	    "The certificate of the mail host has run out, or its time has not "
	    "come.",
	    "Renew it, and have the mail server read it anew.", { VERIFY } },
	{ "certificate-not-trusted",
	    "The certificate of the mail host does not lead to an authority "
	    "that the sender trusts.",
	    "Use a certificate of a public authority, and have the mail server "
	    "send the intermediate certificates with it.",
	    { VERIFY } },
	{ "validation-failure",
	    "The TLS session failed for a reason that has no type of its own.",
	    "The reason, where the sender gives one, tells more; so does the "
	    "mail server's log of that time. A few of them are usual, of "
	    "sessions that were cut off.",
	    { VERIFY } },
	{ "tlsa-invalid",
	    "No TLSA record of the mail host goes with its certificate. A "
	    "sender that uses DANE does not deliver.",
	    "Publish the TLSA record of a certificate before the mail server "
	    "uses it, and take away the old one after that.",
	    { VERIFY } },
	{ "dnssec-invalid",
	    "DNSSEC signatures are missing or wrong. A sender that uses DANE "
	    "does not deliver.",
	    "Sign the zone anew, and see that the DS record in the zone above "
	    "goes with its key.",
	    { VERIFY } },
	{ "dane-required",
	    "The sender was told to insist on DANE, and the mail host has no "
	    "TLSA record.",
	    "It is the sender who wants this. Publish TLSA records in a signed "
	    "zone, or ask the sender to take the demand back.",
	    { NULL } },
	{ "sts-policy-fetch-error",
	    "The record is there and the policy could not be fetched. A sender "
	    "that has no older one delivers without any.",
	    "See that the web server of the policy host, mta-sts.DOMAIN, can "
	    "be reached, and that the policy is fit to be served.",
	    { CHECK, VERIFY } },
	{ "sts-policy-invalid",
	    "The policy was fetched and breaks a rule of RFC 8461. A sender "
	    "that has no older one delivers without any.",
	    "Mend what is found wrong with it; if that is nothing, another web "
	    "server answers for mta-sts.DOMAIN.",
	    { CHECK, VERIFY } },
	{ "sts-webpki-invalid",
	    "The web server of the policy has no good certificate. A sender "
	    "that has no older policy delivers without any.",
	    "Get a certificate of a public authority for mta-sts.DOMAIN, or "
	    "renew it.",
	    { VERIFY, "mta-sts hosts" } },
	{ "", "RFC 8460 does not have this result type.",
	    "The sender alone knows what it means; the reason, if there is "
	    "one, may tell.",
	    { VERIFY } },
};

const struct tlsrpt_result *
tlsrpt_result(const char *name)
{
	size_t i;

	for (i = 0; i + 1 < RESULTS; i++)
		if (strcmp(results[i].name, name) == 0)
			break;
	return &results[i];
}
