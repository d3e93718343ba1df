/*
 * Files of a trusted owner; see safefile.h. All checks are made on the open
 * descriptor: what a path names can change between two looks at it.
 */
#include "safefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

#define LINKS_MAX  40 /* as the kernel */
#define WRITERS    (S_IWGRP | S_IWOTH)
#define HINT_SIZE  (DIAG_HINT_SIZE)
#define READ_TRIES 2

/* Non-blocking: a FIFO or a device in the way must not hold us. */
#define READ_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* Who may own a thing. */
struct trust {
	uid_t owner;
	bool root_too;
};

static bool
check_owner(const struct stat *status, const struct trust *trust,
    struct diag_sink *sink)
{
	char hint[HINT_SIZE];

	if (status->st_uid == trust->owner ||
	    (trust->root_too && status->st_uid == 0))
		return true;
	(void)snprintf(hint, sizeof(hint), "run: chown %lu %s",
	    (unsigned long)trust->owner, sink->file);
	diag_error(sink, DIAG_WHOLE, hint,
	    "it belongs to uid %lu, not to %lu%s",
	    (unsigned long)status->st_uid, (unsigned long)trust->owner,
	    trust->root_too && trust->owner != 0 ? " or 0" : "");
	return false;
}

static bool
check_writers(const struct stat *status, struct diag_sink *sink)
{
	static const struct {
		const char *who, *bits;
	} writers[] = {
		[S_IWGRP] = { "its group", "g-w" },
		[S_IWOTH] = { "everybody", "o-w" },
		[S_IWGRP | S_IWOTH] = { "its group and everybody", "go-w" },
	};
	const mode_t bits = status->st_mode & WRITERS;
	char hint[HINT_SIZE];

	if (bits == 0)
		return true;
	(void)snprintf(hint, sizeof(hint), "run: chmod %s %s",
	    writers[bits].bits, sink->file);
	diag_error(sink, DIAG_WHOLE, hint, "writable by %s (mode %04o)",
	    writers[bits].who, (unsigned)(status->st_mode & 07777));
	return false;
}

static enum safefile_result
system_failure(struct diag_sink *sink, int error, const char *what)
{
	diag_error(sink, DIAG_WHOLE, NULL, "%s: %s", what, strerror(error));
	switch (error) {
	case EACCES:
	case EPERM:
	case ELOOP:
	case ENXIO: /* a socket, or a device without a driver */
	case ENODEV:
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		return SAFEFILE_REFUSED;
	default:
		return SAFEFILE_UNAVAILABLE;
	}
}

/*
 * The walk to a directory: where it stands, what is still to go, and how the
 * place is called.
 */
struct walk {
	int directory;
	unsigned links;
	char name[PATH_MAX]; /* of the directory; "" is the root */
	char rest[PATH_MAX];
};

static void
walk_move(struct walk *walk, int directory)
{
	if (walk->directory >= 0)
		(void)close(walk->directory);
	walk->directory = directory;
}

/* Splits the first component off the rest; false when there is none left. */
static bool
walk_next(struct walk *walk, char component[NAME_MAX + 1])
{
	const char *start = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(start, "/");

	if (length == 0)
		return false;
	if (length > NAME_MAX)
		length = NAME_MAX; /* too long for the kernel, too */
	memcpy(component, start, length);
	component[length] = '\0';
	start += length;
	memmove(walk->rest, start, strlen(start) + 1);
	return true;
}

static int
walk_rename(struct walk *walk, const char *component)
{
	struct text name;
	char *slash;

	if (strcmp(component, ".") == 0)
		return 0;
	if (strcmp(component, "..") == 0) {
		slash = strrchr(walk->name, '/');
		if (slash != NULL)
			*slash = '\0';
		return 0;
	}
	name = (struct text){ walk->name, strlen(walk->name),
		sizeof(walk->name), false };
	text_add_string(&name, "/");
	text_add_string(&name, component);
	return name.overflow ? ENAMETOOLONG : 0;
}

/* Puts what a link names before the rest. */
static int
walk_follow(struct walk *walk, int link)
{
	char target[PATH_MAX];
	ssize_t length = readlinkat(link, "", target, sizeof(target) - 1);
	struct text rest;

	if (length < 0)
		return errno;
	text_init(&rest, target, sizeof(target));
	rest.length = (size_t)length;
	text_add_string(&rest, walk->rest);
	if (rest.overflow)
		return ENAMETOOLONG;
	if (++walk->links > LINKS_MAX)
		return ELOOP;
	memcpy(walk->rest, target, rest.length + 1);
	if (target[0] != '/')
		return 0;
	walk->name[0] = '\0';
	walk_move(walk, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
	return walk->directory < 0 ? errno : 0;
}

static bool
walk_check(
    const struct walk *walk, uid_t owner, bool root_too, struct diag_sink *sink)
{
	const struct trust trust = { owner, root_too };
	struct stat status;

	sink->file = walk->name[0] != '\0' ? walk->name : "/";
	if (fstat(walk->directory, &status) != 0) {
		system_failure(sink, errno, "it cannot be looked at");
		return false;
	}
	return check_owner(&status, &trust, sink) &&
	       check_writers(&status, sink);
}

/* One component further; an errno, or 0. */
static int
walk_enter(struct walk *walk, const char *component)
{
	struct stat status;
	int next =
	    openat(walk->directory, component, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int error;

	if (next < 0)
		return errno;
	if (fstat(next, &status) != 0)
		error = errno;
	else if (S_ISLNK(status.st_mode))
		error = walk_follow(walk, next);
	else if (!S_ISDIR(status.st_mode))
		error = ENOTDIR;
	else
		error = walk_rename(walk, component);
	if (error == 0 && S_ISDIR(status.st_mode))
		walk_move(walk, next);
	else
		(void)close(next);
	return error;
}

static bool
walk_step(struct walk *walk, const char *component, uid_t owner,
    struct diag_sink *sink)
{
	int error = walk_enter(walk, component);

	if (error == 0)
		return walk_check(walk, owner, true, sink);
	(void)walk_rename(walk, component);
	sink->file = walk->name;
	system_failure(sink, error, "it cannot be opened");
	return false;
}

int
safefile_open_directory(const char *path, uid_t owner, struct diag_sink *sink)
{
	const char *file = sink->file;
	struct walk walk = { .directory = -1 };
	char component[NAME_MAX + 1];
	bool trusted;

	(void)snprintf(walk.rest, sizeof(walk.rest), "%s", path);
	walk_move(&walk, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
	trusted = walk_check(&walk, owner, true, sink);
	while (trusted && walk_next(&walk, component))
		trusted = walk_step(&walk, component, owner, sink);
	/* The last one is to be the owner's own. */
	if (trusted)
		trusted = walk_check(&walk, owner, false, sink);
	if (!trusted)
		walk_move(&walk, -1);
	sink->file = file;
	return walk.directory;
}

static bool
check_file(const struct stat *status, size_t size, const struct trust *trust,
    struct diag_sink *sink)
{
	if (!S_ISREG(status->st_mode)) {
		diag_error(sink, DIAG_WHOLE, "put a plain file in its place",
		    "it is no regular file");
		return false;
	}
	if ((uint64_t)status->st_size >= size) {
		diag_error(sink, DIAG_WHOLE, "make it smaller",
		    "larger than %zu bytes", size - 1);
		return false;
	}
	return check_owner(status, trust, sink) && check_writers(status, sink);
}

static bool
same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool
is_unchanged(const struct stat *before, const struct stat *after)
{
	return before->st_size == after->st_size &&
	       same_time(&before->st_mtim, &after->st_mtim) &&
	       same_time(&before->st_ctim, &after->st_ctim);
}

/* Reads as much as the file had at first; false on an error of the system. */
static bool
read_bytes(int file, char *buffer, size_t wanted, size_t *length)
{
	*length = 0;
	while (*length < wanted) {
		ssize_t count = pread(
		    file, buffer + *length, wanted - *length, (off_t)*length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count == 0;
		*length += (size_t)count;
	}
	return true;
}

static enum safefile_result
read_descriptor(int file, const struct trust *trust, char *buffer, size_t size,
    size_t *length, struct diag_sink *sink)
{
	struct stat before, after;
	int tries;

	for (tries = 0; tries < READ_TRIES; tries++) {
		if (fstat(file, &before) != 0)
			return system_failure(
			    sink, errno, "it cannot be looked at");
		if (!check_file(&before, size, trust, sink))
			return SAFEFILE_REFUSED;
		if (!read_bytes(file, buffer, (size_t)before.st_size, length) ||
		    fstat(file, &after) != 0)
			return system_failure(sink, errno, "it cannot be read");
		if (is_unchanged(&before, &after))
			return SAFEFILE_OK;
	}
	diag_error(sink, DIAG_WHOLE,
	    "write a new file beside it and rename that into its place",
	    "it changed while it was read");
	return SAFEFILE_REFUSED;
}

/* A directory that was removed has no files, and so no answer. */
static enum safefile_result
absent(int directory, struct diag_sink *sink)
{
	struct stat status;

	if (fstat(directory, &status) != 0 || status.st_nlink > 0)
		return SAFEFILE_ABSENT;
	diag_error(sink, DIAG_WHOLE, NULL, "its directory has been removed");
	return SAFEFILE_UNAVAILABLE;
}

static enum safefile_result
refuse_link(struct diag_sink *sink, const char *message, const char *hint)
{
	diag_error(sink, DIAG_WHOLE, hint, "%s", message);
	return SAFEFILE_REFUSED;
}

/* Opens what a link names, if that is a file beside it. */
static enum safefile_result
open_target(int directory, const char *name, int *file, struct diag_sink *sink)
{
	char target[NAME_MAX + 2];
	ssize_t length =
	    readlinkat(directory, name, target, sizeof(target) - 1);

	if (length < 0)
		return system_failure(sink, errno, "the link cannot be read");
	target[length] = '\0';
	if (strchr(target, '/') != NULL)
		return refuse_link(sink, "a link that leaves its directory",
		    "link to a file in the same directory, by its bare name");
	*file = openat(directory, target, READ_FLAGS | O_NOFOLLOW);
	if (*file >= 0)
		return SAFEFILE_OK;
	if (errno == ELOOP)
		return refuse_link(
		    sink, "a link to another link", "link to the file itself");
	if (errno == ENOENT)
		return refuse_link(sink, "a link to a file that does not exist",
		    "write the file that it names, or remove the link");
	return system_failure(sink, errno, "it cannot be opened");
}

static enum safefile_result
open_file(int directory, const char *name, int *file, struct diag_sink *sink)
{
	*file = openat(directory, name, READ_FLAGS | O_NOFOLLOW);
	if (*file >= 0)
		return SAFEFILE_OK;
	if (errno == ENOENT)
		return absent(directory, sink);
	if (errno == ELOOP)
		return open_target(directory, name, file, sink);
	return system_failure(sink, errno, "it cannot be opened");
}

enum safefile_result
safefile_read(int directory, const char *name, uid_t owner, char *buffer,
    size_t size, size_t *length, struct diag_sink *sink)
{
	const struct trust trust = { owner, false };
	enum safefile_result result;
	int file;

	result = open_file(directory, name, &file, sink);
	if (result != SAFEFILE_OK)
		return result;
	result = read_descriptor(file, &trust, buffer, size, length, sink);
	(void)close(file);
	return result;
}

enum safefile_result
safefile_read_path(const char *path, uid_t owner, char *buffer, size_t size,
    size_t *length, struct diag_sink *sink)
{
	const struct trust trust = { owner, true };
	enum safefile_result result;
	int file = open(path, READ_FLAGS);

	if (file < 0 && errno == ENOENT)
		return SAFEFILE_ABSENT;
	if (file < 0)
		return system_failure(sink, errno, "it cannot be opened");
	result = read_descriptor(file, &trust, buffer, size, length, sink);
	(void)close(file);
	return result;
}
