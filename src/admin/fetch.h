/*
 * The policy by HTTPS, from a few addresses of a policy host in turn, until one
 * answers. What it says is for others, but for its id.
 */
#ifndef MTASTS_FETCH_H
#define MTASTS_FETCH_H

#include "peer.h"

#define FETCH_TRIES 3 /* calls, at most */

/*
 * A fetch. It belongs to the caller, who zeroes it, sets the upper part and
 * leaves it where it is until done has been called.
 */
struct fetch {
	char host[HOSTNAME_SIZE];      /* mta-sts.<domain> */
	char header[PEER_HEADER_SIZE]; /* see peer.h */
	char addresses[FACTS_PLACES_MAX][FACTS_ADDRESS_SIZE];
	size_t count;               /* of them */
	unsigned port, port_called; /* see peer.h */
	struct facts_fetch *facts;  /* all zeroes; filled */
	bool again; /* ask the same address again, see fetch_begin */
	void (*done)(void *context);
	void *context;

	size_t next, tries, size;
	struct peer *peer;
	struct peer_call call;
};

/*
 * Begins a fetch; done is called from peer_process. Pre: count is not 0.
 *
 * With again an address that ends TLS by internal_error is asked once more, as
 * long as there are no more than FETCH_TRIES calls: where several hosts are
 * asked for the first time, a server that gets certificates on demand sends
 * some away. Caddy 2.6 does with on_demand_tls { burst }, whose limiter lets no
 * two pass at the same moment.
 */
void fetch_begin(struct fetch *fetch, struct peer *peer);

/*
 * Whether the fetch brought a whole policy, that a sender would read: 200, from
 * a good certificate.
 */
bool fetch_succeeded(const struct facts_fetch *facts);

#endif
