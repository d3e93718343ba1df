/*
 * The domains that share one TXT record, and the id of that record: of --shared
 * in dns. What is printed of them is for dns.c.
 */
#ifndef MTASTS_DNS_MEMBERS_H
#define MTASTS_DNS_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include "hostname.h"
#include "record.h"

struct dns_member {
	char domain[HOSTNAME_SIZE];
	char id[RECORD_ID_SIZE]; /* of its policy's text; "" when broken */
};

/* All zeroes is none. */
struct dns_members {
	struct dns_member *at;
	size_t count, room;
};

/* Adds one; policy is NULL for a broken one. False, with errno, without memory.
 */
bool dns_members_add(struct dns_members *members, const char *domain,
    const struct policy *policy);

/* Sorts them by domain, and forgets those that were added twice. */
void dns_members_sort(struct dns_members *members);

/*
 * Whether the domain is one of them. Pre: sorted.
 */
bool dns_members_have(const struct dns_members *members, const char *domain);

/* The first one whose policy is broken, or NULL. */
const char *dns_members_broken(const struct dns_members *members);

/*
 * The id for all of them: the first 32 hex digits of the SHA-256 over a line
 * "domain id" for each. It changes when one of their policies does, or they
 * become more or fewer, and only then. Pre: sorted, and none is broken.
 */
void dns_members_id(const struct dns_members *members, char id[RECORD_ID_SIZE]);

void dns_members_free(struct dns_members *members);

#endif
