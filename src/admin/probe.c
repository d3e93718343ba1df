/*
 * A look at MX hosts; see probe.h.
 */
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostname.h"

#define BUCKETS  1024
#define STARTTLS "STARTTLS"

TAILQ_HEAD(probe_wishes, probe_wish);
TAILQ_HEAD(probe_hosts, probe_host);
LIST_HEAD(probe_bucket, probe_host);

struct probe_host {
	LIST_ENTRY(probe_host) bucket;
	TAILQ_ENTRY(probe_host) age;
	struct probe *probe;
	struct facts_mx mx; /* what is known; its preference is nobody's */
	struct probe_wishes wishes;
	bool done;
	unsigned pending; /* of the questions, and the call */
	struct lookup_question a, aaaa, tlsa;
	char addresses[PROBE_TRIES][FACTS_ADDRESS_SIZE];
	size_t count, next;
	bool offered;                /* STARTTLS */
	char reply[FACTS_WHY_SIZE];  /* the last line of one */
	struct facts_answer answers; /* A, while AAAA is under way */
	bool answered;
	struct peer_call call;
};

struct probe {
	struct lookup *lookup;
	struct peer *peer;
	unsigned port;
	size_t count;
	struct probe_hosts hosts; /* the newest last */
	struct probe_bucket buckets[BUCKETS];
};

struct probe *
probe_open(struct lookup *lookup, struct peer *peer, unsigned smtp_port)
{
	struct probe *probe = calloc(1, sizeof(*probe));

	if (probe == NULL)
		return NULL;
	probe->lookup = lookup;
	probe->peer = peer;
	probe->port = smtp_port;
	TAILQ_INIT(&probe->hosts);
	return probe;
}

static void
forget(struct probe *probe, struct probe_host *host)
{
	LIST_REMOVE(host, bucket);
	TAILQ_REMOVE(&probe->hosts, host, age);
	probe->count--;
	free(host);
}

void
probe_close(struct probe *probe)
{
	struct probe_host *host;

	if (probe == NULL)
		return;
	while ((host = TAILQ_FIRST(&probe->hosts)) != NULL)
		forget(probe, host);
	free(probe);
}

static size_t
hash_of(const char *name)
{
	size_t hash = 0;

	while (*name != '\0')
		hash = hash * 31 + (unsigned char)*name++;
	return hash % BUCKETS;
}

static struct probe_host *
find(const struct probe *probe, const char *name)
{
	struct probe_host *host;

	LIST_FOREACH(host, &probe->buckets[hash_of(name)], bucket)
	if (strcmp(host->mx.name, name) == 0)
		return host;
	return NULL;
}

/* Those under way stay; there are no more of them than domains want. */
static void
make_room(struct probe *probe)
{
	struct probe_host *host = TAILQ_FIRST(&probe->hosts);

	if (probe->count >= PROBE_KEPT && host->done)
		forget(probe, host);
}

static void
fulfil(const struct probe_host *host, struct probe_wish *wish)
{
	const unsigned preference = wish->mx->preference;

	*wish->mx = host->mx;
	wish->mx->preference = preference;
	wish->done(wish->context);
}

static void
release(struct probe_host *host)
{
	struct probe_wish *wish;

	if (--host->pending > 0)
		return;
	host->done = true;
	while ((wish = TAILQ_FIRST(&host->wishes)) != NULL) {
		TAILQ_REMOVE(&host->wishes, wish, link);
		fulfil(host, wish);
	}
}

static void
take_line(void *context, const char *bytes, size_t length)
{
	struct probe_host *host = context;

	while (length > 0 &&
	       (bytes[length - 1] == '\n' || bytes[length - 1] == '\r'))
		length--;
	facts_cut(host->reply, sizeof(host->reply), bytes, length);
	if (length == 4 + strlen(STARTTLS) &&
	    text_equals_fold(
		(struct text_span){ bytes + 4, length - 4 }, STARTTLS))
		host->offered = true;
}

static enum facts_probe_end
end_of(const struct probe_host *host)
{
	switch (host->call.end) {
	case PEER_REFUSED:
		return FACTS_PROBE_REFUSED;
	case PEER_TIMEOUT:
		return FACTS_PROBE_TIMEOUT;
	case PEER_TLS:
		return FACTS_PROBE_TLS;
	case PEER_NO_TLS:
		return host->offered ? FACTS_PROBE_TLS
				     : FACTS_PROBE_NO_STARTTLS;
	case PEER_DONE:
		return FACTS_PROBE_DONE;
	case PEER_TURNED_OFF:
	case PEER_BROKEN:
	case PEER_LARGE:
	default:
		return host->offered ? FACTS_PROBE_TLS : FACTS_PROBE_GREETING;
	}
}

/* What the host said itself is the better reason. */
static void
keep_result(struct probe_host *host)
{
	const struct peer_call *call = &host->call;
	struct facts_mx *mx = &host->mx;
	const char *why = call->why;

	mx->end = end_of(host);
	mx->tls = call->tls;
	memcpy(mx->address, call->address, sizeof(mx->address));
	if (mx->end == FACTS_PROBE_NO_STARTTLS)
		why = "";
	else if (host->reply[0] != '\0' &&
		 (call->end == PEER_TURNED_OFF || call->end == PEER_NO_TLS))
		why = host->reply;
	(void)snprintf(mx->why, sizeof(mx->why), "%s", why);
}

static void
try_next(struct probe_host *host)
{
	struct peer_call *call = &host->call;

	host->offered = false;
	host->reply[0] = '\0';
	memcpy(call->address, host->addresses[host->next++],
	    sizeof(call->address));
	peer_ask(host->probe->peer, call);
}

static void
end_try(void *context)
{
	struct probe_host *host = context;

	keep_result(host);
	if (!host->call.connected && host->next < host->count)
		try_next(host);
	else
		release(host);
}

static void
begin_call(struct probe_host *host)
{
	struct peer_call *call = &host->call;

	if (host->count == 0) {
		host->mx.end = FACTS_PROBE_NO_ADDRESS;
		release(host);
		return;
	}
	call->protocol = PEER_SMTP;
	memcpy(call->host, host->mx.name, sizeof(call->host));
	call->port = call->port_called = host->probe->port;
	call->line = take_line;
	call->done = end_try;
	call->context = host;
	try_next(host);
}

/* The better known of two answers, the longer way, the shorter life. */
static void
join(struct facts_answer *one, const struct facts_answer *other)
{
	static const int rank[] = {
		[FACTS_DNS_UNASKED] = 0,
		[FACTS_DNS_NO_NAME] = 1,
		[FACTS_DNS_NO_DATA] = 2,
		[FACTS_DNS_FAILED] = 3,
		[FACTS_DNS_BOGUS] = 4,
		[FACTS_DNS_FOUND] = 5,
	};
	struct facts_answer joined =
	    rank[one->dns] >= rank[other->dns] ? *one : *other;

	joined.secure = one->secure && other->secure;
	if (one->dns == FACTS_DNS_FOUND && other->dns == FACTS_DNS_FOUND &&
	    one->ttl < other->ttl)
		joined.ttl = one->ttl;
	else if (one->dns == FACTS_DNS_FOUND && other->dns == FACTS_DNS_FOUND)
		joined.ttl = other->ttl;
	*one = joined;
}

static void
take_addresses(void *context, const struct lookup_reply *reply)
{
	struct probe_host *host = context;
	size_t i, half;

	/* Of the family that comes first, no more than half of the tries. */
	half = host->answered ? PROBE_TRIES : PROBE_TRIES / 2;
	for (i = 0; i < reply->count && host->count < half; i++)
		if (rdata_address(
			lookup_rdata(reply, i), host->addresses[host->count]))
			host->count++;
	if (!host->answered) {
		host->mx.addresses = reply->answer;
		host->answered = true;
		return;
	}
	join(&host->mx.addresses, &reply->answer);
	begin_call(host);
}

static void
take_tlsa(void *context, const struct lookup_reply *reply)
{
	struct probe_host *host = context;

	host->mx.tlsa = reply->answer;
	release(host);
}

static void
ask(struct probe_host *host, struct lookup_question *question,
    const char *prefix, enum lookup_type type,
    void (*done)(void *, const struct lookup_reply *))
{
	(void)snprintf(question->name, sizeof(question->name), "%s%s.", prefix,
	    host->mx.name);
	question->type = type;
	question->done = done;
	question->context = host;
	lookup_ask(host->probe->lookup, question);
}

static struct probe_host *
begin(struct probe *probe, const char *name)
{
	struct probe_host *host = calloc(1, sizeof(*host));

	if (host == NULL)
		return NULL;
	make_room(probe);
	host->probe = probe;
	(void)snprintf(host->mx.name, sizeof(host->mx.name), "%s", name);
	TAILQ_INIT(&host->wishes);
	TAILQ_INSERT_TAIL(&probe->hosts, host, age);
	LIST_INSERT_HEAD(&probe->buckets[hash_of(name)], host, bucket);
	probe->count++;
	host->pending = 2;
	ask(host, &host->a, "", LOOKUP_A, take_addresses);
	ask(host, &host->aaaa, "", LOOKUP_AAAA, take_addresses);
	ask(host, &host->tlsa, "_25._tcp.", LOOKUP_TLSA, take_tlsa);
	return host;
}

bool
probe_ask(struct probe *probe, struct probe_wish *wish)
{
	struct facts_mx *mx = wish->mx;
	const struct text_span name = { mx->name, strlen(mx->name) };
	struct probe_host *host;
	const char *fault;
	size_t at;

	fault = hostname_fault(name, &at);
	if (name.length == 0 || fault != NULL) {
		mx->end = FACTS_PROBE_NO_ADDRESS;
		(void)snprintf(mx->why, sizeof(mx->why), "no host name: %s",
		    name.length == 0 ? "empty" : fault);
		wish->done(wish->context);
		return true;
	}
	host = find(probe, mx->name);
	if (host == NULL)
		host = begin(probe, mx->name);
	if (host == NULL)
		return false;
	if (host->done)
		fulfil(host, wish);
	else
		TAILQ_INSERT_TAIL(&host->wishes, wish, link);
	return true;
}
