/*
 * What the process gives up once it has all it needs: privileges, files,
 * system calls. Each part that the kernel has is put in force; what it lacks is
 * told and left out. Knows nothing of requests: it is told what is still
 * needed.
 *
 * Nothing here is ever fatal. A responder that serves without its sandbox is
 * worth more to a mail domain than one that does not serve, so that a part that
 * fails is an error in the log and the process goes on without that part.
 */
#ifndef MTASTS_SANDBOX_H
#define MTASTS_SANDBOX_H

#include <stdbool.h>

/* What the process will still do, besides using the descriptors it has. */
struct sandbox {
	int directory; /* files below it can be opened to be read; -1: none */
	/* The one address that datagrams can be sent to, by its place in
	 * memory that cannot be written to; NULL: none. */
	const void *address;
	bool quiet; /* tell of errors alone: one process, one request */
};

/*
 * Gives up privileges: whatever is run or read from now on needs none.
 *
 * - no_new_privs (prctl(2)): no execve gives any.
 * - Not dumpable, RLIMIT_CORE 0: nobody but root traces the process or reads
 *   its memory, not even one of the same user, and it leaves no core.
 * - Capabilities: none permitted, effective, inheritable, ambient or, where
 *   this process may drop them, bounding. Those of root too: what root owns
 *   can be read by its owner, what it does not own by what its mode allows.
 */
void sandbox_drop(void);

/*
 * Leaves the process what is granted, and tells in one line what is in force.
 * For ever; what is to be open, bound or handled must be so before.
 *
 * - Landlock, Linux 5.13 and later, as much of it as the kernel has (ABI 1 to
 *   7): files beneath the directory can be read, and directories there opened;
 *   any other opening, and every change to a file system, is refused. No TCP
 *   from ABI 4 on, no device ioctl from 5, no signal to another process and no
 *   abstract socket from 6.
 * - seccomp: the system calls that serving needs, with arguments that it needs;
 *   EPERM for all others. It opens no socket, makes no process and no code.
 *
 * What stays possible is to look at the metadata of any path (stat, readlink),
 * which Landlock does not know and the server needs for one.
 *
 * Without Landlock every file that the user may read can be opened. A part that
 * the kernel lacks is a warning in the log; a part that it has and
 * refuses is an error. Built with sanitizers neither is tried, as they read and
 * run much more; that is told too.
 * Pre: sandbox_drop; there is one thread.
 */
void sandbox_enter(const struct sandbox *sandbox);

#endif
