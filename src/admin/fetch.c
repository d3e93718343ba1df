/*
 * The policy by HTTPS; see fetch.h.
 */
#include "fetch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <sha2.h>

#define BODY_FIRST 1024 /* most policies are shorter */

bool
fetch_succeeded(const struct facts_fetch *facts)
{
	return facts->end == FACTS_FETCH_ANSWER && facts->status == 200;
}

/* One octet more than the length is there, for a NUL. */
static bool
keep_body(void *context, const char *bytes, size_t length)
{
	struct fetch *fetch = context;
	struct facts_fetch *facts = fetch->facts;
	size_t size = fetch->size == 0 ? BODY_FIRST : fetch->size;
	char *body;

	if (length > FACTS_BODY_MAX - facts->length)
		return false;
	while (size <= facts->length + length)
		size *= 2;
	if (size > fetch->size) {
		body = realloc(facts->body, size);
		if (body == NULL)
			return false;
		facts->body = body;
		fetch->size = size;
	}
	memcpy(facts->body + facts->length, bytes, length);
	facts->length += length;
	facts->body[facts->length] = '\0';
	return true;
}

static void
drop_body(struct fetch *fetch)
{
	free(fetch->facts->body);
	fetch->facts->body = NULL;
	fetch->facts->length = fetch->size = 0;
}

static void
ignore(void *context, const struct diag *diag)
{
	(void)context;
	(void)diag;
}

static void
keep_policy(struct facts_fetch *facts)
{
	static struct policy policy;
	struct diag_sink sink = { .take = ignore, .file = "" };

	policy_parse(
	    &policy, facts->body, facts->length, POLICY_UNKNOWN_PASS, &sink);
	policy_validate(&policy, &sink);
	if (sink.errors > 0)
		return;
	record_id_of_policy(&policy, facts->id);
	facts->mode = policy.mode;
}

static void
keep_digest(struct facts_fetch *facts)
{
	char digest[SHA256_DIGEST_STRING_LENGTH];
	struct text out;

	(void)SHA256Data((const uint8_t *)facts->body, facts->length, digest);
	text_init(&out, facts->digest, sizeof(facts->digest));
	text_add(&out, digest, RECORD_ID_MAX);
}

static enum facts_fetch_end
end_of(enum peer_end end)
{
	switch (end) {
	case PEER_REFUSED:
		return FACTS_FETCH_REFUSED;
	case PEER_TIMEOUT:
		return FACTS_FETCH_TIMEOUT;
	case PEER_TLS:
		return FACTS_FETCH_TLS;
	case PEER_LARGE:
		return FACTS_FETCH_LARGE;
	case PEER_DONE:
		return FACTS_FETCH_ANSWER;
	case PEER_NO_TLS:
	case PEER_TURNED_OFF:
	case PEER_BROKEN:
	default:
		return FACTS_FETCH_BROKEN;
	}
}

static void
keep_result(struct fetch *fetch)
{
	const struct peer_call *call = &fetch->call;
	struct facts_fetch *facts = fetch->facts;

	facts->end = end_of(call->end);
	memcpy(facts->address, call->address, sizeof(facts->address));
	memcpy(facts->why, call->why, sizeof(facts->why));
	facts->tls = call->tls;
	facts->status = call->status;
	memcpy(facts->location, call->location, sizeof(facts->location));
	memcpy(facts->media_type, call->media_type, sizeof(facts->media_type));
	facts->milliseconds = call->milliseconds;
	/* No octets are a text, too, and a bad one. */
	if (facts->end == FACTS_FETCH_ANSWER && facts->body == NULL) {
		facts->body = calloc(1, 1);
		if (facts->body == NULL)
			facts->end = FACTS_FETCH_BROKEN;
	}
	if (facts->end != FACTS_FETCH_ANSWER) {
		drop_body(fetch);
		return;
	}
	keep_digest(facts);
	if (fetch_succeeded(facts))
		keep_policy(facts);
}

static void
try_next(struct fetch *fetch)
{
	struct peer_call *call = &fetch->call;

	fetch->tries++;
	memcpy(call->address, fetch->addresses[fetch->next],
	    sizeof(call->address));
	peer_ask(fetch->peer, call);
}

/* What OpenSSL calls the alert number 80. */
static bool
is_internal(const struct peer_call *call)
{
	return call->end == PEER_TLS &&
	       strstr(call->why, "alert internal error") != NULL;
}

/* A host is another's only when the connection was made. */
static bool
find_next(struct fetch *fetch)
{
	if (fetch->tries == FETCH_TRIES)
		return false;
	if (fetch->call.connected)
		return fetch->again && is_internal(&fetch->call);
	return ++fetch->next < fetch->count;
}

static void
end_try(void *context)
{
	struct fetch *fetch = context;

	keep_result(fetch);
	if (find_next(fetch))
		try_next(fetch);
	else
		fetch->done(fetch->context);
}

void
fetch_begin(struct fetch *fetch, struct peer *peer)
{
	struct peer_call *call = &fetch->call;

	fetch->peer = peer;
	call->protocol = PEER_HTTPS;
	memcpy(call->host, fetch->host, sizeof(call->host));
	memcpy(call->header, fetch->header, sizeof(call->header));
	call->port = fetch->port;
	call->port_called = fetch->port_called;
	call->body = keep_body;
	call->done = end_try;
	call->context = fetch;
	try_next(fetch);
}
