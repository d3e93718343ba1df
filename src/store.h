/*
 * The policies as they lie on disk: one directory, a file for each policy
 * domain, the file's name being the domain and ".txt". The only place that
 * knows this. Reads a file anew for each look-up; keeps nothing.
 */
#ifndef MTASTS_STORE_H
#define MTASTS_STORE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "diag.h"
#include "policy.h"
#include "safefile.h"

struct store {
	int directory; /* -1 when closed */
	dev_t device;
	ino_t inode;
	uid_t owner;
	enum policy_unknown unknown;
	char path[PATH_MAX];
};

/*
 * Opens the policy directory, which is to belong to owner and be writable by
 * nobody else, like each of its parents. False with an error in the sink when
 * it does not, or cannot be opened.
 */
bool store_open(struct store *store, const char *path, uid_t owner,
    enum policy_unknown unknown, struct diag_sink *sink);

void store_close(struct store *store);

/* Whether the path has come to name another directory, or none. */
bool store_is_replaced(const struct store *store);

/*
 * Reads, parses and validates the policy of a domain. All findings go to the
 * sink, whose file is the path of the file while that is read.
 *
 * SAFEFILE_OK: *policy is good (there may be warnings). SAFEFILE_REFUSED: the
 * file cannot be trusted or has an error. SAFEFILE_ABSENT: no such file.
 * Pre: domain is a host name in lower case.
 */
enum safefile_result store_policy(const struct store *store, const char *domain,
    struct policy *policy, struct diag_sink *sink);

/*
 * Reads every policy, those that no Host reaches ("_shared.txt") included, and
 * warns of files that are named in vain. Returns how many were read, or -1 with
 * an error in the sink when the directory cannot be listed.
 */
long store_check(
    const struct store *store, struct policy *policy, struct diag_sink *sink);

#endif
