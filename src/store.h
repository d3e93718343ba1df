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
#include <time.h>

#include "diag.h"
#include "policy.h"
#include "safefile.h"

/* A file name without its ".txt". */
#define STORE_STEM_SIZE 256
#define STORE_NAME_SIZE (NAME_MAX + 1)

/* A path of a policy file. */
#define STORE_PATH_SIZE (PATH_MAX + NAME_MAX + 2)

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
 * nobody else, like each of its parents. False with an error in the sink, and
 * errno as safefile_open_directory leaves it, when it does not, or cannot be
 * opened.
 */
bool store_open(struct store *store, const char *path, uid_t owner,
    enum policy_unknown unknown, struct diag_sink *sink);

void store_close(struct store *store);

/*
 * Whether the path has come to name another directory, or none, or one that
 * others than the owner can write to by now: then store_open says why. False
 * while the system cannot tell (EIO, ENOMEM, ESTALE).
 */
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

/* The same for a file of the directory by its name, "_shared.txt" included. */
enum safefile_result store_file(const struct store *store, const char *name,
    struct policy *policy, struct diag_sink *sink);

/*
 * The name of the file of a domain, or of a shared name; returns name, "" when
 * that would be too long.
 */
const char *store_file_name(const char *stem, char name[STORE_NAME_SIZE]);

/*
 * The text of a domain's policy as it lies there, with all of safefile's checks
 * and none of policy's. *length is below size.
 */
enum safefile_result store_source(const struct store *store, const char *domain,
    char *bytes, size_t size, size_t *length, struct diag_sink *sink);

/*
 * Whether the domain's file is a symbolic link; target is then the domain, or
 * the shared name, that it names, "" for what is no policy file.
 */
bool store_alias(const struct store *store, const char *domain,
    char target[STORE_STEM_SIZE]);

/*
 * When the policy of a domain last became what it is: the later one of its file
 * and, for an alias, of the link. False with errno set when it has none.
 */
bool
store_changed(const struct store *store, const char *domain, time_t *changed);

/* The path of a domain's or a shared name's file, for findings. */
void store_path(
    const struct store *store, const char *domain, char path[STORE_PATH_SIZE]);

/* A policy file as it stands in the directory. */
struct store_entry {
	const char *name;           /* of the file */
	char stem[STORE_STEM_SIZE]; /* without ".txt" */
	bool reachable;             /* the stem is a policy domain */
	bool shared;                /* "_..." : there to be linked to */
};

/*
 * Calls the function with each policy file, in the directory's own order, until
 * it returns false. False with an error in the sink when the directory cannot
 * be listed. Memory does not grow with the number of files.
 */
bool store_each(const struct store *store,
    bool (*each)(void *context, const struct store_entry *entry), void *context,
    struct diag_sink *sink);

/*
 * The warnings for an entry whatever is in it: neither reachable nor shared, or
 * not for everybody to read.
 */
void store_check_name(const struct store *store,
    const struct store_entry *entry, struct diag_sink *sink);

#endif
