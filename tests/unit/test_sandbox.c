/*
 * sandbox.c and what is private to it, each case in a child of its own. That
 * the responder gets by with it is for the system tests.
 */
#include "fixture.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "log.h"
#include "sandbox.h"
#include "sandbox_part.h"

static const struct sockaddr_un granted = { AF_UNIX, "granted" };
static const struct sockaddr_un other = { AF_UNIX, "granted" };

static struct sandbox sandbox = { -1, NULL, true };

static int
make(void **state)
{
	(void)state;
	fixture_make();
	put("outside", "o", 0644);
	make_directory("conf.d", 0755);
	put("conf.d/file", "f", 0644);
	make_link("../outside", "conf.d/link");
	sandbox.directory =
	    open(in_base("conf.d"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	sandbox.address = &granted;
	return sandbox.directory < 0;
}

static int
destroy(void **state)
{
	(void)state;
	(void)close(sandbox.directory);
	fixture_remove();
	return 0;
}

/* What the function, in a child, exits with; 128 and more: by a signal. */
static int
in_child(int (*function)(void))
{
	int status;
	pid_t child;

	(void)fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(function());
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* It would count the memory of the test runner as lost in each child. */
static bool
is_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

/* Valgrind and sanitizers do more than the parts allow. */
static bool
is_watched(void)
{
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
	return true;
#endif
#elif defined(__SANITIZE_ADDRESS__)
	return true;
#endif
	return is_valgrind();
}

/* A line of the child's own for each thing that is not so. */
#define NEED(condition)                                                        \
	do {                                                                   \
		if (!(condition)) {                                            \
			print_error("%d: not so: %s (%s)\n", __LINE__,         \
			    #condition, strerror(errno));                      \
			return 1;                                              \
		}                                                              \
	} while (0)

/* -1 becomes the errno. */
static int
outcome(long result)
{
	return result < 0 ? errno : 0;
}

static int
dropped(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3] = { { 0, 0,
	    0 } };
	struct rlimit core;
	bool may = geteuid() == 0;
	unsigned i;

	sandbox_drop();
	NEED(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	NEED(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	NEED(getrlimit(RLIMIT_CORE, &core) == 0);
	NEED(core.rlim_cur == 0 && core.rlim_max == 0);
	NEED(syscall(SYS_capget, &header, held) == 0);
	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		NEED((held[i].permitted | held[i].effective |
			 held[i].inheritable) == 0);
	for (i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		NEED(!may || prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 0);
	NEED(i > 30);
	sandbox_drop(); /* nothing left to drop, and nothing to complain of */
	return 0;
}

static void
test_drop(void **state)
{
	(void)state;
	if (is_valgrind())
		UNIT_SKIP("valgrind looks at children too");
	assert_int_equal(in_child(dropped), 0);
}

/* Opening through the granted descriptor, and around it. */
static int
landlocked(void)
{
	int abi, outside = open(base, O_PATH | O_DIRECTORY);

	sandbox_drop();
	NEED(sandbox_landlock(&sandbox, &abi) == 0 && abi >= 1);
	NEED(openat(sandbox.directory, "file", O_RDONLY) >= 0);
	NEED(openat(sandbox.directory, ".", O_RDONLY) >= 0);
	NEED(outcome(openat(sandbox.directory, "file", O_WRONLY)) == EACCES);
	NEED(outcome(openat(sandbox.directory, "new", O_WRONLY | O_CREAT,
		 0600)) == EACCES);
	NEED(outcome(openat(sandbox.directory, "link", O_RDONLY)) == EACCES);
	NEED(outcome(openat(sandbox.directory, "../outside", O_RDONLY)) ==
	     EACCES);
	NEED(outcome(openat(outside, "outside", O_RDONLY)) == EACCES);
	NEED(outcome(openat(outside, ".", O_RDONLY)) == EACCES);
	NEED(outcome(open("/etc/passwd", O_RDONLY)) == EACCES);
	NEED(outcome(unlinkat(sandbox.directory, "file", 0)) == EACCES);
	NEED(outcome(mkdirat(sandbox.directory, "new", 0700)) == EACCES);
	NEED(outcome(renameat(sandbox.directory, "file", sandbox.directory,
		 "new")) == EACCES);
	NEED(outcome(symlinkat("x", sandbox.directory, "new")) == EACCES);
	NEED(abi < 6 || outcome(kill(getppid(), 0)) == EPERM);
	return 0;
}

static void
test_landlock(void **state)
{
	(void)state;
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 0)
		UNIT_SKIP("no Landlock here");
	assert_int_equal(in_child(landlocked), 0);
}

/* Without a directory there is nothing to be read. */
static int
landlocked_from_all(void)
{
	struct sandbox nothing = { -1, NULL, true };
	int abi;

	sandbox_drop();
	NEED(sandbox_landlock(&nothing, &abi) == 0);
	NEED(outcome(openat(sandbox.directory, "file", O_RDONLY)) == EACCES);
	return 0;
}

static void
test_landlock_nothing(void **state)
{
	(void)state;
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 0)
		UNIT_SKIP("no Landlock here");
	assert_int_equal(in_child(landlocked_from_all), 0);
}

/* What fails leaves nothing half in force. */
static int
landlock_fails(void)
{
	struct sandbox wrong = { 1000, NULL, true };
	int abi;

	sandbox_drop();
	NEED(sandbox_landlock(&wrong, &abi) == EBADF);
	NEED(open(in_base("outside"), O_RDONLY) >= 0);
	return 0;
}

static void
test_landlock_fails(void **state)
{
	(void)state;
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 0)
		UNIT_SKIP("no Landlock here");
	assert_int_equal(in_child(landlock_fails), 0);
}

#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

static int
filtered_memory(void)
{
	char *page;

	NEED(sandbox_seccomp(&sandbox) == 0);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0);
	NEED(page != MAP_FAILED);
	NEED(mmap(NULL, 4096, PROT_READ | PROT_EXEC, ANONYMOUS, -1, 0) ==
	     MAP_FAILED);
	NEED(mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0) ==
	     MAP_FAILED);
	NEED(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, sandbox.directory, 0) ==
	     MAP_FAILED);
	NEED(mmap(page, 4096, PROT_READ, ANONYMOUS | MAP_FIXED, -1, 0) ==
	     MAP_FAILED);
	NEED(mmap(page, 4096, PROT_READ, ANONYMOUS, -1, 0) == MAP_FAILED);
	NEED(outcome(mprotect(page, 4096, PROT_READ)) == EPERM);
	page = mremap(page, 4096, 8192, MREMAP_MAYMOVE);
	NEED(page != MAP_FAILED);
	NEED(mremap(page, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED,
		 page + 4096) == MAP_FAILED);
	free(malloc(1 << 24));
	return 0;
}

static int
filtered_opens(void)
{
	int outside = open(base, O_PATH | O_DIRECTORY);
	static const int flags[] = { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_PATH,
		O_TMPFILE | O_RDWR, O_RDONLY | O_CREAT | O_EXCL };
	size_t i;

	NEED(sandbox_seccomp(&sandbox) == 0);
	NEED(openat(sandbox.directory, "file",
		 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) >= 0);
	for (i = 0; i < UNIT_COUNT(flags); i++)
		NEED(outcome(openat(
			 sandbox.directory, "file", flags[i], 0600)) == EPERM);
	NEED(outcome(openat(outside, "outside", O_RDONLY)) == EPERM);
	NEED(outcome(openat(AT_FDCWD, "/", O_RDONLY)) == EPERM);
	return 0;
}

/* Among them the log's: its address, and no other that reads the same. */
static int
filtered_sockets(void)
{
	int pair[2], sender = socket(AF_UNIX, SOCK_DGRAM, 0);

	NEED(sandbox_seccomp(&sandbox) == 0);
	NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	NEED(send(pair[0], "x", 1, 0) == 1);
	NEED(recv(pair[1], pair, 1, 0) == 1);
	NEED(outcome(socketpair(AF_TIPC, SOCK_STREAM, 0, pair)) == EPERM);
	NEED(outcome(socket(AF_UNIX, SOCK_STREAM, 0)) == EPERM);
	NEED(outcome(connect(sender, (const struct sockaddr *)&granted,
		 sizeof(granted))) == EPERM);
	NEED(outcome(bind(sender, (const struct sockaddr *)&granted,
		 sizeof(granted))) == EPERM);
	NEED(
	    outcome(sendto(sender, "x", 1, 0, (const struct sockaddr *)&granted,
		sizeof(granted))) == ENOENT);
	NEED(outcome(sendto(sender, "x", 1, 0, (const struct sockaddr *)&other,
		 sizeof(other))) == EPERM);
	return 0;
}

static int
filtered_processes(void)
{
	char *const nothing[] = { NULL };
	struct rlimit limit;

	NEED(sandbox_seccomp(&sandbox) == 0);
	NEED(outcome(fork()) == EPERM);
	NEED(outcome(execve("/bin/true", nothing, nothing)) == EPERM);
	NEED(outcome(kill(getpid(), 0)) == EPERM);
	NEED(outcome(syscall(SYS_tgkill, getppid(), getppid(), 0)) == EPERM);
	NEED(outcome(setuid(getuid())) == EPERM);
	NEED(outcome(getrlimit(RLIMIT_NOFILE, &limit)) == EPERM);
	NEED(signal(SIGTERM, SIG_IGN) == SIG_ERR);
	return 0;
}

/* It must still be able to stop in the middle. */
static int
filtered_abort(void)
{
	if (sandbox_seccomp(&sandbox) == 0)
		abort();
	return 1;
}

static void
test_seccomp(void **state)
{
	static const struct {
		int line;
		int (*function)(void);
		int want;
	} rows[] = {
		{ __LINE__, filtered_memory, 0 },
		{ __LINE__, filtered_opens, 0 },
		{ __LINE__, filtered_sockets, 0 },
		{ __LINE__, filtered_processes, 0 },
		{ __LINE__, filtered_abort, 128 + SIGABRT },
	};
	const __typeof__(rows[0]) *row;

	(void)state;
	if (is_watched())
		UNIT_SKIP("valgrind and sanitizers need more calls");
	sandbox_drop();
	UNIT_EACH (row, rows)
		UNIT_EXPECT(row->line, in_child(row->function) == row->want);
}

/* What sandbox_enter tells, which goes to standard error. */
static const char *
told_by(bool quiet)
{
	static char told[1024];
	int status, out[2];
	ssize_t length;
	pid_t child;

	assert_int_equal(pipe(out), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		sandbox.quiet = quiet;
		(void)dup2(out[1], STDERR_FILENO);
		sandbox_drop();
		sandbox_enter(&sandbox);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(close(out[1]), 0);
	length = read(out[0], told, sizeof(told) - 1);
	assert_true(length >= 0);
	told[length] = '\0';
	assert_int_equal(close(out[0]), 0);
	return told;
}

static void
test_enter(void **state)
{
	(void)state;
	if (is_watched())
		UNIT_SKIP("valgrind and sanitizers need more calls");
	assert_string_equal(told_by(true), "");
	assert_non_null(strstr(told_by(false), "sandbox: no privileges"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_drop, make, destroy),
		cmocka_unit_test_setup_teardown(test_landlock, make, destroy),
		cmocka_unit_test_setup_teardown(
		    test_landlock_nothing, make, destroy),
		cmocka_unit_test_setup_teardown(
		    test_landlock_fails, make, destroy),
		cmocka_unit_test_setup_teardown(test_seccomp, make, destroy),
		cmocka_unit_test_setup_teardown(test_enter, make, destroy),
	};

	return UNIT_RUN(tests);
}
