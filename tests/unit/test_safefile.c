/*
 * safefile.c in a directory of its own: owners, modes, links, what is no file,
 * and files that change while they are read.
 */
#include "fixture.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>

#include "safefile.h"
#include "safefile_directories.h"
#include "safefile_links.h"
#include "safefile_rows.h"

#define SIZE 64 /* of the buffer */

static int directory = -1;

/* Takes the C library's place for the whole program. */
ssize_t
pread(int file, void *buffer, size_t count, off_t offset)
{
	bool now = times > 0;

	reads++;
	times -= now;
	if (now && how == INTERRUPTED) {
		errno = EINTR;
		return -1;
	}
	if (now && how == FAILING) {
		errno = EIO;
		return -1;
	}
	if (now && how == BY_BYTE && count > 1)
		count = 1;
	if (now && how == SHRINKING)
		assert_int_equal(truncate(victim, 2), 0);
	if (now && how == TOUCHING)
		assert_int_equal(
		    utimensat(AT_FDCWD, victim,
			(struct timespec[2]){ { 1, 0 }, { 1, 100 * reads } },
			0),
		    0);
	if (now && how == GROWING)
		assert_int_equal(truncate(victim, 20 + (off_t)reads), 0);
	return syscall(SYS_pread64, file, buffer, count, offset);
}

/* And so does this one. */
ssize_t
readlinkat(int at, const char *name, char *target, size_t size)
{
	const bool now = changes_left > 0;
	ssize_t length;

	changes_left -= now;
	changes += now;
	if (now && !change_late)
		links_change();
	length = syscall(SYS_readlinkat, at, name, target, size);
	if (now && change_late)
		links_change();
	return length;
}

static int
setup(void **state)
{
	(void)state;
	fixture_make();
	directory = open(base, O_PATH | O_DIRECTORY);
	assert_true(directory >= 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	assert_int_equal(close(directory), 0);
	fixture_remove();
	return 0;
}

/* Reads, in memory of that size, and looks at everything that came of it. */
static void
check(int line, const char *name, uid_t owner, enum safefile_result want,
    const char *text)
{
	struct diag_sink sink = unit_sink(&found);
	char *buffer = malloc(SIZE);
	size_t length = 4711;
	enum safefile_result result =
	    safefile_read(directory, name, owner, buffer, SIZE, &length, &sink);

	UNIT_EXPECT(line, result == want);
	if (result == SAFEFILE_OK && want == SAFEFILE_OK)
		UNIT_BYTES(line, buffer, length, text, strlen(text));
	UNIT_FINDINGS(line, &found, want == SAFEFILE_OK ? "" : text);
	UNIT_EXPECT(line, strcmp(sink.file, "file") == 0);
	free(buffer);
}

static void
test_files(void **state)
{
	const __typeof__(files[0]) *row;
	time_t start = time(NULL);

	(void)state;
	unit_rows = rows_file;
	UNIT_EACH (row, files) {
		if (row->kind == PLAIN)
			put(row->name, row->is, row->mode);
		else if (row->kind == FOLDER)
			make_directory(row->name, row->mode);
		else if (row->kind == FIFO)
			assert_int_equal(
			    mkfifo(in_base(row->name), row->mode), 0);
		else if (row->kind == LINK)
			make_link(row->is, row->name);
		check(row->line, row->name, getuid(), row->want, row->text);
	}
	assert_true(time(NULL) - start < 60);
}

static void
test_socket_and_device(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s",
	    in_base("socket"));
	assert_int_equal(
	    bind(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(close(sock), 0);
	check(__LINE__, "socket", getuid(), REFUSED,
	    "0:0: error: it cannot be opened");
	UNIT_DONE();
	if (mknod(in_base("zero"), S_IFCHR | 0600, 0x105) != 0)
		UNIT_SKIP("no device can be made here");
	check(__LINE__, "zero", getuid(), REFUSED, "0:0: error: ");
	UNIT_DONE();
}

static void
test_owner(void **state)
{
	const uid_t me = getuid();

	(void)state;
	put("a", "x", 0644);
	make_link("a", "b");
	check(__LINE__, "a", me, OK, "x");
	check(__LINE__, "a", me + 1, REFUSED, "0:0: error: it belongs to uid ");
	check(__LINE__, "b", me + 1, REFUSED, "0:0: error: it belongs to uid ");
	UNIT_DONE();
	if (me != 0)
		UNIT_SKIP("only root can give files away");
	assert_int_equal(chown(in_base("a"), OTHER, OTHER), 0);
	check(__LINE__, "a", 0, REFUSED,
	    "0:0: error: it belongs to uid 65534, not to 0; run chown 0 on it");
	check(__LINE__, "a", OTHER, OK, "x");
	assert_int_equal(chown(in_base("a"), 0, OTHER), 0);
	check(__LINE__, "a", 0, OK, "x");
	check(__LINE__, "a", OTHER, REFUSED,
	    "0:0: error: it belongs to uid 0, not to 65534; run chown 65534 on "
	    "it");
	UNIT_DONE();
}

static void
test_unreadable(void **state)
{
	(void)state;
	if (geteuid() == 0)
		UNIT_SKIP("root can read everything");
	put("a", "x", 0);
	check(__LINE__, "a", getuid(), REFUSED,
	    "0:0: error: it cannot be opened: Permission denied");
	UNIT_DONE();
}

/* No descriptor left: not now, but perhaps later, and so never "absent". */
static void
test_unavailable(void **state)
{
	struct rlimit limit, none;

	(void)state;
	put("a", "x", 0644);
	make_link("a", "b");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)lowest_descriptor();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	check(__LINE__, "a", getuid(), LATER,
	    "0:0: error: it cannot be opened: Too many open files");
	check(__LINE__, "b", getuid(), LATER,
	    "0:0: error: it cannot be opened: Too many open files");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	check(__LINE__, "a", getuid(), OK, "x");
	UNIT_DONE();
}

/* A directory that has been removed says nothing about its files. */
static void
test_removed_directory(void **state)
{
	int held = directory;

	(void)state;
	make_directory("gone", 0755);
	directory = open(in_base("gone"), O_PATH | O_DIRECTORY);
	assert_true(directory >= 0);
	check(__LINE__, "a", getuid(), ABSENT, "");
	assert_int_equal(rmdir(in_base("gone")), 0);
	check(__LINE__, "a", getuid(), LATER,
	    "0:0: error: its directory has been removed");
	assert_int_equal(close(directory), 0);
	directory = held;
	UNIT_DONE();
}

static void
test_disturbed(void **state)
{
	const __typeof__(disturbed[0]) *row;

	(void)state;
	victim = in_base("a");
	unit_rows = rows_file;
	UNIT_EACH (row, disturbed) {
		(void)unlink(victim);
		put("a", "0123456789", 0644);
		victim = in_base("a");
		how = row->how;
		times = row->times;
		reads = 0;
		check(row->line, "a", getuid(), row->want, row->text);
		UNIT_EXPECT(row->line, reads >= row->reads && reads < 30);
		how = AS_IT_IS;
		times = 0;
	}
}

/* Whoever asks meanwhile gets the one or the other, and no error. */
static void
test_replaced(void **state)
{
	const __typeof__(replaced[0]) *row;

	(void)state;
	unit_rows = links_file;
	UNIT_EACH (row, replaced) {
		links_make();
		change = row->change;
		change_late = row->late;
		changes_left = row->times;
		changes = 0;
		check(row->line, "link", getuid(), row->want, row->text);
		UNIT_EXPECT(row->line, changes > 0 || row->times == 0);
		UNIT_EXPECT(row->line, changes < 10);
		changes_left = 0;
	}
}

static void
check_path(int line, const char *path, uid_t owner, enum safefile_result want,
    const char *findings)
{
	static char buffer[65536];
	struct diag_sink sink = unit_sink(&found);
	size_t length;

	UNIT_EXPECT(line, safefile_read_path(path, owner, buffer,
			      sizeof(buffer), &length, &sink) == want);
	UNIT_FINDINGS(line, &found, findings);
}

/* A path anywhere: the file alone is checked, and root's will do. */
static void
test_read_path(void **state)
{
	const uid_t me = getuid();

	(void)state;
	make_directory("open", 0777);
	put("open/a", "x", 0644);
	put("open/b", "x", 0666);
	make_link("open/a", "c");
	make_link("nothing", "d");
	check_path(__LINE__, in_base("open/a"), me, OK, "");
	check_path(__LINE__, in_base("c"), me, OK, "");
	check_path(__LINE__, in_base("d"), me, REFUSED,
	    "0:0: error: it cannot be opened: No such file");
	check_path(__LINE__, in_base("open/e"), me, ABSENT, "");
	check_path(__LINE__, in_base("open/b"), me, REFUSED,
	    "0:0: error: writable by ");
	check_path(__LINE__, in_base("open"), me, REFUSED,
	    "0:0: error: ~no regular file");
	check_path(__LINE__, in_base("open/a/b"), me, REFUSED,
	    "0:0: error: it cannot be opened: Not a directory");
	check_path(__LINE__, "/etc/passwd", OTHER, OK, "");
	if (me != 0)
		check_path(__LINE__, in_base("c"), me + 1, REFUSED,
		    "0:0: error: it belongs to ~ or 0");
	UNIT_DONE();
}

static void
check_foreign(
    int line, const char *name, enum safefile_result want, const char *findings)
{
	struct diag_sink sink = unit_sink(&found);
	char buffer[SIZE];
	size_t length;

	UNIT_EXPECT(line, safefile_read_foreign(directory, name, buffer,
			      sizeof(buffer), &length, &sink) == want);
	UNIT_FINDINGS(line, &found, findings);
}

/* Whosever file it is: a plain one, not a link, not too large. */
static void
test_read_foreign(void **state)
{
	(void)state;
	put("open", "x", 0666);
	put("63", TEXT63, 0644);
	put("64", TEXT63 "4", 0644);
	make_link("open", "link");
	make_link("nothing", "astray");
	assert_int_equal(mkfifo(in_base("fifo"), 0600), 0);
	if (getuid() == 0)
		assert_int_equal(chown(in_base("open"), OTHER, OTHER), 0);
	check_foreign(__LINE__, "open", OK, "");
	check_foreign(__LINE__, "63", OK, "");
	check_foreign(
	    __LINE__, "64", REFUSED, "0:0: error: larger than 63 bytes");
	check_foreign(__LINE__, "absent", ABSENT, "");
	check_foreign(__LINE__, "link", REFUSED, "0:0: error: a symbolic link");
	check_foreign(
	    __LINE__, "astray", REFUSED, "0:0: error: a symbolic link");
	check_foreign(
	    __LINE__, "fifo", REFUSED, "0:0: error: ~no regular file");
	UNIT_DONE();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_files),
		TEST(test_socket_and_device),
		TEST(test_owner),
		TEST(test_unreadable),
		TEST(test_unavailable),
		TEST(test_removed_directory),
		TEST(test_disturbed),
		TEST(test_replaced),
		TEST(test_read_path),
		TEST(test_read_foreign),
		TEST(test_directories),
		TEST(test_directory_owner),
		TEST(test_directory_names),
		TEST(test_directory_links),
	};

	return UNIT_RUN(tests);
}
