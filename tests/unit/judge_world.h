/*
 * Of test_judge.c: a domain about which all is well, and how to spoil it.
 */
#ifndef MTASTS_JUDGE_WORLD_H
#define MTASTS_JUDGE_WORLD_H

#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "record.h"

#define DAY     86400
#define NOW     1795323112 /* 2026-11-22T04:51:52Z */
#define ENFORCE POLICY("enforce", "", "1209600")
#define TESTING POLICY("testing", "", "1209600")
#define LISTED  POLICY("enforce", "mx: old.example.com\r\n", "1209600")
#define NONE    "version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n"

#define POLICY(mode, mx, age)                                                  \
	"version: STSv1\r\nmode: " mode "\r\nmx: *.example.com\r\n" mx         \
	"max_age: " age "\r\n"

#define LONGER POLICY("enforce", "", "1209601")
/* The policy of ENFORCE, laid out otherwise. */
#define BARE                                                                   \
	"version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 1209600\n"

/* Of ENFORCE: printf 'version: ...' | sha256sum, its first 32 digits. */
#define GOOD_ID "ae881cc1fb8f6aa0d3c95878c2bbac9d"

static void
txt(struct facts_txt *at, const char *value)
{
	at->answer.dns = FACTS_DNS_FOUND;
	strcpy(at->at[at->count].bytes, value);
	at->at[at->count++].length = strlen(value);
}

static void
lose(struct facts_answer *answer, enum facts_dns end, const char *why)
{
	answer->dns = end;
	strcpy(answer->why, why);
}

static void
pass_over(void *context, const struct diag *diag)
{
	(void)context;
	(void)diag;
}

/* As fetch does it, but for another digest. */
static void
serve_one(struct facts_fetch *fetch, const char *text)
{
	static struct policy policy;
	struct diag_sink sink = { .take = pass_over, .file = "" };
	unsigned hash = 0;
	const char *at;

	fetch->body = strdup(text);
	fetch->length = strlen(text);
	for (at = text; *at != '\0'; at++)
		hash = hash * 31 + (unsigned char)*at;
	(void)snprintf(fetch->digest, sizeof(fetch->digest), "%08x", hash);
	policy_parse(&policy, text, fetch->length, POLICY_UNKNOWN_PASS, &sink);
	policy_validate(&policy, &sink);
	fetch->id[0] = '\0';
	fetch->mode = policy.mode;
	if (sink.errors == 0)
		record_id_of_policy(&policy, fetch->id);
}

static void
serve(struct facts *f, const char *text)
{
	free(f->fetch4.body);
	free(f->fetch6.body);
	serve_one(&f->fetch4, text);
	serve_one(&f->fetch6, text);
	if (f->local.text != NULL) {
		free(f->local.text);
		f->local.text = strdup(text);
		f->local.length = strlen(text);
	}
}

static void
unserve(struct facts *f)
{
	free(f->fetch4.body);
	free(f->fetch6.body);
	f->fetch4.body = f->fetch6.body = NULL;
	f->fetch4.length = f->fetch6.length = 0;
	f->fetch4.id[0] = f->fetch6.id[0] = '\0';
	f->fetch4.end = f->fetch6.end = f->host4.dns == FACTS_DNS_FOUND
					    ? FACTS_FETCH_ANSWER
					    : FACTS_FETCH_UNASKED;
}

/* This machine has the policy, too. */
static void
know(struct facts *f)
{
	const char *text = f->fetch4.body != NULL ? f->fetch4.body : ENFORCE;

	f->local.known = true;
	strcpy(f->local.id, "1");
	f->local.text = strdup(text);
	f->local.length = strlen(text);
}

static void
certify(struct facts *f, enum facts_certificate certificate)
{
	unserve(f);
	f->fetch4.end = f->fetch6.end = FACTS_FETCH_TLS;
	f->fetch4.tls.certificate = f->fetch6.tls.certificate = certificate;
	f->fetch4.tls.protocol[0] = f->fetch6.tls.protocol[0] = '\0';
}

static void
media(struct facts *f, const char *type)
{
	strcpy(f->fetch4.media_type, type);
	strcpy(f->fetch6.media_type, type);
}

static void
probe(struct facts *f, size_t i, enum facts_probe_end end)
{
	f->mx[i].end = end;
	f->mx[i].tls.certificate = FACTS_CERTIFICATE_UNSEEN;
	f->mx[i].tls.expires = 0;
	f->mx[i].tls.protocol[0] = '\0';
}

static void
implicit(struct facts *f)
{
	f->mx_answer.dns = FACTS_DNS_NO_DATA;
	f->mx_count = 1;
	f->mx_implicit = true;
	strcpy(f->mx[0].name, "example.com");
}

static void
many(struct facts *f, size_t count)
{
	size_t i;

	for (i = 2; i < FACTS_MX_MAX; i++) {
		f->mx[i] = f->mx[0];
		(void)snprintf(
		    f->mx[i].name, HOSTNAME_SIZE, "mx%zu.example.com", i + 1);
	}
	f->mx_count = count;
}

static void
list(struct facts *f, enum facts_dns dns)
{
	strcpy(f->listed[0].name, "old.example.com");
	f->listed[0].dns = dns;
	f->listed_count = 1;
}

static void
nothing(struct facts *f)
{
	f->sts.count = 0;
	f->sts.answer.dns = FACTS_DNS_NO_NAME;
	f->tlsrpt.count = 0;
	f->tlsrpt.answer.dns = FACTS_DNS_NO_NAME;
	serve(f, "<html>");
}

static struct facts_fetch
good_fetch(const char *address)
{
	struct facts_fetch fetch = { .end = FACTS_FETCH_ANSWER,
		.status = 200,
		.media_type = "text/plain",
		.milliseconds = 30,
		.tls = { .certificate = FACTS_CERTIFICATE_GOOD,
		    .expires = NOW + 60 * DAY,
		    .protocol = "TLSv1.3" } };

	strcpy(fetch.address, address);
	serve_one(&fetch, ENFORCE);
	return fetch;
}

/* One more fetch, which brought that text; NULL: what all bring. */
static struct facts_fetch *
again(struct facts *f, const char *address, const char *text)
{
	struct facts_fetch *fetch;

	if (f->further == NULL)
		f->further = calloc(FACTS_FETCHES_MAX, sizeof(*f->further));
	fetch = &f->further[f->further_count++];
	*fetch = good_fetch(address);
	free(fetch->body);
	serve_one(fetch, text != NULL ? text : ENFORCE);
	free(fetch->body);
	fetch->body = NULL;
	return fetch;
}

/* One more that brought none. */
static struct facts_fetch *
fails(struct facts *f, const char *address, enum facts_fetch_end end,
    unsigned status)
{
	struct facts_fetch *fetch = again(f, address, "");

	fetch->end = end;
	fetch->status = status;
	return fetch;
}

/* What was brought by that form of the Host header. */
static struct facts_fetch *
ask(struct facts *f, enum facts_form form, unsigned status, const char *text)
{
	struct facts_fetch *fetch = &f->forms[form];

	*fetch = good_fetch("192.0.2.1");
	free(fetch->body);
	serve_one(fetch, text);
	free(fetch->body);
	fetch->body = NULL;
	fetch->status = status;
	if (status != 200)
		fetch->id[0] = '\0';
	return fetch;
}

static struct facts_mx
good_mx(const char *name)
{
	struct facts_mx mx = { .preference = 10,
		.addresses = { .dns = FACTS_DNS_FOUND, .ttl = 300 },
		.end = FACTS_PROBE_DONE,
		.address = "192.0.2.25",
		.tls = { .certificate = FACTS_CERTIFICATE_GOOD,
		    .expires = NOW + 60 * DAY,
		    .protocol = "TLSv1.2" },
		.tlsa = { .dns = FACTS_DNS_NO_NAME } };

	strcpy(mx.name, name);
	return mx;
}

static void
make_good(struct facts *f)
{
	*f = (struct facts){ .domain = "example.com",
		.looked = NOW,
		.dnssec = true,
		.port = 443,
		.sts.answer.ttl = 3600,
		.host4 = { .dns = FACTS_DNS_FOUND, .ttl = 300 },
		.host6 = { .dns = FACTS_DNS_FOUND, .ttl = 300 },
		.mx_answer = { .dns = FACTS_DNS_FOUND, .ttl = 300 },
		.mx_count = 2 };
	txt(&f->sts, "v=STSv1; id=1;");
	txt(&f->tlsrpt, "v=TLSRPTv1; rua=mailto:tls@example.com");
	txt(&f->apex, "v=spf1 mx -all");
	f->misnamed.answer.dns = FACTS_DNS_NO_NAME;
	f->fetch4 = good_fetch("192.0.2.1");
	f->fetch6 = good_fetch("2001:db8::1");
	f->mx[0] = good_mx("mx1.example.com");
	f->mx[1] = good_mx("mx2.example.com");
}

#endif
