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

/* What answers: appends all of it; there is room for RESPONDER_ANSWER_SIZE. */
struct fastcgi_handler {
	void (*answer)(void *context, const struct responder_request *request,
	    struct text *answer);
	void *context;
};

/*
 * Before anything else. Installs libfcgi's handlers for SIGTERM, SIGUSR1 and
 * SIGPIPE: the caller's own come after. False when libfcgi refuses.
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
	FASTCGI_IDLE,    /* nothing waits; the peer keeps the connection */
	FASTCGI_PARTIAL, /* a request has begun and is not all there */
	FASTCGI_ENDED,   /* to be closed */
};

/* Looks at what waits on the connection, and answers a request. */
enum fastcgi_state fastcgi_serve(
    struct fastcgi *connection, const struct fastcgi_handler *handler);

#endif
