/*
 * One domain that is looked at: what is asked when, and where the answers go;
 * see examine_job.h. The policy itself is in examine_fetch.c.
 */
#include "examine_job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <arpa/inet.h>

#include "hostname.h"

void
examine_job_hold(struct examine_job *job)
{
	job->pending++;
}

void
examine_job_release(struct examine_job *job)
{
	if (--job->pending == 0)
		job->done = true;
}

static void
ask(struct examine_job *job, struct lookup_question *question,
    const char *prefix, const char *name, enum lookup_type type,
    void (*done)(void *, const struct lookup_reply *))
{
	(void)snprintf(
	    question->name, sizeof(question->name), "%s%s.", prefix, name);
	question->type = type;
	question->done = done;
	question->context = job;
	examine_job_hold(job);
	lookup_ask(job->tools->lookup, question);
}

static void
take_txt(struct examine_job *job, struct facts_txt *txt,
    const struct lookup_reply *reply)
{
	size_t i;

	txt->answer = reply->answer;
	txt->count = reply->count;
	for (i = 0; i < reply->count && i < FACTS_TXT_MAX; i++)
		txt->at[i].length = rdata_txt(lookup_rdata(reply, i),
		    txt->at[i].bytes, sizeof(txt->at[i].bytes) - 1);
	examine_job_release(job);
}

static void
take_misnamed(void *context, const struct lookup_reply *reply)
{
	struct examine_job *job = context;

	take_txt(job, &job->facts.misnamed, reply);
}

/* Where there is none, it may be where people put it by mistake. */
static void
take_sts(void *context, const struct lookup_reply *reply)
{
	struct examine_job *job = context;

	if (reply->answer.dns == FACTS_DNS_NO_DATA ||
	    reply->answer.dns == FACTS_DNS_NO_NAME)
		ask(job, &job->misnamed, "_mta_sts.", job->facts.domain,
		    LOOKUP_TXT, take_misnamed);
	take_txt(job, &job->facts.sts, reply);
}

static void
take_tlsrpt(void *context, const struct lookup_reply *reply)
{
	struct examine_job *job = context;

	take_txt(job, &job->facts.tlsrpt, reply);
}

static void
take_apex(void *context, const struct lookup_reply *reply)
{
	struct examine_job *job = context;

	take_txt(job, &job->facts.apex, reply);
}

/* A name of the policy is there when it has an address of either family. */
static void
take_listed(void *context, const struct lookup_reply *reply)
{
	struct facts_listed *listed;
	struct examine_job *job = context;
	struct lookup_question *question;
	size_t i;

	for (i = 0; i < job->facts.listed_count; i++)
		if (reply->question == &job->listed[i])
			break;
	question = &job->listed[i];
	listed = &job->facts.listed[i];
	if (listed->dns == FACTS_DNS_UNASKED ||
	    reply->answer.dns != FACTS_DNS_NO_DATA)
		listed->dns = reply->answer.dns;
	if (listed->dns == FACTS_DNS_NO_DATA && question->type == LOOKUP_A)
		ask(job, question, "", listed->name, LOOKUP_AAAA, take_listed);
	examine_job_release(job);
}

static void
ignore(void *context, const struct diag *diag)
{
	(void)context;
	(void)diag;
}

void
examine_job_ask_listed(struct examine_job *job, const struct facts_fetch *fetch)
{
	struct diag_sink sink = { .take = ignore, .file = "" };
	struct policy *policy = &job->tools->policy;
	struct facts *facts = &job->facts;
	size_t i;

	if (fetch->length > POLICY_SIZE_MAX)
		return;
	policy_parse(
	    policy, fetch->body, fetch->length, POLICY_UNKNOWN_PASS, &sink);
	for (i = 0; i < policy->mx_count; i++) {
		const char *name = policy_mx_name(policy, i);
		const size_t count = facts->listed_count;

		if (*name == '*')
			continue;
		if (count == FACTS_MX_MAX)
			break;
		(void)snprintf(facts->listed[count].name,
		    sizeof(facts->listed[count].name), "%s", name);
		facts->listed_count++;
		ask(job, &job->listed[count], "", name, LOOKUP_A, take_listed);
	}
}

static void
keep_addresses(struct fetch *fetch, const struct lookup_reply *reply)
{
	size_t i;

	for (i = 0; i < reply->count && fetch->count < FACTS_PLACES_MAX; i++)
		if (rdata_address(
			lookup_rdata(reply, i), fetch->addresses[fetch->count]))
			fetch->count++;
}

static void
take_host(void *context, const struct lookup_reply *reply)
{
	struct examine_job *job = context;
	const bool four = reply->question->type == LOOKUP_A;
	const bool detour = reply->question == &job->detour4 ||
			    reply->question == &job->detour6;

	if (!detour)
		*(four ? &job->facts.host4 : &job->facts.host6) = reply->answer;
	if (detour || job->detour.host[0] == '\0')
		keep_addresses(four ? &job->fetch4 : &job->fetch6, reply);
	if (--job->awaited == 0)
		examine_fetch_begin(job);
	examine_job_release(job);
}

static void
ask_address(struct examine_job *job, struct lookup_question *question,
    const char *prefix, const char *name, enum lookup_type type)
{
	job->awaited++;
	ask(job, question, prefix, name, type, take_host);
}

/* The address of a detour, or the questions for it. */
static void
begin_detour(struct examine_job *job)
{
	const char *host = job->detour.host;
	unsigned char bytes[sizeof(struct in6_addr)];
	struct fetch *fetch = NULL;

	if (inet_pton(AF_INET, host, bytes) == 1)
		fetch = &job->fetch4;
	else if (inet_pton(AF_INET6, host, bytes) == 1)
		fetch = &job->fetch6;
	if (fetch != NULL) {
		(void)snprintf(fetch->addresses[0], sizeof(fetch->addresses[0]),
		    "%s", host);
		fetch->count = 1;
	} else if (*host != '\0') {
		ask_address(job, &job->detour4, "", host, LOOKUP_A);
		ask_address(job, &job->detour6, "", host, LOOKUP_AAAA);
	}
}

static void
end_probe(void *context)
{
	examine_job_release(context);
}

static void
begin_probes(struct examine_job *job)
{
	struct facts *facts = &job->facts;
	size_t i;

	for (i = 0; i < FACTS_MX_MAX && i < facts->mx_count; i++) {
		struct probe_wish *wish = &job->wishes[i];

		if (facts->mx[i].name[0] == '\0')
			continue;
		wish->mx = &facts->mx[i];
		wish->done = end_probe;
		wish->context = job;
		examine_job_hold(job);
		if (!probe_ask(job->tools->probe, wish)) {
			job->tools->error = errno;
			examine_job_release(job);
		}
	}
}

static bool
is_better(const struct facts_mx *one, const struct facts_mx *other)
{
	if (one->preference != other->preference)
		return one->preference < other->preference;
	return strcmp(one->name, other->name) < 0;
}

/* Where it belongs among the best, the worst of which falls off. */
static void
keep_mx(struct facts *facts, const char *name, unsigned preference)
{
	struct facts_mx mx = { .preference = preference };
	size_t at = facts->mx_count++;

	memcpy(mx.name, name, sizeof(mx.name));
	if (at >= FACTS_MX_MAX)
		at = FACTS_MX_MAX;
	while (at > 0 && is_better(&mx, &facts->mx[at - 1])) {
		if (at < FACTS_MX_MAX)
			facts->mx[at] = facts->mx[at - 1];
		at--;
	}
	if (at < FACTS_MX_MAX)
		facts->mx[at] = mx;
}

static void
take_mx(void *context, const struct lookup_reply *reply)
{
	struct examine_job *job = context;
	struct facts *facts = &job->facts;
	char name[HOSTNAME_SIZE];
	unsigned preference;
	size_t i;

	facts->mx_answer = reply->answer;
	for (i = 0; i < reply->count; i++) {
		memset(name, 0, sizeof(name));
		preference = 0;
		(void)rdata_mx(lookup_rdata(reply, i), &preference, name);
		keep_mx(facts, name, preference);
	}
	if (facts->mx_answer.dns == FACTS_DNS_NO_DATA) {
		facts->mx_implicit = true;
		keep_mx(facts, facts->domain, 0);
	}
	begin_probes(job);
	examine_job_release(job);
}

void
examine_job_begin(struct examine_job *job, struct examine_tools *tools)
{
	const char *domain = job->facts.domain;
	const struct text_span span = { domain, strlen(domain) };
	struct text host;
	size_t at;

	job->tools = tools;
	job->facts.looked = time(NULL);
	job->facts.port = tools->options.https_port;
	examine_job_hold(job);
	if (hostname_fault(span, &at) != NULL ||
	    span.length > HOSTNAME_DOMAIN_MAX) {
		examine_job_release(job);
		return;
	}
	text_init(&host, job->host, sizeof(job->host));
	text_add_string(&host, HOSTNAME_POLICY_LABEL);
	text_add_string(&host, domain);
	(void)detour_find(tools->options.connect_to, job->host,
	    tools->options.https_port, &job->detour);
	ask(job, &job->sts, "_mta-sts.", domain, LOOKUP_TXT, take_sts);
	ask(job, &job->tlsrpt, "_smtp._tls.", domain, LOOKUP_TXT, take_tlsrpt);
	ask(job, &job->apex, "", domain, LOOKUP_TXT, take_apex);
	ask_address(job, &job->host4, "", job->host, LOOKUP_A);
	ask_address(job, &job->host6, "", job->host, LOOKUP_AAAA);
	begin_detour(job);
	if (tools->options.mx)
		ask(job, &job->mx, "", domain, LOOKUP_MX, take_mx);
	examine_job_release(job);
}
