/*
 * FastCGI on one connection: is a whole request there, and if so the answer to
 * it, without ever waiting for the peer. The only user of libfcgi. Which
 * connection has its turn is for server.
 */
#ifndef MTASTS_FASTCGI_H
#define MTASTS_FASTCGI_H

#include <stdbool.h>

#include "responder.h"

struct fastcgi; /* a connection */

/*
 * Before anything else. Installs libfcgi's handlers for SIGTERM, SIGUSR1 and
 * SIGPIPE: the caller's own come after. False when libfcgi refuses, or for want
 * of memory.
 */
bool fastcgi_init(void);

/*
 * Takes a connected, non-blocking descriptor, which fastcgi_close closes. NULL,
 * and the descriptor closed, when there is no memory.
 */
struct fastcgi *fastcgi_open(int descriptor);

void fastcgi_close(struct fastcgi *connection);

int fastcgi_descriptor(const struct fastcgi *connection);

enum fastcgi_state {
	FASTCGI_QUIET,   /* nothing waits */
	FASTCGI_PARTIAL, /* a request has begun and is not all there, or it was
			    answered and its body is still coming */
	FASTCGI_ENDED,   /* to be closed */
};

/*
 * Looks at what waits on the connection, and answers the requests that are
 * there; *answered: there was one. For want of memory the connection ends
 * without an answer; the web server then tells its client of an error.
 */
enum fastcgi_state fastcgi_serve(struct fastcgi *connection,
    const struct responder_source *source, bool *answered);

/*
 * Octets of memory set aside for requests that have begun, on all connections.
 * Closing one whose request has begun gives its share back.
 */
size_t fastcgi_held(void);

#endif
