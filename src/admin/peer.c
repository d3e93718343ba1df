/*
 * Calls at other machines; see peer.h. How one is made is in peer_call.c.
 */
#include "peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer_call.h"

#define BUCKETS 1024 /* of addresses */

TAILQ_HEAD(peer_queue, peer_call);

struct peer {
	const struct looklib *lib;
	struct peer_options options;
	CURLM *multi;
	struct peer_queue waiting, active;
	size_t active_count;
	bool changed; /* since it was last seen whose turn it is */
	/* By the hash of the address. Two that share one wait more, no less. */
	unsigned short busy[BUCKETS];
};

/*
 * Whether there are authorities to trust. Without any, each call would fail as
 * if the other side were to blame.
 */
static bool
has_authorities(
    const struct looklib *lib, const char *ca_file, char why[FACTS_WHY_SIZE])
{
	const char *file = ca_file;
	SSL_CTX *context;
	bool good;

	if (file == NULL)
		file = lib->curl_version_info_(CURLVERSION_NOW)->cainfo;
	if (file == NULL)
		return true;
	context = lib->SSL_CTX_new_(lib->TLS_client_method_());
	good = context != NULL &&
	       lib->SSL_CTX_load_verify_locations_(context, file, NULL) == 1;
	if (!good)
		(void)snprintf(why, FACTS_WHY_SIZE, "%s: %s%s", file,
		    access(file, R_OK) != 0 ? strerror(errno)
					    : "no certificates of authorities",
		    ca_file == NULL
			? "; install ca-certificates, or name a --ca-file"
			: "");
	lib->SSL_CTX_free_(context);
	return good;
}

struct peer *
peer_open(const struct peer_options *options, char why[FACTS_WHY_SIZE])
{
	const struct looklib *lib = looklib_load(why);
	struct peer *peer;

	if (lib == NULL || !has_authorities(lib, options->ca_file, why))
		return NULL;
	peer = calloc(1, sizeof(*peer));
	if (peer == NULL || (peer->multi = lib->curl_multi_init_()) == NULL) {
		(void)snprintf(why, FACTS_WHY_SIZE, "%s", strerror(ENOMEM));
		free(peer);
		return NULL;
	}
	peer->lib = lib;
	peer->options = *options;
	TAILQ_INIT(&peer->waiting);
	TAILQ_INIT(&peer->active);
	return peer;
}

static void
hang_up(struct peer *peer, struct peer_call *call)
{
	if (call->easy != NULL)
		peer->lib->curl_multi_remove_handle_(peer->multi, call->easy);
	peer_call_free(call);
}

void
peer_close(struct peer *peer)
{
	struct peer_call *call;

	if (peer == NULL)
		return;
	while ((call = TAILQ_FIRST(&peer->active)) != NULL) {
		TAILQ_REMOVE(&peer->active, call, link);
		hang_up(peer, call);
	}
	peer->lib->curl_multi_cleanup_(peer->multi);
	free(peer);
}

static unsigned short *
bucket(struct peer *peer, const char *address)
{
	size_t hash = 0;

	while (*address != '\0')
		hash = hash * 31 + (unsigned char)*address++;
	return &peer->busy[hash % BUCKETS];
}

void
peer_ask(struct peer *peer, struct peer_call *call)
{
	TAILQ_INSERT_TAIL(&peer->waiting, call, link);
	peer->changed = true;
}

/* Nobody waits for the answer to QUIT. */
static void
end_call(struct peer *peer, struct peer_call *call, CURLcode code)
{
	static const char quit[] = "QUIT\r\n";
	size_t sent;

	peer_call_read(call, code);
	if (code == CURLE_OK && call->protocol == PEER_SMTP)
		(void)peer->lib->curl_easy_send_(
		    call->easy, quit, sizeof(quit) - 1, &sent);
	hang_up(peer, call);
	TAILQ_REMOVE(&peer->active, call, link);
	peer->active_count--;
	peer->changed = true;
	(*bucket(peer, call->address))--;
	call->done(call->context);
}

static CURLcode
dial(struct peer *peer, struct peer_call *call)
{
	CURLcode code = peer_call_set_up(call, peer->lib, &peer->options);

	if (code == CURLE_OK && peer->lib->curl_multi_add_handle_(
				    peer->multi, call->easy) != CURLM_OK)
		code = CURLE_OUT_OF_MEMORY;
	return code;
}

static void
begin_waiting(struct peer *peer)
{
	struct peer_call *call, *next;
	CURLcode code;

	peer->changed = false;
	for (call = TAILQ_FIRST(&peer->waiting);
	     call != NULL && peer->active_count < PEER_ACTIVE_MAX;
	     call = next) {
		next = TAILQ_NEXT(call, link);
		if (*bucket(peer, call->address) >= PEER_ADDRESS_MAX)
			continue;
		TAILQ_REMOVE(&peer->waiting, call, link);
		TAILQ_INSERT_TAIL(&peer->active, call, link);
		peer->active_count++;
		(*bucket(peer, call->address))++;
		code = dial(peer, call);
		if (code != CURLE_OK)
			end_call(peer, call, code);
	}
}

bool
peer_wait(struct peer *peer, int fd, int milliseconds)
{
	struct curl_waitfd extra = { .fd = fd, .events = CURL_WAIT_POLLIN };

	return peer->lib->curl_multi_poll_(peer->multi, &extra, fd >= 0,
		   peer->changed ? 0 : milliseconds, NULL) == CURLM_OK;
}

void
peer_process(struct peer *peer)
{
	CURLMsg *message;
	int left;

	if (peer->changed)
		begin_waiting(peer);
	(void)peer->lib->curl_multi_perform_(peer->multi, &left);
	while ((message = peer->lib->curl_multi_info_read_(
		    peer->multi, &left)) != NULL) {
		struct peer_call *call = NULL;
		CURLcode code = message->data.result;

		peer->lib->curl_easy_getinfo_(
		    message->easy_handle, CURLINFO_PRIVATE, (char **)&call);
		if (message->msg == CURLMSG_DONE && call != NULL)
			end_call(peer, call, code);
	}
}
