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
	struct stat status = { 0 };

	store->owner = owner;
	store->unknown = unknown;
	text_init(&name, store->path, sizeof(store->path));
	text_add_string(&name, path);
	store->directory = safefile_open_directory(path, owner, sink);
	if (store->directory < 0)
		return false;
	/* If it ever failed, the directory would be found to be another one. */
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

	/* EIO, ENOMEM or ESTALE say nothing about the path. */
	if (stat(store->path, &status) != 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ||
		       errno == EACCES;
	/* Who can write to it can rename root's own files in it. */
	return status.st_dev != store->device ||
	       status.st_ino != store->inode || status.st_uid != store->owner ||
	       (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

/* The path of a file, for findings. */
struct file_path {
	char storage[PATH_MAX + NAME_MAX + 2];
};

static const char *
path_of(const struct store *store, const char *name, struct file_path *path)
{
	struct text text;

	text_init(&text, path->storage, sizeof(path->storage));
	text_add_string(&text, store->path);
	text_add_string(&text, "/");
	text_add_string(&text, name);
	return path->storage;
}

const char *
store_file_name(const char *stem, char name[STORE_NAME_SIZE])
{
	struct text text;

	text_init(&text, name, STORE_NAME_SIZE);
	text_add_string(&text, stem);
	text_add_string(&text, SUFFIX);
	if (text.overflow)
		name[0] = '\0';
	return name;
}

enum safefile_result
store_file(const struct store *store, const char *name, struct policy *policy,
    struct diag_sink *sink)
{
	const char *file = sink->file;
	const unsigned errors = sink->errors;
	char bytes[POLICY_SIZE_MAX + 1];
	enum safefile_result result;
	struct file_path path;
	size_t length;

	sink->file = path_of(store, name, &path);
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
	char name[NAME_MAX + 1];

	return store_file(store, store_file_name(domain, name), policy, sink);
}

enum safefile_result
store_source(const struct store *store, const char *domain, char *bytes,
    size_t size, size_t *length, struct diag_sink *sink)
{
	const char *file = sink->file;
	char name[NAME_MAX + 1];
	enum safefile_result result;
	struct file_path path;

	sink->file = path_of(store, store_file_name(domain, name), &path);
	result = safefile_read(
	    store->directory, name, store->owner, bytes, size, length, sink);
	sink->file = file;
	return result;
}

/* Copies a policy file's name without the suffix; false for other files. */
static bool
stem_of(const char *name, char stem[STORE_STEM_SIZE])
{
	const size_t suffix = strlen(SUFFIX);
	size_t length = strlen(name);
	struct text text;

	text_init(&text, stem, STORE_STEM_SIZE);
	if (name[0] == '.' || length <= suffix ||
	    strcmp(name + length - suffix, SUFFIX) != 0)
		return false;
	text_add(&text, name, length - suffix);
	return !text.overflow;
}

bool
store_alias(
    const struct store *store, const char *domain, char target[STORE_STEM_SIZE])
{
	char name[NAME_MAX + 1], link[NAME_MAX + 1];
	ssize_t length = readlinkat(store->directory,
	    store_file_name(domain, name), link, sizeof(link) - 1);

	target[0] = '\0';
	if (length < 0)
		return false;
	link[length] = '\0';
	if (strchr(link, '/') == NULL)
		(void)stem_of(link, target);
	return true;
}

bool
store_changed(const struct store *store, const char *domain, time_t *changed)
{
	char name[NAME_MAX + 1];
	struct stat link, file;

	store_file_name(domain, name);
	if (fstatat(store->directory, name, &link, AT_SYMLINK_NOFOLLOW) != 0 ||
	    fstatat(store->directory, name, &file, 0) != 0)
		return false;
	*changed =
	    link.st_mtime > file.st_mtime ? link.st_mtime : file.st_mtime;
	return true;
}

void
store_path(
    const struct store *store, const char *domain, char path[STORE_PATH_SIZE])
{
	char name[NAME_MAX + 1];
	struct file_path whole;
	struct text text;

	text_init(&text, path, STORE_PATH_SIZE);
	text_add_string(
	    &text, path_of(store, store_file_name(domain, name), &whole));
}

static bool
is_domain(const char *stem)
{
	struct text_span name = { stem, strlen(stem) };
	size_t i;

	if (name.length > HOSTNAME_DOMAIN_MAX ||
	    hostname_fault(name, &i) != NULL)
		return false;
	for (i = 0; i < name.length; i++)
		if (stem[i] != text_lower(stem[i]))
			return false;
	return true;
}

/* A descriptor of its own, since reading a directory moves its offset. */
static DIR *
list_open(const struct store *store)
{
	int copy =
	    openat(store->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = copy < 0 ? NULL : fdopendir(copy);

	if (directory == NULL && copy >= 0)
		(void)close(copy);
	return directory;
}

static bool
list_failed(const struct store *store, int error, struct diag_sink *sink)
{
	const char *file = sink->file;

	sink->file = store->path;
	diag_error(
	    sink, DIAG_WHOLE, NULL, "it cannot be listed: %s", strerror(error));
	sink->file = file;
	return false;
}

bool
store_each(const struct store *store,
    bool (*each)(void *context, const struct store_entry *entry), void *context,
    struct diag_sink *sink)
{
	DIR *directory = list_open(store);
	const struct dirent *found;
	struct store_entry entry;
	int error = 0;

	if (directory == NULL)
		return list_failed(store, errno, sink);
	for (;;) {
		errno = 0;
		found = readdir(directory);
		error = errno;
		if (found == NULL)
			break;
		if (!stem_of(found->d_name, entry.stem))
			continue;
		entry.name = found->d_name;
		entry.shared = entry.stem[0] == SHARED_PREFIX;
		entry.reachable = is_domain(entry.stem);
		if (!each(context, &entry))
			break;
	}
	(void)closedir(directory);
	return error == 0 || list_failed(store, error, sink);
}

void
store_check_name(const struct store *store, const struct store_entry *entry,
    struct diag_sink *sink)
{
	const char *file = sink->file;
	struct file_path path;
	struct stat status;

	sink->file = path_of(store, entry->name, &path);
	if (fstatat(store->directory, entry->name, &status, 0) == 0 &&
	    (status.st_mode & S_IROTH) == 0)
		diag_warning(sink, DIAG_WHOLE,
		    "run chmod o+r on it, unless the responder is its owner "
		    "or of its group",
		    "not everybody can read it (mode %04o)",
		    (unsigned)(status.st_mode & 07777));
	if (!entry->reachable && !entry->shared)
		diag_warning(sink, DIAG_WHOLE,
		    "name it after a domain in lower-case A-labels, or let "
		    "it begin with _ if it is there to be linked to",
		    "no request ever asks for this name");
	sink->file = file;
}
