/*
 * A connection of the load generator and the request on it, one at a time, and
 * the counts of what became of all of them. When to begin is for load.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <sys/un.h>

#include "mix.h"

#define CLIENT_SECOND  UINT64_C(1000000000)
#define CLIENT_BUCKETS (60 * 64)

/* What all clients share. */
struct client_load {
	struct sockaddr_un address;
	struct mix mix;
	struct mix_form form;
	uint64_t seed;
	int watch;  /* an epoll */
	bool waits; /* for the program to close a connection that is not kept */
	uint64_t begun, requests, wrong, errors, failed, reopened;
	uint64_t raw, raw_wrong;
	uint64_t slowest; /* in ns */
	uint64_t latencies[CLIENT_BUCKETS];
};

struct client;

/* Nanoseconds, monotonic. */
uint64_t client_now(void);

/* Not connected yet. Exits when there is no memory. */
struct client *client_new(struct client_load *load);

/* Whether a request is on its way. */
bool client_is_busy(const struct client *client);

/*
 * Sends a request, connecting where there is no connection. begin: when its
 * latency begins. Pre: not busy.
 */
void client_begin(struct client *client, uint64_t begin);

/* Reads what has come. The epoll's data.ptr is the client. */
void client_read(struct client *client);

/* Gives the request up where it takes too long. */
void client_check(struct client *client, uint64_t now);

/* The latency below which that part of all requests was, in microseconds. */
double client_percentile(const struct client_load *load, double part);

#endif
