/*
 * Files of a trusted owner; see safefile.h. All checks are made on the open
 * descriptor: what a path names can change between two looks at it.
 */
#include "safefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "trust.h"

#define READ_TRIES 2
#define OPEN_TRIES 3

/* Non-blocking: a FIFO or a device in the way must not hold us. */
#define READ_FLAGS (O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

/* A network file system may be interrupted where a disk is not. */
static int
open_again(int directory, const char *name, int flags)
{
	int file;

	do
		file = openat(directory, name, flags);
	while (file < 0 && errno == EINTR);
	return file;
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
	if ((size_t)status->st_size >= size) {
		diag_error(sink, DIAG_WHOLE, "make it smaller",
		    "larger than %zu bytes", size - 1);
		return false;
	}
	return trust == NULL || (trust_check_owner(status, trust, sink) &&
				    trust_check_writers(status, sink));
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
			return trust_system_failure(
			    sink, errno, "it cannot be looked at");
		if (!check_file(&before, size, trust, sink))
			return SAFEFILE_REFUSED;
		if (!read_bytes(file, buffer, (size_t)before.st_size, length) ||
		    fstat(file, &after) != 0)
			return trust_system_failure(
			    sink, errno, "it cannot be read");
		/* One that ends early has been truncated and written anew. */
		if (*length == (size_t)before.st_size &&
		    is_unchanged(&before, &after))
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

	if (fstat(directory, &status) != 0)
		return trust_system_failure(
		    sink, errno, "its directory cannot be looked at");
	if (status.st_nlink > 0)
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

/*
 * Opens what a link names, if that is a file beside it; 0 or an errno, which is
 * EXDEV for a link that leaves the directory.
 */
static int
open_target(int directory, const char *name, int *file)
{
	char target[NAME_MAX + 2];
	ssize_t length =
	    readlinkat(directory, name, target, sizeof(target) - 1);

	if (length < 0)
		return errno;
	target[length] = '\0';
	if (strchr(target, '/') != NULL)
		return EXDEV;
	*file = open_again(directory, target, READ_FLAGS | O_NOFOLLOW);
	return *file >= 0 ? 0 : errno;
}

static enum safefile_result
target_failure(struct diag_sink *sink, int error)
{
	switch (error) {
	case EXDEV:
		return refuse_link(sink, "a link that leaves its directory",
		    "link to a file in the same directory, by its bare name");
	case ELOOP:
		return refuse_link(
		    sink, "a link to another link", "link to the file itself");
	case ENOENT:
		return refuse_link(sink, "a link to a file that does not exist",
		    "write the file that it names, or remove the link");
	default:
		return trust_system_failure(sink, error, "it cannot be opened");
	}
}

/*
 * Between two looks a link can become a file, get another target, or go; what
 * it named can go with it. That shows when all is looked at anew.
 */
static enum safefile_result
open_file(int directory, const char *name, int *file, struct diag_sink *sink)
{
	int error, tries = 0;

	do {
		*file = open_again(directory, name, READ_FLAGS | O_NOFOLLOW);
		if (*file >= 0)
			return SAFEFILE_OK;
		if (errno == ENOENT)
			return absent(directory, sink);
		if (errno != ELOOP)
			return trust_system_failure(
			    sink, errno, "it cannot be opened");
		error = open_target(directory, name, file);
	} while ((error == EINVAL || error == ENOENT || error == ELOOP) &&
		 ++tries < OPEN_TRIES);
	return error == 0 ? SAFEFILE_OK : target_failure(sink, error);
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
	int file = open_again(AT_FDCWD, path, READ_FLAGS);
	struct stat link; /* one that names nothing is no absence */

	if (file < 0 && errno == ENOENT && lstat(path, &link) != 0)
		return SAFEFILE_ABSENT;
	if (file < 0)
		return trust_system_failure(sink, errno, "it cannot be opened");
	result = read_descriptor(file, &trust, buffer, size, length, sink);
	(void)close(file);
	return result;
}

/*
 * Whether the name is the only one of the file: a hard link can be made to what
 * its maker cannot read. That the name is still there shows that it counts.
 */
static bool
is_only_name(int directory, const char *name, int file)
{
	struct stat opened, named;

	return fstat(file, &opened) == 0 &&
	       fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       named.st_dev == opened.st_dev && named.st_ino == opened.st_ino &&
	       (named.st_nlink == 1 || !S_ISREG(named.st_mode));
}

enum safefile_result
safefile_read_foreign(int directory, const char *name, char *buffer,
    size_t size, size_t *length, struct diag_sink *sink)
{
	enum safefile_result result;
	int file = open_again(directory, name, READ_FLAGS | O_NOFOLLOW);

	if (file < 0 && errno == ENOENT)
		return SAFEFILE_ABSENT;
	if (file < 0 && errno == ELOOP)
		return refuse_link(sink,
		    "a symbolic link, which is not followed",
		    "put the file itself there");
	if (file < 0)
		return trust_system_failure(sink, errno, "it cannot be opened");
	if (is_only_name(directory, name, file))
		result =
		    read_descriptor(file, NULL, buffer, size, length, sink);
	else
		result = refuse_link(sink,
		    "a file with another name, which may be somebody else's",
		    "put a copy there");
	(void)close(file);
	return result;
}
