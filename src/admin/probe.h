/*
 * A look at MX hosts: addresses and TLSA records by the DNS, then STARTTLS at
 * the first of the addresses that answers, and whether the certificate is good
 * for the host's own name. A host is looked at once, for however many domains
 * have it: the last PROBE_KEPT are remembered.
 */
#ifndef MTASTS_PROBE_H
#define MTASTS_PROBE_H

#include "lookup.h"
#include "peer.h"

#define PROBE_KEPT  1024 /* hosts */
#define PROBE_TRIES 4    /* addresses of a host that are called */

struct probe;

/* What somebody wants to know of a host; stays his, and in its place. */
struct probe_wish {
	/* name and preference are set; the rest is filled. */
	struct facts_mx *mx;
	void (*done)(void *context);
	void *context;

	TAILQ_ENTRY(probe_wish) link;
};

/* NULL when there is no memory. The others must live as long. */
struct probe *
probe_open(struct lookup *lookup, struct peer *peer, unsigned smtp_port);

/* Wishes not yet fulfilled are never done. Close it after the others. */
void probe_close(struct probe *probe);

/*
 * Calls done once: at once when the host is known, else from lookup_step,
 * lookup_process or peer_process. False, with errno, when there is no memory.
 */
bool probe_ask(struct probe *probe, struct probe_wish *wish);

#endif
