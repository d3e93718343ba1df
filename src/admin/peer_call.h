/*
 * Private to peer: one call, as libcurl wants it, and what it says of it.
 */
#ifndef MTASTS_PEER_CALL_H
#define MTASTS_PEER_CALL_H

#include "looklib.h"
#include "peer.h"

/* Makes call->easy. An error leaves what has to be freed all the same. */
CURLcode peer_call_set_up(struct peer_call *call, const struct looklib *lib,
    const struct peer_options *options);

/* Fills what is valid within done. Pre: peer_call_set_up, code being its end.
 */
void peer_call_read(struct peer_call *call, CURLcode code);

/* Ends the connection, and frees all that peer_call_set_up made. */
void peer_call_free(struct peer_call *call);

#endif
