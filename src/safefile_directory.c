/*
 * The walk to a directory, each step of it checked; see safefile.h. A component
 * at a time, so that the finding names the very path that is to blame.
 */
#include "safefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "text.h"
#include "trust.h"

#define LINKS_MAX 40 /* as the kernel */

/* One more than a name can have: what is cut is still too long. */
#define COMPONENT_SIZE (NAME_MAX + 2)

/*
 * The walk to a directory: where it stands, what is still to go, and how the
 * place is called.
 */
struct walk {
	int directory;
	int error; /* what the system said; EPERM: nothing */
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
walk_next(struct walk *walk, char component[COMPONENT_SIZE])
{
	const char *start = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(start, "/");

	if (length == 0)
		return false;
	if (length >= COMPONENT_SIZE)
		length = COMPONENT_SIZE - 1;
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
	rest = (struct text){ target, (size_t)length, sizeof(target), false };
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
    struct walk *walk, uid_t owner, bool root_too, struct diag_sink *sink)
{
	const struct trust trust = { owner, root_too };
	struct stat status;

	sink->file = walk->name[0] != '\0' ? walk->name : "/";
	if (fstat(walk->directory, &status) != 0) {
		walk->error = errno;
		trust_system_failure(
		    sink, walk->error, "it cannot be looked at");
		return false;
	}
	return trust_check_owner(&status, &trust, sink) &&
	       trust_check_writers(&status, sink);
}

/* An automount mounts what belongs there for whoever wants a directory. */
static int
open_component(int directory, const char *component)
{
	const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
	int next = openat(directory, component, flags | O_DIRECTORY);

	if (next < 0 && errno == ENOTDIR) /* a link, or what will be refused */
		next = openat(directory, component, flags);
	return next;
}

/* One component further; an errno, or 0. */
static int
walk_enter(struct walk *walk, const char *component)
{
	struct stat status;
	int next = open_component(walk->directory, component);
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
walk_failed(struct walk *walk, int error, struct diag_sink *sink)
{
	walk->error = error;
	sink->file = walk->name[0] != '\0' ? walk->name : "/";
	trust_system_failure(sink, error, "it cannot be opened");
	return false;
}

static bool
walk_begin(struct walk *walk, uid_t owner, struct diag_sink *sink)
{
	walk->directory = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (walk->directory < 0)
		return walk_failed(walk, errno, sink);
	return walk_check(walk, owner, true, sink);
}

static bool
walk_step(struct walk *walk, const char *component, uid_t owner,
    struct diag_sink *sink)
{
	int error = walk_enter(walk, component);

	if (error == 0)
		return walk_check(walk, owner, true, sink);
	(void)walk_rename(walk, component);
	return walk_failed(walk, error, sink);
}

int
safefile_open_directory(const char *path, uid_t owner, struct diag_sink *sink)
{
	const char *file = sink->file;
	struct walk walk = { .directory = -1, .error = EPERM };
	char component[COMPONENT_SIZE];
	struct text rest;
	bool trusted;

	text_init(&rest, walk.rest, sizeof(walk.rest));
	text_add_string(&rest, path);
	if (rest.overflow) {
		trust_system_failure(sink, ENAMETOOLONG, "the path");
		errno = ENAMETOOLONG;
		return -1;
	}
	trusted = walk_begin(&walk, owner, sink);
	while (trusted && walk_next(&walk, component))
		trusted = walk_step(&walk, component, owner, sink);
	/* The last one is to be the owner's own. */
	if (trusted)
		trusted = walk_check(&walk, owner, false, sink);
	if (!trusted)
		walk_move(&walk, -1);
	sink->file = file;
	if (!trusted)
		errno = walk.error;
	return walk.directory;
}
