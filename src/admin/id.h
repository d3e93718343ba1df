/*
 * The id of a policy's TXT record, as the settings want it made.
 */
#ifndef MTASTS_ID_H
#define MTASTS_ID_H

#include <stdbool.h>

#include "admin.h"
#include "record.h"

/*
 * The id to publish for the policy of a domain: of its text, or with
 * dns.id = "date" of the time at which its file, or the link to it, was last
 * changed. False with a message on stderr when the file cannot be looked at.
 * Pre: policy is the one of domain, without error.
 */
bool id_of_policy(const struct admin *admin, const char *domain,
    const struct policy *policy, char id[RECORD_ID_SIZE]);

#endif
