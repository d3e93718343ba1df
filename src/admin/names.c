/*
 * The sorted names of a policy directory; see names.h. An entry is two bytes
 * (what the name is, the length of its stem) and the name, a C string.
 */
#include "names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define REACHABLE 1
#define SHARED    2
#define HEAD      2

#define FIRST_BYTES 4096
#define FIRST_ROOM  128

/* Doubles what is too small; false when there is no memory. */
static bool
grow(void **memory, size_t *size, size_t needed, size_t first, size_t unit)
{
	size_t larger = *size > 0 ? *size : first;
	void *moved;

	if (needed <= *size)
		return true;
	while (larger < needed) {
		if (larger > SIZE_MAX / 2 / unit)
			return false;
		larger *= 2;
	}
	moved = realloc(*memory, larger * unit);
	if (moved == NULL)
		return false;
	*memory = moved;
	*size = larger;
	return true;
}

static bool
reserve(struct names *names, size_t bytes)
{
	void *text = names->bytes, *offsets = names->offsets;
	bool done =
	    grow(&text, &names->size, names->length + bytes, FIRST_BYTES, 1) &&
	    grow(&offsets, &names->room, names->count + 1, FIRST_ROOM,
		sizeof(names->offsets[0]));

	names->bytes = text;
	names->offsets = offsets;
	return done;
}

static bool
add(void *context, const struct store_entry *entry)
{
	const size_t stem = strlen(entry->stem), name = strlen(entry->name);
	struct names *names = context;
	char *at;

	if (!reserve(names, HEAD + name + 1)) {
		names->failed = true;
		return false;
	}
	names->offsets[names->count++] = names->length;
	at = names->bytes + names->length;
	at[0] = (char)((entry->reachable ? REACHABLE : 0) |
		       (entry->shared ? SHARED : 0));
	at[1] = (char)(unsigned char)stem;
	memcpy(at + HEAD, entry->name, name + 1);
	names->length += HEAD + name + 1;
	return true;
}

static size_t
stem_length(const char *entry)
{
	return (unsigned char)entry[1];
}

static int
compare(const void *a, const void *b, void *context)
{
	const struct names *names = context;
	const char *one = names->bytes + *(const size_t *)a;
	const char *other = names->bytes + *(const size_t *)b;
	const size_t length = stem_length(one), others = stem_length(other);
	int order =
	    memcmp(one + HEAD, other + HEAD, length < others ? length : others);

	return order != 0 ? order : (length > others) - (length < others);
}

bool
names_read(
    struct names *names, const struct store *store, struct diag_sink *sink)
{
	*names = (struct names){ .count = 0 };
	if (!store_each(store, add, names, sink))
		return false;
	if (names->failed) {
		diag_error(sink, DIAG_WHOLE, NULL,
		    "no memory for the names of all policies");
		return false;
	}
	if (names->count > 0)
		qsort_r(names->offsets, names->count, sizeof(names->offsets[0]),
		    compare, names);
	return true;
}

void
names_free(struct names *names)
{
	free(names->bytes);
	free(names->offsets);
	*names = (struct names){ .count = 0 };
}

void
names_get(const struct names *names, size_t i, struct store_entry *entry)
{
	const char *at = names->bytes + names->offsets[i];
	struct text stem;

	entry->name = at + HEAD;
	entry->reachable = (at[0] & REACHABLE) != 0;
	entry->shared = (at[0] & SHARED) != 0;
	text_init(&stem, entry->stem, sizeof(entry->stem));
	text_add(&stem, entry->name, stem_length(at));
}
