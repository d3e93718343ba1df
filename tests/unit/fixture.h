/*
 * A directory for the tests that need one, with what they put into it. Its
 * parents are trusted: nobody else can write to them.
 */
#ifndef MTASTS_FIXTURE_H
#define MTASTS_FIXTURE_H

#include "unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "safefile.h"

#define OK      SAFEFILE_OK
#define ABSENT  SAFEFILE_ABSENT
#define REFUSED SAFEFILE_REFUSED
#define LATER   SAFEFILE_UNAVAILABLE

static char base[256];
static int free_descriptor;

/* The lowest file descriptor that is free: the same again, or one leaked. */
static inline int
lowest_descriptor(void)
{
	int descriptor = dup(0);

	assert_true(descriptor >= 0);
	assert_int_equal(close(descriptor), 0);
	return descriptor;
}

/*
 * A new directory whose parents nobody else can write to: below /run, or the
 * user's own. (In /tmp everybody can.)
 */
static inline void
fixture_make(void)
{
	const char *parent = getenv("XDG_RUNTIME_DIR");

	unit_failed = 0; /* of a test that was cut short, and told so */
	if (geteuid() == 0)
		parent = "/run";
	else if (parent == NULL)
		parent = getenv("HOME");
	assert_non_null(parent);
	(void)umask(022);
	assert_in_range(
	    snprintf(base, sizeof(base), "%s/mta-sts-XXXXXX", parent), 1,
	    sizeof(base) - 1);
	assert_non_null(mkdtemp(base));
	assert_int_equal(chmod(base, 0755), 0);
	free_descriptor = lowest_descriptor();
}

static inline int
fixture_remove_one(
    const char *path, const struct stat *status, int kind, struct FTW *where)
{
	(void)status;
	(void)kind;
	(void)where;
	return remove(path);
}

static inline void
fixture_remove(void)
{
	assert_non_null(strstr(base, "/mta-sts-"));
	assert_int_equal(
	    nftw(base, fixture_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	assert_int_equal(lowest_descriptor(), free_descriptor);
}

/* The path of a name in the directory; good for the next three calls. */
static inline const char *
in_base(const char *name)
{
	static char paths[4][2 * PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 4];

	assert_in_range(snprintf(path, sizeof(paths[0]), "%s/%s", base, name),
	    1, sizeof(paths[0]) - 1);
	return path;
}

static inline void
put(const char *name, const char *text, mode_t mode)
{
	const char *path = in_base(name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static inline void
make_directory(const char *name, mode_t mode)
{
	assert_int_equal(mkdir(in_base(name), 0755), 0);
	assert_int_equal(chmod(in_base(name), mode), 0);
}

static inline void
make_link(const char *target, const char *name)
{
	assert_int_equal(symlink(target, in_base(name)), 0);
}

#endif
