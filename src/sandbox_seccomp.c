/*
 * seccomp: the system calls that are left, by libseccomp; see sandbox.h. What
 * is in no table here gets EPERM. It is not killed: a library or a kernel to
 * come may well try a call that we do not know and do without, and one request
 * that fails is better than a responder that dies of each.
 */
#include "sandbox_part.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/seccomp.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What an argument is to be, by its number; and only the bits of a mask. */
#define EQUAL(number, value) SCMP_CMP64(number, SCMP_CMP_EQ, value, 0)
#define ABOVE(number, value) SCMP_CMP64(number, SCMP_CMP_GT, value, 0)
#define BITS(number, mask, value)                                              \
	SCMP_CMP64(number, SCMP_CMP_MASKED_EQ, mask, value)

/* Those that need no look at their arguments, the most frequent first. */
static const int calls[] = {
	/* Connections. */
	SCMP_SYS(recvfrom),
	SCMP_SYS(recv),
	SCMP_SYS(send),
	SCMP_SYS(write),
	SCMP_SYS(read),
	SCMP_SYS(close),
	SCMP_SYS(accept4),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(ppoll_time64),
	/* Policies. */
	SCMP_SYS(pread64),
	SCMP_SYS(fstat),
	SCMP_SYS(fstat64),
	SCMP_SYS(stat),
	SCMP_SYS(stat64),
	SCMP_SYS(newfstatat),
	SCMP_SYS(fstatat64),
	SCMP_SYS(statx),
	SCMP_SYS(readlinkat),
	/* The clock, where the kernel does not lend it to the process. */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	/* malloc. What it frees in between may be mapped and unmapped. */
	SCMP_SYS(brk),
	SCMP_SYS(madvise),
	SCMP_SYS(getrandom),
	SCMP_SYS(futex),
	SCMP_SYS(futex_time64),
	/* Signals, abort and the end. */
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigreturn),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(writev),
	SCMP_SYS(exit_group),
};

/* What an open must not have in its flags: O_TMPFILE is two of them. */
#define OPEN_MASK                                                              \
	(O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY) | O_PATH)

/*
 * Memory is asked for as malloc does: private, of no file, without a wish
 * where, never to be run. There is no mprotect, and what lies up to the address
 * that may be sent to is neither unmapped nor moved. So what was read-only at
 * the start stays what and where it is.
 */
#define MAP_MASK (MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS)
#define MAP_WANT (MAP_PRIVATE | MAP_ANONYMOUS)

static int
allow_memory(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
	const uintptr_t kept = (uintptr_t)sandbox->address;
	const struct scmp_arg_cmp map[] = {
		EQUAL(0, 0),
		BITS(2, PROT_EXEC, 0),
		BITS(3, MAP_MASK, MAP_WANT),
	};
	const struct scmp_arg_cmp move[] = {
		ABOVE(0, kept),
		BITS(3, MREMAP_FIXED, 0),
	};
	int error = seccomp_rule_add_array(
	    filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), COUNT(map), map);

	if (error == 0)
		error = seccomp_rule_add_array(
		    filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap2), COUNT(map), map);
	if (error == 0)
		error = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW,
		    SCMP_SYS(mremap), COUNT(move), move);
	if (error == 0)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
		    SCMP_SYS(munmap), 1, ABOVE(0, kept));
	return error;
}

/* abort raises SIGABRT in its own process, and takes its handler away. */
static int
allow_abort(scmp_filter_ctx filter)
{
	int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill),
	    1, EQUAL(0, (scmp_datum_t)getpid()));

	if (error == 0)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
		    SCMP_SYS(rt_sigaction), 1, EQUAL(0, SIGABRT));
	return error;
}

/*
 * On a connection, or to the one address that is granted. A listening socket
 * that is shut down for reading would be lost to the next process, too.
 */
static int
allow_sending(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
	int error = seccomp_rule_add(
	    filter, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 1, EQUAL(4, 0));

	if (error == 0 && sandbox->address != NULL)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
		    SCMP_SYS(sendto), 1, EQUAL(4, (uintptr_t)sandbox->address));
	if (error == 0)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
		    SCMP_SYS(socketpair), 1, EQUAL(0, AF_UNIX));
	if (error == 0)
		error = seccomp_rule_add(filter, SCMP_ACT_ALLOW,
		    SCMP_SYS(shutdown), 1, EQUAL(1, SHUT_WR));
	return error;
}

/* By the directory's descriptor: an absolute path is Landlock's to refuse. */
static int
allow_opening(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
	if (sandbox->directory < 0)
		return 0;
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 2,
	    EQUAL(0, (scmp_datum_t)sandbox->directory),
	    BITS(2, OPEN_MASK, O_RDONLY));
}

static int
allow_all(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
	int error = 0;
	size_t i;

	for (i = 0; error == 0 && i < COUNT(calls); i++)
		error = seccomp_rule_add_array(
		    filter, SCMP_ACT_ALLOW, calls[i], 0, NULL);
	if (error == 0)
		error = allow_sending(filter, sandbox);
	if (error == 0)
		error = allow_opening(filter, sandbox);
	if (error == 0)
		error = allow_memory(filter, sandbox);
	if (error == 0)
		error = allow_abort(filter);
	return error;
}

/* A filter at no address: EFAULT from a kernel that would take one. */
static int
probe(void)
{
	(void)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL);
	if (errno == EFAULT)
		return 0;
	return errno == EINVAL ? ENOSYS : errno;
}

int
sandbox_seccomp(const struct sandbox *sandbox)
{
	scmp_filter_ctx filter;
	int error = probe();

	if (error != 0)
		return error;
	filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (filter == NULL)
		return ENOMEM;
	/* no_new_privs is set; and errors are to be the kernel's own. */
	error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	if (error == 0)
		error = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	/* A tree: openat and sendto have their arguments looked at each time,
	 * and would stand behind most others in a list. */
	if (error == 0)
		error = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (error == 0)
		error = allow_all(filter, sandbox);
	if (error == 0)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return -error;
}
