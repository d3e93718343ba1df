/*
 * Gathers the facts about domains, many side by side, as a sender would: asks
 * the DNS (lookup), fetches policies (fetch) and greets MX hosts (probe), all
 * in one thread and one poll. Every step has a time limit, and whatever a peer
 * does costs bounded time and memory.
 */
#ifndef MTASTS_EXAMINE_H
#define MTASTS_EXAMINE_H

#include <signal.h>

#include "facts.h"

struct examine_options {
	const char
	    *resolver; /* "ADDRESS" or "ADDRESS@PORT"; NULL: the system's */
	/*
	 * A file with a DS or DNSKEY; "": nothing is validated; NULL: Debian's,
	 * unless the resolver hands no signatures on (facts->dnssec).
	 */
	const char *trust_anchor;
	const char *ca_file; /* NULL: the system's */
	const char
	    *connect_to; /* curl's HOST1:PORT1:HOST2:PORT2 (fetch), or NULL */
	unsigned https_port, smtp_port; /* 443 and 25 */
	unsigned timeout;               /* seconds for one step */
	unsigned jobs;                  /* domains at the same time */
	bool mx;                        /* look at the MX hosts */
	bool families; /* fetch by IPv4 and by IPv6, else by either */
	/*
	 * How often the policy is fetched, at most FACTS_FETCHES_MAX, and at
	 * least once from each of the first FACTS_PLACES_MAX addresses; and
	 * then with the forms of the Host header, too. 0 or 1: once, of each
	 * family, from the first address that answers.
	 */
	unsigned fetches;
	/*
	 * Where a signal handler says, by anything but 0, that examine_run is
	 * to end within a second; done is not called for what is under way
	 * then. NULL: it goes on to the end.
	 */
	const volatile sig_atomic_t *stop;
};

/*
 * Calls to one address are made a few at a time (PEER_ADDRESS_MAX of peer.h),
 * and an MX host is looked at once, for however many domains (probe.h). What
 * waits for its turn has not begun, and no time limit runs. Private and
 * loopback addresses are called like any other; see peer.h.
 */
struct examine; /* all that goes on */

/*
 * NULL, with a message in why, when there is no memory, too few descriptors may
 * be open, or the resolver or the CA file will not do.
 */
struct examine *
examine_open(const struct examine_options *options, char why[FACTS_WHY_SIZE]);

void examine_close(struct examine *examine);

/*
 * Examines domains until next answers false and all are done. next fills
 * facts->domain (and local, if it likes); the rest is zero. done gets the facts
 * and owns nothing of them afterwards. They come in the order in which they
 * are done. False, with errno, when the system fails.
 */
bool examine_run(struct examine *examine,
    bool (*next)(void *context, struct facts *facts),
    void (*done)(void *context, const struct facts *facts), void *context);

#endif
