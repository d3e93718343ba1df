/*
 * The domains that share one TXT record; see dns_members.h.
 */
#include "dns_members.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <sha2.h>

#define ROOM_MIN 64

bool
dns_members_add(struct dns_members *members, const char *domain,
    const struct policy *policy)
{
	const size_t room = members->room > 0 ? members->room * 2 : ROOM_MIN;
	struct dns_member *member;
	struct text name;

	if (members->count == members->room) {
		member = reallocarray(members->at, room, sizeof(*member));
		if (member == NULL)
			return false;
		members->at = member;
		members->room = room;
	}
	member = &members->at[members->count++];
	*member = (struct dns_member){ .id = "" };
	text_init(&name, member->domain, sizeof(member->domain));
	text_add_string(&name, domain);
	/*
	 * Of the text, whatever the settings say of ids: two changes within one
	 * second are two.
	 */
	if (policy != NULL)
		record_id_of_policy(policy, member->id);
	return true;
}

static int
compare(const void *a, const void *b)
{
	const struct dns_member *first = a, *second = b;

	return strcmp(first->domain, second->domain);
}

void
dns_members_sort(struct dns_members *members)
{
	struct dns_member *at = members->at;
	size_t from, to = 0;

	if (members->count == 0)
		return;
	qsort(at, members->count, sizeof(*at), compare);
	for (from = 0; from < members->count; from++)
		if (to == 0 || compare(&at[to - 1], &at[from]) != 0)
			at[to++] = at[from];
	members->count = to;
}

bool
dns_members_have(const struct dns_members *members, const char *domain)
{
	size_t i;

	for (i = 0; i < members->count; i++)
		if (strcmp(members->at[i].domain, domain) == 0)
			return true;
	return false;
}

const char *
dns_members_broken(const struct dns_members *members)
{
	size_t i;

	for (i = 0; i < members->count; i++)
		if (members->at[i].id[0] == '\0')
			return members->at[i].domain;
	return NULL;
}

static void
hash_string(SHA2_CTX *context, const char *string)
{
	SHA256Update(context, (const uint8_t *)string, strlen(string));
}

void
dns_members_id(const struct dns_members *members, char id[RECORD_ID_SIZE])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	struct text text;
	SHA2_CTX context;
	size_t i;

	SHA256Init(&context);
	for (i = 0; i < members->count; i++) {
		hash_string(&context, members->at[i].domain);
		hash_string(&context, " ");
		hash_string(&context, members->at[i].id);
		hash_string(&context, "\n");
	}
	SHA256Final(digest, &context);
	text_init(&text, id, RECORD_ID_SIZE);
	for (i = 0; i < RECORD_ID_MAX / 2; i++)
		text_add_format(&text, "%02x", digest[i]);
}

void
dns_members_free(struct dns_members *members)
{
	free(members->at);
	*members = (struct dns_members){ .at = NULL };
}
