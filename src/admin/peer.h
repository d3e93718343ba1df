/*
 * Calls at other machines: TCP, TLS and the protocol on it, by libcurl, many at
 * a time. Each goes to one address that the caller names: nothing is looked up,
 * no redirect followed, no proxy, cookie or file of the user's regarded. TLS is
 * 1.2 or later and the certificate must be good for the host by a DNS name in
 * its subjectAltName; a call with another ends there, and tells what it was.
 *
 * Private and loopback addresses are called like any other: behind a split
 * horizon they are right, and who can make the DNS say so gains a GET of one
 * path, or an EHLO, whose answer he does not see.
 */
#ifndef MTASTS_PEER_H
#define MTASTS_PEER_H

#include <sys/queue.h>

#include "facts.h"

#define PEER_ACTIVE_MAX  256   /* calls at the same time */
#define PEER_ADDRESS_MAX 6     /* of them at one address */
#define PEER_HEAD_MAX    65536 /* octets of headers, or of SMTP replies */
#define PEER_HEADER_SIZE (HOSTNAME_SIZE + 8) /* a host and a port */

enum peer_protocol {
	PEER_HTTPS, /* GET the policy */
	PEER_SMTP,  /* EHLO, STARTTLS, EHLO, and QUIT */
};

enum peer_end {
	PEER_REFUSED,    /* no connection */
	PEER_TIMEOUT,    /* took longer than it may */
	PEER_TLS,        /* no TLS, or a certificate that is no good */
	PEER_NO_TLS,     /* STARTTLS not offered, or turned down */
	PEER_TURNED_OFF, /* EHLO is turned down, or the greeting no 220 */
	PEER_BROKEN,     /* the protocol was not kept */
	PEER_LARGE,      /* too many headers, or body said false */
	PEER_DONE,
};

struct peer;

/*
 * A call. It belongs to the caller, who sets the upper part and leaves it where
 * it is until done has been called; within done it may be used again, or freed.
 */
struct peer_call {
	enum peer_protocol protocol;
	char host[HOSTNAME_SIZE];         /* a host name */
	char address[FACTS_ADDRESS_SIZE]; /* an address */
	unsigned port;        /* that host has in the URL and Host header */
	unsigned port_called; /* that is called */
	/* Of HTTPS, the Host header; "" for the usual one. TLS is for host. */
	char header[PEER_HEADER_SIZE];
	/* A line of headers, or of an SMTP reply, as it comes; or NULL. */
	void (*line)(void *context, const char *bytes, size_t length);
	/* A part of a body; false ends the call; or NULL: none is wanted. */
	bool (*body)(void *context, const char *bytes, size_t length);
	void (*done)(void *context);
	void *context;

	/* Valid within done, and until it is used again. */
	enum peer_end end;
	bool connected; /* by TCP */
	bool no_way;    /* this machine has none to addresses of that family */
	char why[FACTS_WHY_SIZE];
	struct facts_tls tls;
	unsigned status; /* HTTP */
	char location[256];
	char media_type[128];
	unsigned milliseconds;

	/* Private. */
	TAILQ_ENTRY(peer_call) link;
	const struct looklib *lib;
	void *easy, *connect_to, *headers;
	char error[256]; /* CURL_ERROR_SIZE */
	size_t head;
	bool large;
};

struct peer_options {
	const char *ca_file; /* NULL: the system's */
	unsigned timeout;    /* seconds for a call */
};

/* NULL, with a message in why, when there is no memory, or no such file. */
struct peer *
peer_open(const struct peer_options *options, char why[FACTS_WHY_SIZE]);

/* Calls that are under way are never done then. */
void peer_close(struct peer *peer);

/* Makes a call as soon as it is its turn; done is called from peer_process. */
void peer_ask(struct peer *peer, struct peer_call *call);

/*
 * Waits until a call has something to do, fd is readable, or the milliseconds
 * are over. False, with errno, when the system fails.
 */
bool peer_wait(struct peer *peer, int fd, int milliseconds);

/* Begins the calls whose turn it is, and goes on with those under way. */
void peer_process(struct peer *peer);

#endif
