/*
 * Who is ready; see server.h.
 */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "signals.h"

#define LISTENER         0
#define EVENTS_MAX       64
#define ACCEPTS_MAX      64 /* in a row, so that open connections have a turn */
#define TICK_MS          500
/* When it ends: how long a new connection has for its first request. */
#define FIRST_REQUEST_MS 200
#define WIND_UP_MS       20
#define PATIENCE_MS      (SERVER_PATIENCE * UINT64_C(1000))
#define RESERVED_FDS     ((rlim_t)16) /* for everything that is no connection */
#define SEND_BUFFER      (256 * 1024)

struct connection {
	TAILQ_ENTRY(connection) entry;
	struct fastcgi *peer;
	bool watched;   /* by epoll */
	bool partial;   /* in server.partial, else in server.idle */
	bool used;      /* has had a request */
	uint64_t since; /* when it came into its list, in milliseconds */
};

TAILQ_HEAD(connections, connection);

static struct server {
	const struct server_service *service;
	int epoll;
	sigset_t unblocked; /* the mask that lets the signals in */
	bool listening;     /* the listener is watched */
	uint64_t now; /* milliseconds, monotonic, as of the last wake-up */
	uint64_t next_tick;
	size_t count, limit;
	struct connections idle;    /* longest first */
	struct connections partial; /* oldest first */
} server;

static void
listen_for(bool wanted)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	int operation = wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL;

	if (wanted != server.listening &&
	    epoll_ctl(server.epoll, operation, LISTENER, &event) == 0)
		server.listening = wanted;
}

static struct connections *
list_of(const struct connection *connection)
{
	return connection->partial ? &server.partial : &server.idle;
}

/*
 * Puts the connection to those that wait; false when that fails. It has waited
 * since it came here, or since its last answer.
 */
static bool
connection_await(struct connection *connection, bool partial, bool answered)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (connection->watched && partial == connection->partial && !answered)
		return true;
	if (connection->watched)
		TAILQ_REMOVE(list_of(connection), connection, entry);
	connection->partial = partial;
	connection->since = server.now;
	TAILQ_INSERT_TAIL(list_of(connection), connection, entry);
	if (connection->watched)
		return true;
	connection->watched = true;
	event.data.ptr = connection;
	return epoll_ctl(server.epoll, EPOLL_CTL_ADD,
		   fastcgi_descriptor(connection->peer), &event) == 0;
}

static void
connection_close(struct connection *connection)
{
	if (connection->watched)
		TAILQ_REMOVE(list_of(connection), connection, entry);
	fastcgi_close(connection->peer);
	free(connection);
	server.count--;
}

static void
connection_serve(struct connection *connection)
{
	bool answered;
	enum fastcgi_state state =
	    fastcgi_serve(connection->peer, server.service->source, &answered);

	connection->used = connection->used || answered;
	if (state == FASTCGI_ENDED ||
	    !connection_await(connection, state == FASTCGI_PARTIAL, answered))
		connection_close(connection);
}

static void
connection_open(int descriptor)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (connection == NULL) {
		(void)close(descriptor);
		return;
	}
	connection->peer = fastcgi_open(descriptor);
	if (connection->peer == NULL) {
		free(connection);
		return;
	}
	server.count++;
	/* Most bring their request along, and many end with it. */
	connection_serve(connection);
}

/* Closes the connection that has waited longest; false when there is none. */
static bool
make_room(void)
{
	struct connection *idle = TAILQ_FIRST(&server.idle);
	struct connection *partial = TAILQ_FIRST(&server.partial);

	if (idle == NULL || (partial != NULL && partial->since < idle->since))
		idle = partial;
	if (idle == NULL)
		return false;
	log_debug("closing the connection that has waited longest");
	connection_close(idle);
	return true;
}

/*
 * Whether somebody waits to be accepted. accept4 alone cannot tell: without a
 * free descriptor it fails before it looks.
 */
static bool
is_awaited(void)
{
	struct pollfd listener = { .fd = LISTENER, .events = POLLIN };

	return poll(&listener, 1, 0) == 1;
}

/*
 * After accept4 failed: whether to try again. Where it will go on failing the
 * listener rests until the next tick, for it would be ready all the time.
 */
static bool
accept_again(int error)
{
	switch (error) {
	case EAGAIN:
		return false;
	case EINTR:
	case ECONNABORTED:
	case EPROTO: /* over TCP also the errors of the connection to be */
	case ENETDOWN:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case ENONET:
	case EHOSTUNREACH:
	case EOPNOTSUPP:
	case ENETUNREACH:
		return true;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		if (!is_awaited())
			return false;
		if (make_room())
			return true;
	}
	log_seldom(LOG_WARNINGS, "cannot accept: %s", strerror(error));
	listen_for(false);
	return false;
}

/* Accepts a connection and serves what it brings; whether to go on so. */
static bool
accept_one(void)
{
	int descriptor;

	if (server.count >= server.limit) {
		if (!is_awaited())
			return false;
		(void)make_room();
	}
	descriptor =
	    accept4(LISTENER, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (descriptor < 0)
		return accept_again(errno);
	connection_open(descriptor);
	return true;
}

/* What has begun takes memory: when that is all taken the oldest go first. */
static void
close_excess(void)
{
	while (
	    fastcgi_held() > SERVER_HELD_MAX && !TAILQ_EMPTY(&server.partial)) {
		log_debug("closing a connection: too many half requests");
		connection_close(TAILQ_FIRST(&server.partial));
	}
}

static void
close_overdue(void)
{
	struct connection *connection;

	while ((connection = TAILQ_FIRST(&server.partial)) != NULL &&
	       server.now - connection->since >= PATIENCE_MS) {
		log_debug("closing a connection: half a request for %d s",
		    SERVER_PATIENCE);
		connection_close(connection);
	}
}

/*
 * One wait of at most so many milliseconds, and whatever it brings. New
 * connections come last: accepting may close one that has an event here.
 */
static void
serve_round(int timeout)
{
	struct epoll_event events[EVENTS_MAX];
	bool incoming = false;
	int count, i;

	count = epoll_pwait(
	    server.epoll, events, EVENTS_MAX, timeout, &server.unblocked);
	server.now = clock_ms();
	for (i = 0; i < count; i++) {
		struct connection *connection = events[i].data.ptr;

		if (connection == NULL)
			incoming = true;
		else
			connection_serve(connection);
	}
	for (i = 0; incoming && i < ACCEPTS_MAX; i++)
		incoming = accept_one();
	close_excess();
	/* Those who were not looked at yet may have sent it long ago. */
	if (count >= 0 && count < EVENTS_MAX)
		close_overdue();
}

/* The time to the next tick in milliseconds; false when the service ends. */
static bool
tick(int *timeout)
{
	if (server.now >= server.next_tick) {
		/* epoll_pwait lets none in while there is always an event. */
		signals_let_in(&server.unblocked);
		if (signals_caught() != 0 || !server.service->tick())
			return false;
		listen_for(true);
		server.next_tick = server.now + TICK_MS;
	}
	*timeout = (int)(server.next_tick - server.now);
	return true;
}

/* Closes the idle ones, but for those whose first request may be on its way. */
static void
close_idle(void)
{
	struct connection *connection, *next;

	for (connection = TAILQ_FIRST(&server.idle); connection != NULL;
	     connection = next) {
		next = TAILQ_NEXT(connection, entry);
		if (connection->used ||
		    server.now - connection->since >= FIRST_REQUEST_MS)
			connection_close(connection);
	}
}

/*
 * The end: what is on its way is answered, what has begun may be completed, and
 * what has not even been accepted is left to the next process.
 */
static void
wind_up(void)
{
	size_t rounds = server.count / EVENTS_MAX + 1;

	listen_for(false);
	while (rounds-- > 0)
		serve_round(0);
	for (close_idle(); server.count > 0; close_idle())
		serve_round(WIND_UP_MS);
}

/* As many connections as there can be, some descriptors being set aside. */
static size_t
connection_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return (size_t)RESERVED_FDS;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	(void)getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < 2 * RESERVED_FDS)
		return (size_t)limit.rlim_cur / 2;
	return (size_t)limit.rlim_cur - RESERVED_FDS;
}

static bool
set_up(void)
{
	const int size = SEND_BUFFER;
	int flags;

	TAILQ_INIT(&server.idle);
	TAILQ_INIT(&server.partial);
	server.limit = connection_limit();
	/* Connections inherit it over TCP; a unix socket has as much anyway. */
	(void)setsockopt(LISTENER, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	flags = fcntl(LISTENER, F_GETFL);
	server.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server.epoll >= 0 && flags >= 0 &&
	    fcntl(LISTENER, F_SETFL, flags | O_NONBLOCK) == 0)
		listen_for(true);
	if (!server.listening)
		log_error("cannot serve: %s", strerror(errno));
	return server.listening;
}

bool
server_is_listening(void)
{
	int listening = 0;
	socklen_t size = sizeof(listening);

	return getsockopt(LISTENER, SOL_SOCKET, SO_ACCEPTCONN, &listening,
		   &size) == 0 &&
	       listening != 0;
}

bool
server_open(void)
{
	signals_block(&server.unblocked);
	if (!fastcgi_init()) {
		log_error("cannot serve: no memory");
		return false;
	}
	if (!set_up())
		return false;
	signals_handle();
	return true;
}

void
server_run(const struct server_service *service)
{
	int timeout;

	server.service = service;
	server.now = clock_ms();
	while (signals_caught() == 0 && tick(&timeout))
		serve_round(timeout);
	if (signals_caught() != 0)
		log_info("leaving: %s", strsignal(signals_caught()));
	wind_up();
	(void)close(server.epoll);
}
