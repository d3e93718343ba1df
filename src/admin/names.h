/*
 * The names of all policy files, sorted: what the verbs that go through the
 * whole directory hold in memory, a few bytes more than the names themselves,
 * while the policies are read one at a time.
 */
#ifndef MTASTS_NAMES_H
#define MTASTS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "diag.h"
#include "store.h"

struct names {
	char *bytes; /* one entry after the other */
	size_t length, size;
	size_t *offsets; /* of them, sorted by the stem */
	size_t count, room;
	bool failed;
};

/*
 * Reads the names of a store. False with an error in the sink when it cannot be
 * listed or there is no memory. names_free is to be called in either case.
 */
bool names_read(
    struct names *names, const struct store *store, struct diag_sink *sink);

void names_free(struct names *names);

/* Entry number i, from 0; entry->name is valid until names_free. */
void names_get(const struct names *names, size_t i, struct store_entry *entry);

#endif
