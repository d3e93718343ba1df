/*
 * FastCGI on the listening socket that is file descriptor 0: connections, who
 * is ready, keep-alive, signals. One thread, which never waits for a peer. The
 * only user of libfcgi. What to answer is for its caller.
 */
#ifndef MTASTS_FASTCGI_H
#define MTASTS_FASTCGI_H

#include <stdbool.h>

#include "responder.h"
#include "text.h"

/* Seconds that a peer has from the first byte of a request to its last. */
#define FASTCGI_PATIENCE 5

struct fastcgi_service {
	/* Appends the whole answer, which has RESPONDER_ANSWER_SIZE octets. */
	void (*answer)(void *context, const struct responder_request *request,
	    struct text *answer);
	/* Called every half second; false ends the service. */
	bool (*tick)(void *context);
	void *context;
};

/* Whether file descriptor 0 is a listening socket. */
bool fastcgi_is_listening(void);

/*
 * Serves until SIGTERM, SIGINT, SIGUSR1 or SIGHUP arrives or the service's tick
 * says so; requests that have begun by then are answered. False, and a line in
 * the log, when it could not even begin.
 */
bool fastcgi_serve(const struct fastcgi_service *service);

#endif
