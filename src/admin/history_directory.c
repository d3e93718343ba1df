/*
 * The directory of the history, made when there is none yet. Its parent may be
 * the owner's, who could put a link in the way of root: so everything is done
 * on descriptors.
 */
#include "history.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"
#include "safefile.h"
#include "text.h"

#define DRAFT ".new"

/* The path of the parent, and the last component of the directory's own. */
static const char *
split_path(const char *path, char parent[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	struct text text;

	text_init(&text, parent, PATH_MAX);
	if (slash == NULL || slash == path)
		text_add_string(&text, slash == NULL ? "." : "/");
	else
		text_add(&text, path, (size_t)(slash - path));
	return slash == NULL ? path : slash + 1;
}

/* The owner's or root's, and nobody else writes there. */
static int
open_parent(const struct admin *admin, const char *parent)
{
	uid_t owner = admin->settings.owner;
	struct report report;
	struct stat status;

	if (stat(parent, &status) == 0 && status.st_uid == 0)
		owner = 0;
	report_init(&report, admin);
	return safefile_open_directory(parent, owner, &report.sink);
}

/* An empty one that a killed writer left goes; nothing else is touched. */
static int
make_draft(int parent, const char *draft)
{
	struct stat status;
	int directory;

	(void)unlinkat(parent, draft, AT_REMOVEDIR);
	if (mkdirat(parent, draft, 0700) != 0)
		return -1;
	directory = openat(
	    parent, draft, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return -1;
	if (fstat(directory, &status) == 0 && status.st_uid == geteuid() &&
	    (status.st_mode & 0077) == 0)
		return directory;
	(void)close(directory);
	errno = EPERM;
	return -1;
}

/*
 * Root makes it for the owner, who may be the one who writes next. Under
 * another name, so that a writer that is killed leaves no half of it.
 */
static bool
make_below(int parent, const char *name, uid_t owner)
{
	char draft[NAME_MAX + 1];
	bool made = false;
	struct text text;
	int directory;

	text_init(&text, draft, sizeof(draft));
	text_add_format(&text, "%s" DRAFT, name);
	directory = make_draft(parent, draft);
	if (directory < 0)
		return false;
	if (fchmod(directory, 0755) == 0 &&
	    (geteuid() == owner || fchown(directory, owner, (gid_t)-1) == 0))
		made = renameat(parent, draft, parent, name) == 0 ||
		       errno == ENOTEMPTY || errno == EEXIST;
	(void)close(directory);
	return made;
}

bool
history_make_directory(const struct admin *admin)
{
	const char *path = admin->settings.state, *name;
	char parent[PATH_MAX];
	int directory;
	bool made;

	if (access(path, F_OK) == 0)
		return true;
	name = split_path(path, parent);
	directory = open_parent(admin, parent);
	if (directory < 0)
		return false;
	made = make_below(directory, name, admin->settings.owner);
	if (!made)
		(void)admin_fail(ADMIN_SYSTEM, "%s: it cannot be made: %s",
		    path, strerror(errno));
	(void)close(directory);
	return made;
}
