/*
 * Since when a domain is in testing; see since.h. A hash table with open
 * addressing, at most half full. Two domains of one 64-bit hash would share a
 * date in a warning, which nobody will ever see.
 */
#include "since.h"

#include <stdlib.h>

#include "history.h"

#define FIRST_SIZE 1024 /* a power of two, as all sizes */
#define OTHER_MODE (-1)

/* FNV-1a. */
static uint64_t
hash_of(const char *domain)
{
	uint64_t hash = 14695981039346656037U;

	for (; *domain != '\0'; domain++)
		hash = (hash ^ (unsigned char)*domain) * 1099511628211U;
	return hash != 0 ? hash : 1;
}

/* The slot of a hash, or the free one where it belongs. */
static struct since_slot *
find(const struct since *since, uint64_t hash)
{
	size_t i = (size_t)hash & (since->size - 1);

	while (since->slots[i].hash != 0 && since->slots[i].hash != hash)
		i = (i + 1) & (since->size - 1);
	return &since->slots[i];
}

static bool
grow(struct since *since)
{
	struct since larger = { NULL, since->count,
		since->size > 0 ? 2 * since->size : FIRST_SIZE };
	size_t i;

	larger.slots = calloc(larger.size, sizeof(larger.slots[0]));
	if (larger.slots == NULL)
		return false;
	for (i = 0; i < since->size; i++)
		if (since->slots[i].hash != 0)
			*find(&larger, since->slots[i].hash) = since->slots[i];
	free(since->slots);
	*since = larger;
	return true;
}

static bool
is_testing(const struct history_entry *entry)
{
	return !entry->removed && entry->alias[0] == '\0' &&
	       entry->mode == POLICY_TESTING;
}

/* Who waits for a policy to become enforce waits no less under a new name. */
static void
move_date(struct since *since, const struct history_entry *entry, int64_t begun)
{
	struct since_slot *slot = find(since, hash_of(entry->alias));

	if (slot->hash != 0 && slot->time != OTHER_MODE &&
	    begun != OTHER_MODE && begun < slot->time)
		slot->time = begun;
}

/* Without memory a domain counts by the date of its file, as one unknown. */
static void
note(void *context, const struct history_entry *entry)
{
	const uint64_t hash = hash_of(entry->domain);
	struct since *since = context;
	struct since_slot *slot;

	/* What it served meanwhile, nobody knows; testing it is again. */
	if (entry->unknown)
		return;
	if (2 * (since->count + 1) > since->size && !grow(since))
		return;
	slot = find(since, hash);
	if (slot->hash == 0) {
		*slot = (struct since_slot){ hash, OTHER_MODE };
		since->count++;
	}
	if (entry->renamed)
		move_date(since, entry, slot->time);
	if (!is_testing(entry))
		slot->time = OTHER_MODE;
	else if (slot->time == OTHER_MODE)
		slot->time = entry->time;
}

bool
since_read(struct since *since, const struct admin *admin)
{
	*since = (struct since){ NULL, 0, 0 };
	return history_each(admin, NULL, note, since, NULL);
}

void
since_free(struct since *since)
{
	free(since->slots);
	*since = (struct since){ NULL, 0, 0 };
}

bool
since_testing(const struct since *since, const char *domain, time_t *begun)
{
	const struct since_slot *slot;

	if (since->size == 0)
		return false;
	slot = find(since, hash_of(domain));
	if (slot->hash == 0 || slot->time == OTHER_MODE)
		return false;
	*begun = (time_t)slot->time;
	return true;
}
