/*
 * Files put in place whole or not at all; see safewrite.h.
 */
#include "safewrite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Always the same name: there is one writer, and so at most one such file that
 * a killed one can have left.
 */
#define DRAFT ".mta-sts.new"

static bool
failure(struct diag_sink *sink, const char *what)
{
	diag_error(sink, DIAG_WHOLE, NULL, "%s: %s", what, strerror(errno));
	return false;
}

/* The descriptor at hand may be O_PATH, which cannot be synced. */
static int
sync_directory(int directory)
{
	int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result;

	if (again < 0)
		return -1;
	result = fsync(again);
	(void)close(again);
	return result;
}

/* A draft that is there is a killed writer's. */
static bool
clear_draft(int directory, struct diag_sink *sink)
{
	if (unlinkat(directory, DRAFT, 0) == 0 || errno == ENOENT)
		return true;
	return failure(sink, "what another writer left cannot be removed");
}

static int
write_all(int file, struct text_span content)
{
	while (content.length > 0) {
		ssize_t count = write(file, content.at, content.length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -1;
		content.at += count;
		content.length -= (size_t)count;
	}
	return 0;
}

static int
give_to(int file, uid_t owner)
{
	struct stat status;

	if (fstat(file, &status) != 0)
		return -1;
	return status.st_uid == owner ? 0 : fchown(file, owner, (gid_t)-1);
}

/* Everything that can fail for want of space has been done after this. */
static bool
fill_draft(
    int file, uid_t owner, struct text_span content, struct diag_sink *sink)
{
	if (write_all(file, content) != 0)
		return failure(sink, "it cannot be written");
	if (give_to(file, owner) != 0)
		return failure(sink, "it cannot be given to its owner");
	if (fchmod(file, 0644) != 0)
		return failure(sink, "its mode cannot be set");
	if (fsync(file) != 0)
		return failure(sink, "it cannot be written to the disk");
	return true;
}

static bool
make_file(int directory, uid_t owner, struct text_span content,
    struct diag_sink *sink)
{
	int file = openat(directory, DRAFT,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool made;

	if (file < 0)
		return failure(sink, "it cannot be written");
	made = fill_draft(file, owner, content, sink);
	if (close(file) != 0 && made)
		made = failure(sink, "it cannot be written");
	return made;
}

static bool
make_link(
    int directory, uid_t owner, const char *target, struct diag_sink *sink)
{
	struct stat status;

	if (symlinkat(target, directory, DRAFT) != 0)
		return failure(sink, "the link cannot be made");
	if (fstatat(directory, DRAFT, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
	    (status.st_uid != owner &&
		fchownat(directory, DRAFT, owner, (gid_t)-1,
		    AT_SYMLINK_NOFOLLOW) != 0))
		return failure(sink, "the link cannot be given to its owner");
	return true;
}

/* What is in place stays there even if the sync fails: it is whole. */
static bool
put_in_place(int directory, const char *name, struct diag_sink *sink)
{
	if (renameat(directory, DRAFT, directory, name) != 0)
		return failure(sink, "it cannot be put in place");
	if (sync_directory(directory) != 0)
		return failure(
		    sink, "in place, but a crash may still undo that");
	return true;
}

bool
safewrite_file(int directory, const char *name, uid_t owner,
    struct text_span content, struct diag_sink *sink)
{
	bool done = clear_draft(directory, sink) &&
		    make_file(directory, owner, content, sink) &&
		    put_in_place(directory, name, sink);

	if (!done)
		(void)unlinkat(directory, DRAFT, 0);
	return done;
}

bool
safewrite_link(int directory, const char *name, uid_t owner, const char *target,
    struct diag_sink *sink)
{
	bool done = clear_draft(directory, sink) &&
		    make_link(directory, owner, target, sink) &&
		    put_in_place(directory, name, sink);

	if (!done)
		(void)unlinkat(directory, DRAFT, 0);
	return done;
}

bool
safewrite_is_same(int directory, const char *a, const char *b)
{
	struct stat first, second;

	return fstatat(directory, a, &first, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(directory, b, &second, AT_SYMLINK_NOFOLLOW) == 0 &&
	       first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

bool
safewrite_second_name(
    int directory, const char *old, const char *new, struct diag_sink *sink)
{
	if (safewrite_is_same(directory, old, new))
		return true;
	if (linkat(directory, old, directory, new, 0) != 0)
		return failure(sink, "it cannot be given its new name");
	if (sync_directory(directory) != 0)
		return failure(sink, "its new name cannot be kept");
	return true;
}

bool
safewrite_remove(int directory, const char *name, struct diag_sink *sink)
{
	if (unlinkat(directory, name, 0) != 0 && errno != ENOENT)
		return failure(sink, "it cannot be removed");
	if (sync_directory(directory) != 0)
		return failure(sink, "gone, but a crash may bring it back");
	return true;
}
