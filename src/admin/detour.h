/*
 * Calling another host than the one that is meant, as curl's --connect-to does,
 * for tests and split horizons. Pure.
 */
#ifndef MTASTS_DETOUR_H
#define MTASTS_DETOUR_H

#include "hostname.h"

/* Where to call instead of a host's own addresses. */
struct detour {
	char host[HOSTNAME_SIZE]; /* a name or an address; "" for its own */
	unsigned port;
};

/*
 * Reads curl's "HOST1:PORT1:HOST2:PORT2", each of which may be empty: for
 * HOST1:PORT1 call HOST2:PORT2; an IPv6 address is in brackets. rule may be
 * NULL. False when that is not its form. *detour is where to call for host and
 * port.
 */
bool detour_find(
    const char *rule, const char *host, unsigned port, struct detour *detour);

#endif
