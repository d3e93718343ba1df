/*
 * The part of test_safefile.c about directories and the way to them.
 */
#ifndef MTASTS_SAFEFILE_DIRECTORIES_H
#define MTASTS_SAFEFILE_DIRECTORIES_H

#include "fixture.h"

#include "safefile.h"

#define OTHER 65534 /* a user who is neither root nor this one */

static struct unit_findings found;

/*
 * Opens a directory: the same one as want names, or with the findings and
 * blamed, a name in the base, as their file ("": whatever it is).
 */
static void
check_directory(int line, const char *path, uid_t owner, const char *want,
    const char *blamed)
{
	struct diag_sink sink = unit_sink(&found);
	int opened = safefile_open_directory(path, owner, &sink);
	struct stat got, wanted;

	UNIT_EXPECT(line, (opened >= 0) == (blamed == NULL));
	UNIT_FINDINGS(line, &found, blamed ? want : "");
	UNIT_EXPECT(line, strcmp(sink.file, "file") == 0);
	if (blamed != NULL && blamed[0] != '\0')
		UNIT_STRING(line, found.file,
		    blamed[0] == '/' ? blamed : in_base(blamed));
	if (opened < 0)
		return;
	assert_int_equal(fstat(opened, &got), 0);
	if (blamed == NULL) {
		assert_int_equal(stat(in_base(want), &wanted), 0);
		UNIT_EXPECT(line, got.st_ino == wanted.st_ino);
	}
	UNIT_EXPECT(line, fcntl(opened, F_GETFD) == FD_CLOEXEC);
	assert_int_equal(close(opened), 0);
}

#define CANNOT "0:0: error: it cannot be opened: "

static const struct {
	int line;
	const char *path, *want, *blamed;
} directories[] = {
	{ __LINE__, "a", "a", NULL },
	{ __LINE__, "a/b", "a/b", NULL },
	{ __LINE__, "a/b/", "a/b", NULL },
	{ __LINE__, "a//.//b/.", "a/b", NULL },
	{ __LINE__, "a/b/..", "a", NULL },
	{ __LINE__, "a/../a/b", "a/b", NULL },
	/* through links: absolute ones, relative ones, several */
	{ __LINE__, "l-a", "a", NULL },
	{ __LINE__, "l-a/b", "a/b", NULL },
	{ __LINE__, "l-a/", "a", NULL },
	{ __LINE__, "l-base/a/b", "a/b", NULL },
	{ __LINE__, "l-base", ".", NULL },
	{ __LINE__, "a/l-up", "c", NULL },
	{ __LINE__, "a/l-up/d", "c/d", NULL },
	{ __LINE__, "a/l-up/../a", "a", NULL },
	{ __LINE__, "a/b/l-upup/d", "c/d", NULL },
	{ __LINE__, "l-chain/d", "c/d", NULL },
	{ __LINE__, "l-dot/a", "a", NULL },
	/* what is not there or no directory */
	{ __LINE__, "x", CANNOT "No such file", "x" },
	{ __LINE__, "a/x/b", CANNOT "No such file", "a/x" },
	{ __LINE__, "a/./x", CANNOT "No such file", "a/x" },
	{ __LINE__, "a/b/../x", CANNOT "No such file", "a/x" },
	{ __LINE__, "l-base/a/x", CANNOT "No such file", "a/x" },
	{ __LINE__, "l-nothing", CANNOT "No such file", "nothing" },
	{ __LINE__, "file", CANNOT "Not a directory", "file" },
	{ __LINE__, "file/a", CANNOT "Not a directory", "file" },
	{ __LINE__, "l-file", CANNOT "Not a directory", "file" },
	{ __LINE__, "fifo", CANNOT "Not a directory", "fifo" },
	{ __LINE__, "l-loop", CANNOT "Too many levels", "l-loop" },
	{ __LINE__, "l-self/a", CANNOT "Too many levels", "l-self" },
	/* writable by others: the directory itself or one on the way */
	{ __LINE__, "group", "0:0: error: writable by its group (mode 0775)",
	    "group" },
	{ __LINE__, "all", "0:0: error: writable by ~ (mode 0777)", "all" },
	{ __LINE__, "all/in", "0:0: error: writable by ~ (mode 0777)", "all" },
	{ __LINE__, "sticky/in", "0:0: error: writable by ~ (mode 1777)",
	    "sticky" },
	{ __LINE__, "l-in", "0:0: error: writable by ~ (mode 0777)", "all" },
	{ __LINE__, "all/l-a", "0:0: error: writable by ~ (mode 0777)", "all" },
	{ __LINE__, "all/in/../../a", "0:0: error: writable by ~ (mode 0777)",
	    "all" },
};

static void
make_tree(void)
{
	make_directory("a", 0755);
	make_directory("a/b", 0700);
	make_directory("c", 0711);
	make_directory("c/d", 0755);
	make_directory("group", 0775);
	make_directory("all", 0777);
	make_directory("all/in", 0755);
	make_directory("sticky", 01777);
	make_directory("sticky/in", 0755);
	put("file", "x", 0644);
	assert_int_equal(mkfifo(in_base("fifo"), 0600), 0);
	make_link("a", "l-a");
	make_link(base, "l-base");
	make_link("../c", "a/l-up");
	make_link("../../c/./", "a/b/l-upup");
	make_link("a/l-up", "l-chain");
	make_link(".", "l-dot");
	make_link("nothing", "l-nothing");
	make_link("file", "l-file");
	make_link("l-pool", "l-loop");
	make_link("l-loop", "l-pool");
	make_link("l-self", "l-self");
	make_link("all/in", "l-in");
	make_link("../a", "all/l-a");
}

static void
test_directories(void **state)
{
	const __typeof__(directories[0]) *row;

	(void)state;
	make_tree();
	UNIT_EACH (row, directories)
		check_directory(row->line, in_base(row->path), getuid(),
		    row->want, row->blamed);
}

/* The directory is the owner's; those on the way may be root's, too. */
static void
test_directory_owner(void **state)
{
	const uid_t me = getuid();

	(void)state;
	make_tree();
	if (me != 0) {
		check_directory(__LINE__, "/", me,
		    "0:0: error: it belongs to uid 0, not to ", "/");
		UNIT_DONE();
		UNIT_SKIP("only root can give directories away");
	}
	check_directory(__LINE__, in_base("a/b"), OTHER,
	    "0:0: error: it belongs to uid 0, not to 65534", "a/b");
	assert_int_equal(chown(in_base("a"), OTHER, OTHER), 0);
	check_directory(__LINE__, in_base("a"), OTHER, "a", NULL);
	check_directory(__LINE__, in_base("a/b"), OTHER,
	    "0:0: error: it belongs to uid 0, not to 65534", "a/b");
	check_directory(__LINE__, in_base("a/b"), 0,
	    "0:0: error: it belongs to uid 65534, not to 0", "a");
	assert_int_equal(chown(in_base("a/b"), OTHER, OTHER), 0);
	check_directory(__LINE__, in_base("a/b"), OTHER, "a/b", NULL);
	check_directory(__LINE__, in_base("a/b"), 0,
	    "0:0: error: it belongs to uid 65534, not to 0", "a");
	check_directory(__LINE__, in_base("l-a/b"), 1,
	    "0:0: error: it belongs to uid 65534, not to 1 or 0", "a");
	UNIT_DONE();
}

/* A name too long for the kernel is never taken for a shorter one. */
static void
test_directory_names(void **state)
{
	static char path[2 * PATH_MAX];
	char name[301];

	(void)state;
	memset(name, 'n', 300);
	name[300] = '\0';
	name[255] = '\0';
	make_directory(name, 0755);
	check_directory(__LINE__, in_base(name), getuid(), name, NULL);
	(void)snprintf(path, sizeof(path), "%s/%.45s", name, name);
	make_directory(path, 0755);
	name[255] = 'n';
	check_directory(
	    __LINE__, in_base(name), getuid(), CANNOT "File name too long", "");

	make_directory("a", 0755);
	memset(path, '/', sizeof(path));
	memcpy(path, base, strlen(base));
	path[strlen(base) + 1] = 'a';
	memcpy(path + PATH_MAX, "b", 2);
	check_directory(__LINE__, path, getuid(), "0:0: error: ", "");

	/* A link and what is behind it, too long together. */
	memset(path, '/', sizeof(path));
	path[PATH_MAX - 500] = '\0';
	make_link(path, "long");
	memset(path, '/', sizeof(path));
	memcpy(path, in_base("long"), strlen(in_base("long")));
	memcpy(path + 600, "tmp", 4);
	check_directory(
	    __LINE__, path, getuid(), CANNOT "File name too long", "");
	UNIT_DONE();
}

/* As many links as the kernel follows, and one more. */
static void
test_directory_links(void **state)
{
	char name[16], target[16];
	unsigned i;

	(void)state;
	make_directory("l0", 0755);
	for (i = 1; i <= 41; i++) {
		(void)snprintf(target, sizeof(target), "l%u", i - 1);
		(void)snprintf(name, sizeof(name), "l%u", i);
		make_link(target, name);
	}
	check_directory(__LINE__, in_base("l40"), getuid(), "l0", NULL);
	check_directory(
	    __LINE__, in_base("l41"), getuid(), CANNOT "Too many levels", "l1");
	UNIT_DONE();
}

#endif
