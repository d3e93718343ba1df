/*
 * The policy directory; see store.h.
 */
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostname.h"

#define SUFFIX ".txt"

/* A name that begins so is no host name: a text to link to. */
#define SHARED_PREFIX '_'

bool
store_open(struct store *store, const char *path, uid_t owner,
    enum policy_unknown unknown, struct diag_sink *sink)
{
	struct text name;
	struct stat status;

	store->owner = owner;
	store->unknown = unknown;
	text_init(&name, store->path, sizeof(store->path));
	text_add_string(&name, path);
	store->directory = safefile_open_directory(path, owner, sink);
	if (store->directory < 0)
		return false;
	/* Cannot fail: safefile has just done the same. */
	(void)fstat(store->directory, &status);
	store->device = status.st_dev;
	store->inode = status.st_ino;
	return true;
}

void
store_close(struct store *store)
{
	if (store->directory >= 0)
		(void)close(store->directory);
	store->directory = -1;
}

bool
store_is_replaced(const struct store *store)
{
	struct stat status;

	return stat(store->path, &status) != 0 ||
	       status.st_dev != store->device || status.st_ino != store->inode;
}

/* The policy in the file of that name. */
static enum safefile_result
read_policy(const struct store *store, const char *name, struct policy *policy,
    struct diag_sink *sink)
{
	char bytes[POLICY_SIZE_MAX + 1], storage[PATH_MAX + NAME_MAX + 2];
	const char *file = sink->file;
	unsigned errors = sink->errors;
	enum safefile_result result;
	struct text path;
	size_t length;

	text_init(&path, storage, sizeof(storage));
	text_add_string(&path, store->path);
	text_add_string(&path, "/");
	text_add_string(&path, name);
	sink->file = path.bytes;
	result = safefile_read(store->directory, name, store->owner, bytes,
	    sizeof(bytes), &length, sink);
	if (result == SAFEFILE_OK) {
		policy_parse(policy, bytes, length, store->unknown, sink);
		policy_validate(policy, sink);
		if (sink->errors != errors)
			result = SAFEFILE_REFUSED;
	}
	sink->file = file;
	return result;
}

enum safefile_result
store_policy(const struct store *store, const char *domain,
    struct policy *policy, struct diag_sink *sink)
{
	char storage[NAME_MAX + 1];
	struct text name;

	text_init(&name, storage, sizeof(storage));
	text_add_string(&name, domain);
	text_add_string(&name, SUFFIX);
	return read_policy(store, name.bytes, policy, sink);
}

/* The stem of a policy's file name; empty for what is no policy. */
static struct text_span
stem_of(const char *name)
{
	struct text_span stem = { name, strlen(name) };
	const size_t suffix = strlen(SUFFIX);

	if (name[0] == '.' || stem.length <= suffix ||
	    strcmp(name + stem.length - suffix, SUFFIX) != 0)
		stem.length = suffix;
	stem.length -= suffix;
	return stem;
}

static bool
is_reachable(struct text_span stem)
{
	size_t i;

	if (stem.length > HOSTNAME_DOMAIN_MAX || hostname_fault(stem, &i))
		return false;
	for (i = 0; i < stem.length; i++)
		if (stem.at[i] != text_lower(stem.at[i]))
			return false;
	return true;
}

static bool
check_entry(const struct store *store, const char *name, struct policy *policy,
    struct diag_sink *sink)
{
	struct text_span stem = stem_of(name);

	if (stem.length == 0)
		return false;
	if (stem.at[0] != SHARED_PREFIX && !is_reachable(stem))
		diag_warning(sink, DIAG_WHOLE,
		    "name it after a domain in lower-case A-labels, or let it "
		    "begin with _ if it is there to be linked to",
		    "%s: no request ever asks for it", name);
	/* One that has gone meanwhile is no finding. */
	return read_policy(store, name, policy, sink) != SAFEFILE_ABSENT;
}

long
store_check(
    const struct store *store, struct policy *policy, struct diag_sink *sink)
{
	int copy =
	    openat(store->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = copy < 0 ? NULL : fdopendir(copy);
	const char *file = sink->file;
	const struct dirent *entry;
	long count = 0;

	sink->file = store->path;
	if (directory == NULL) {
		diag_error(sink, DIAG_WHOLE, NULL, "it cannot be listed: %s",
		    strerror(errno));
		if (copy >= 0)
			(void)close(copy);
		count = -1;
		goto out;
	}
	while ((entry = readdir(directory)) != NULL)
		count += check_entry(store, entry->d_name, policy, sink);
	(void)closedir(directory);
out:
	sink->file = file;
	return count;
}
