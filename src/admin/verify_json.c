/*
 * A domain as JSON; see verify.h.
 */
#include <json-c/json.h>

#include "jsonout.h"
#include "verify.h"

static void
set_number(struct json_object *row, const char *key, long long number)
{
	(void)json_object_object_add(row, key, json_object_new_int64(number));
}

static void
set_time(struct json_object *row, const char *key, time_t time)
{
	if (time != 0)
		jsonout_set_time(row, key, time);
	else
		(void)json_object_object_add(row, key, NULL);
}

/* What was not there is null. */
static void
set_word(struct json_object *row, const char *key, const char *word)
{
	jsonout_set_string(row, key, word[0] != '\0' ? word : NULL);
}

static const char *
certificate_name(enum facts_certificate certificate)
{
	static const char *const names[] = {
		[FACTS_CERTIFICATE_UNSEEN] = "",
		[FACTS_CERTIFICATE_GOOD] = "good",
		[FACTS_CERTIFICATE_EXPIRED] = "expired",
		[FACTS_CERTIFICATE_TOO_EARLY] = "early",
		[FACTS_CERTIFICATE_NAME] = "name",
		[FACTS_CERTIFICATE_SELF_SIGNED] = "self-signed",
		[FACTS_CERTIFICATE_UNTRUSTED] = "untrusted",
		[FACTS_CERTIFICATE_OTHER] = "other",
	};

	return names[certificate];
}

static void
set_tls(struct json_object *row, const struct facts_tls *tls)
{
	set_word(row, "tls", tls->protocol);
	set_word(row, "certificate", certificate_name(tls->certificate));
	set_time(row, "expires", tls->expires);
}

static void
add_fetch(struct json_object *rows, const struct facts_fetch *fetch)
{
	static const char *const ends[] = {
		[FACTS_FETCH_UNASKED] = "unasked",
		[FACTS_FETCH_REFUSED] = "refused",
		[FACTS_FETCH_TIMEOUT] = "timeout",
		[FACTS_FETCH_TLS] = "tls",
		[FACTS_FETCH_BROKEN] = "broken",
		[FACTS_FETCH_LARGE] = "large",
		[FACTS_FETCH_ANSWER] = "answer",
	};
	struct json_object *row;

	if (fetch->end == FACTS_FETCH_UNASKED)
		return;
	row = json_object_new_object();
	set_word(row, "address", fetch->address);
	jsonout_set_string(row, "end", ends[fetch->end]);
	set_word(row, "why", fetch->why);
	set_number(row, "status", fetch->status);
	set_word(row, "media_type", fetch->media_type);
	set_number(row, "milliseconds", fetch->milliseconds);
	set_number(row, "octets", (long long)fetch->length);
	set_word(row, "id", fetch->id);
	set_word(row, "mode",
	    fetch->id[0] != '\0' ? policy_mode_name(fetch->mode) : "");
	set_tls(row, &fetch->tls);
	(void)json_object_array_add(rows, row);
}

static void
add_mx(struct json_object *rows, const struct facts_mx *mx)
{
	static const char *const ends[] = {
		[FACTS_PROBE_UNASKED] = "unasked",
		[FACTS_PROBE_NO_ADDRESS] = "no-address",
		[FACTS_PROBE_REFUSED] = "refused",
		[FACTS_PROBE_TIMEOUT] = "timeout",
		[FACTS_PROBE_GREETING] = "greeting",
		[FACTS_PROBE_NO_STARTTLS] = "no-starttls",
		[FACTS_PROBE_TLS] = "tls",
		[FACTS_PROBE_DONE] = "done",
	};
	struct json_object *row = json_object_new_object();
	const bool dane = mx->tlsa.dns == FACTS_DNS_FOUND && mx->tlsa.secure;

	jsonout_set_string(row, "name", mx->name[0] != '\0' ? mx->name : ".");
	set_number(row, "preference", mx->preference);
	set_word(row, "address", mx->address);
	jsonout_set_string(row, "end", ends[mx->end]);
	set_word(row, "why", mx->why);
	set_tls(row, &mx->tls);
	(void)json_object_object_add(
	    row, "dane", json_object_new_boolean(dane));
	(void)json_object_array_add(rows, row);
}

static void
add_finding(struct json_object *rows, const struct judge_finding *finding)
{
	struct json_object *row = json_object_new_object();

	jsonout_set_string(row, "code", finding->code);
	jsonout_set_string(
	    row, "severity", judge_severity_name(finding->severity));
	jsonout_set_string(row, "group", finding->group);
	jsonout_set_string(row, "what", finding->what);
	jsonout_set_string(row, "effect", judge_effect_name(finding->effect));
	set_word(row, "sender", finding->sender);
	set_word(row, "mend", finding->mend);
	(void)json_object_array_add(rows, row);
}

static void
set_record(struct json_object *row, const struct facts *facts)
{
	const struct facts_answer *answer = &facts->sts.answer;
	char id[RECORD_ID_SIZE];

	(void)judge_id(facts, id);
	set_word(row, "id", id);
	set_number(row, "ttl", answer->ttl);
	set_word(row, "alias_of", answer->canonical);
	(void)json_object_object_add(row, "dnssec",
	    facts->dnssec ? json_object_new_boolean(answer->secure) : NULL);
}

struct json_object *
verify_json(const struct verify_domain *domain)
{
	const struct facts *facts = domain->facts;
	struct json_object *row = json_object_new_object();
	struct json_object *fetches = json_object_new_array();
	struct json_object *hosts = json_object_new_array();
	struct json_object *findings = json_object_new_array();
	const struct facts_fetch *fetch;
	size_t i;

	jsonout_set_string(row, "domain", facts->domain);
	jsonout_set_string(row, "verdict", judge_verdict_name(domain->verdict));
	jsonout_set_time(row, "looked", facts->looked);
	set_record(row, facts);
	jsonout_set_policy(row, domain->policy);
	for (i = 0; (fetch = facts_fetch(facts, i)) != NULL; i++)
		add_fetch(fetches, fetch);
	for (i = 0; i < facts->mx_count && i < FACTS_MX_MAX; i++)
		add_mx(hosts, &facts->mx[i]);
	for (i = 0; i < domain->finding_count; i++)
		add_finding(findings, &domain->findings[i]);
	(void)json_object_object_add(row, "fetches", fetches);
	(void)json_object_object_add(row, "mx_hosts", hosts);
	(void)json_object_object_add(row, "findings", findings);
	return row;
}
