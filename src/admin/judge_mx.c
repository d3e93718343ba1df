/*
 * The MX hosts: whether the policy covers them, and whether a sender that goes
 * by it would deliver to them. What TLS shows is in judge_probe.c.
 */
#include <stdio.h>
#include <string.h>

#include "judge_part.h"

#define NAMES_SIZE 400

size_t
judge_mx_kept(const struct facts *facts)
{
	return facts->mx_count < FACTS_MX_MAX ? facts->mx_count : FACTS_MX_MAX;
}

bool
judge_is_covered(const struct judging *judging, const struct facts_mx *mx)
{
	size_t i;

	for (i = 0; i < judging->policy->mx_count; i++)
		if (judge_matches(policy_mx_name(judging->policy, i), mx->name))
			return true;
	return false;
}

/* Appends a name to a list, or dots where there is no more room. */
static void
add_name(struct text *names, const char *name)
{
	const size_t needed = names->length + 2 + strlen(name) + 5;

	if (needed <= names->size)
		text_add_format(
		    names, "%s%s", names->length > 0 ? ", " : "", name);
	else if (names->length > 3 &&
		 strcmp(names->bytes + names->length - 3, "...") != 0)
		text_add_string(names, ", ...");
}

static void
send_null(struct judging *judging)
{
	struct judge_finding finding;

	judge_begin(&finding, JUDGE_MX_NULL);
	judge_what(&finding,
	    "the MX record of %s is \".\": the domain takes no mail",
	    judging->facts->domain);
	judge_mend(
	    &finding, "Publish its MX records, or take the policy back:");
	judge_paste(&finding, "mta-sts retire %s", judging->facts->domain);
	judge_send(judging, &finding);
}

/* No MX record: whether the domain itself is there to take the mail. */
static bool
send_implicit(struct judging *judging)
{
	const struct facts *facts = judging->facts;
	const bool missing = judge_is_absent(&facts->mx[0].addresses);
	struct judge_finding finding;

	judge_begin(&finding, missing ? JUDGE_MX_MISSING : JUDGE_MX_IMPLICIT);
	judge_what(&finding, "%s has no MX record%s", facts->domain,
	    missing ? ", and no address" : "");
	judge_mend(&finding, "Publish one for each mail host.");
	judge_send(judging, &finding);
	return !missing;
}

static void
send_many(struct judging *judging)
{
	struct judge_finding finding;

	if (judging->facts->mx_count <= FACTS_MX_MAX)
		return;
	judge_begin(&finding, JUDGE_MX_MANY);
	judge_what(&finding,
	    "%s has %zu MX hosts; the first %d have been looked at",
	    judging->facts->domain, judging->facts->mx_count, FACTS_MX_MAX);
	judge_send(judging, &finding);
}

/* Whether it ends with the pattern's name, more than one label before it. */
static bool
is_deeper(const char *pattern, const char *name)
{
	const size_t length = strlen(name);
	size_t tail;

	if (strncmp(pattern, "*.", 2) != 0)
		return false;
	tail = strlen(++pattern);
	return length > tail && strcmp(name + length - tail, pattern) == 0;
}

static void
send_uncovered(struct judging *judging, const struct facts_mx *mx)
{
	const struct policy *policy = judging->policy;
	char arguments[HOSTNAME_SIZE + 16], line[HOSTNAME_SIZE + 16];
	struct judge_finding finding;
	size_t i;

	judge_begin(&finding, JUDGE_MX_UNCOVERED);
	judge_weigh(judging, &finding);
	judge_what(&finding, "no mx of the policy covers the MX %s", mx->name);
	for (i = 0; i < policy->mx_count; i++)
		if (is_deeper(policy_mx_name(policy, i), mx->name)) {
			judge_what(&finding, ": in %s, * is one label",
			    policy_mx_name(policy, i));
			break;
		}
	judge_mend(&finding,
	    "If that host is to take mail for %s, add it; else delete its MX "
	    "record.",
	    judging->facts->domain);
	(void)snprintf(arguments, sizeof(arguments), "--add-mx %s", mx->name);
	(void)snprintf(line, sizeof(line), "mx: %s", mx->name);
	judge_paste_change(judging, &finding, arguments, line);
	judge_send(judging, &finding);
}

static void
send_name(struct judging *judging, const struct facts_mx *mx)
{
	struct judge_finding finding;

	judge_begin(&finding, JUDGE_MX_NAME);
	judge_what(&finding, "the MX \"%s\" is no host name", mx->name);
	judge_mend(&finding, "Have the MX record name a host that has an "
			     "address; an address itself will not do.");
	judge_send(judging, &finding);
}

static void
send_host(struct judging *judging, const struct facts_mx *mx)
{
	if (!judge_is_host(mx->name)) {
		send_name(judging, mx);
		return;
	}
	if (judging->served && !judge_is_covered(judging, mx))
		send_uncovered(judging, mx);
	if (judging->judge->mx)
		judge_probe(judging, mx);
}

/* Whether an MX of the domain has that name, or is matched by the pattern. */
static bool
is_used(const struct facts *facts, const char *pattern)
{
	size_t i;

	for (i = 0; i < judge_mx_kept(facts); i++)
		if (judge_matches(pattern, facts->mx[i].name))
			return true;
	return false;
}

static bool
is_listed_missing(const struct facts *facts, const char *name)
{
	size_t i;

	for (i = 0; i < facts->listed_count && i < FACTS_MX_MAX; i++)
		if (strcmp(facts->listed[i].name, name) == 0)
			return facts->listed[i].dns == FACTS_DNS_NO_NAME ||
			       facts->listed[i].dns == FACTS_DNS_NO_DATA;
	return false;
}

static void
send_listed_missing(struct judging *judging, const char *name)
{
	char arguments[HOSTNAME_SIZE + 24], line[HOSTNAME_SIZE + 64];
	struct judge_finding finding;

	judge_begin(&finding, JUDGE_LISTED_MISSING);
	judge_what(&finding, "the policy lists %s, which does not exist", name);
	judge_mend(&finding, "Take it out of the policy, or give it an "
			     "address.");
	(void)snprintf(arguments, sizeof(arguments), "--remove-mx %s", name);
	(void)snprintf(line, sizeof(line), "without: mx: %s", name);
	judge_paste_change(judging, &finding, arguments, line);
	judge_send(judging, &finding);
}

static void
send_listed(struct judging *judging)
{
	const struct facts *facts = judging->facts;
	const bool all = facts->mx_count <= FACTS_MX_MAX;
	char storage[NAMES_SIZE];
	struct judge_finding finding;
	struct text names;
	size_t i;

	text_init(&names, storage, sizeof(storage));
	for (i = 0; i < judging->policy->mx_count; i++) {
		const char *name = policy_mx_name(judging->policy, i);

		if (is_used(facts, name))
			continue;
		if (is_listed_missing(facts, name))
			send_listed_missing(judging, name);
		else if (all)
			add_name(&names, name);
	}
	if (names.length == 0)
		return;
	judge_begin(&finding, JUDGE_LISTED_UNUSED);
	judge_what(&finding, "no MX of %s goes with these of the policy: %s",
	    facts->domain, storage);
	judge_mend(&finding, "Fine while an MX is being added; else take them "
			     "out.");
	judge_send(judging, &finding);
}

/* The hosts with TLSA records that DNSSEC secures, or else does not. */
static void
send_dane(struct judging *judging, bool secure)
{
	const struct facts *facts = judging->facts;
	char storage[NAMES_SIZE];
	struct judge_finding finding;
	struct text names;
	size_t i;

	/* What could not be checked may well be signed. */
	if (!secure && !facts->dnssec)
		return;
	text_init(&names, storage, sizeof(storage));
	for (i = 0; i < judge_mx_kept(facts); i++)
		if (facts->mx[i].tlsa.dns == FACTS_DNS_FOUND &&
		    facts->mx[i].tlsa.secure == secure)
			add_name(&names, facts->mx[i].name);
	if (names.length == 0)
		return;
	judge_begin(&finding, secure ? JUDGE_MX_DANE : JUDGE_MX_DANE_UNSIGNED);
	judge_what(&finding, "TLSA records%s: %s",
	    secure ? ", so that DANE goes first" : " without DNSSEC", storage);
	if (!secure)
		judge_mend(&finding, "Sign the zone, or delete them.");
	judge_send(judging, &finding);
}

void
judge_mx(struct judging *judging)
{
	const struct facts *facts = judging->facts;
	size_t i;

	if (judging->served && judging->policy->mode == POLICY_NONE)
		return;
	if (facts->mx_count == 0)
		return;
	if (facts->mx_count == 1 && facts->mx[0].name[0] == '\0') {
		send_null(judging);
		return;
	}
	if (facts->mx_implicit && !send_implicit(judging))
		return;
	send_many(judging);
	for (i = 0; i < judge_mx_kept(facts); i++)
		send_host(judging, &facts->mx[i]);
	if (judging->judge->mx) {
		judge_unreachable(judging);
		send_dane(judging, true);
		send_dane(judging, false);
	}
	if (judging->served)
		send_listed(judging);
}
