/*
 * Since when each domain has been in mode testing, by the history, for all of
 * them in one reading of it: 16 bytes a domain.
 */
#ifndef MTASTS_SINCE_H
#define MTASTS_SINCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "admin.h"

/* A domain is known by a hash of its name; 0 is none. */
struct since_slot {
	uint64_t hash;
	int64_t time; /* when testing began; -1: its last mode is another */
};

struct since {
	struct since_slot *slots;
	size_t count, size;
};

/*
 * Reads the history. False, with a message on stderr, when it cannot be read.
 * since_free is to be called in either case.
 */
bool since_read(struct since *since, const struct admin *admin);

void since_free(struct since *since);

/* Whether the history has a domain in testing, and since when. */
bool
since_testing(const struct since *since, const char *domain, time_t *begun);

#endif
