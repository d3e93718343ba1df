/*
 * The listening socket that is file descriptor 0, its connections, which of
 * them has its turn, and the signals that end it all. One thread, which waits
 * for whoever is ready and for nobody else. What a connection says is for
 * fastcgi.
 */
#ifndef MTASTS_SERVER_H
#define MTASTS_SERVER_H

#include <stdbool.h>

#include "fastcgi.h"

/* Seconds that a peer has from the first byte of a request to its last. */
#define SERVER_PATIENCE 5

/* Octets that requests which have begun may take, all in all: 64 MiB. */
#define SERVER_HELD_MAX ((size_t)64 << 20)

struct server_service {
	const struct responder_source *source;
	/* Called every half second; false ends the service. */
	bool (*tick)(void);
};

/* Whether file descriptor 0 is a listening socket. */
bool server_is_listening(void);

/*
 * Makes everything ready that takes a right which serving does not: the limit
 * of descriptors, the listener's settings, epoll, signal handlers. From here on
 * the signals wait. False, and a line in the log, when that cannot be.
 */
bool server_open(void);

/*
 * Serves until SIGTERM, SIGINT, SIGUSR1 or SIGHUP arrives or the service's tick
 * says so; requests that have begun by then are answered. Once, after
 * server_open.
 */
void server_run(const struct server_service *service);

#endif
