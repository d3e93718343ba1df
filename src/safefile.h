/*
 * Files that nobody but a trusted owner can have written: opened, checked on
 * the descriptor and read. What is in them is for others.
 */
#ifndef MTASTS_SAFEFILE_H
#define MTASTS_SAFEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "diag.h"

enum safefile_result {
	SAFEFILE_OK,
	SAFEFILE_ABSENT,      /* there is no such file */
	SAFEFILE_REFUSED,     /* it cannot be trusted, or will never do */
	SAFEFILE_UNAVAILABLE, /* it cannot be read just now (EMFILE, EIO) */
};

/*
 * Opens a directory after a walk from the root: it belongs to owner, each
 * directory on the way to owner or to root, and nobody else can write to any
 * of them. Symbolic links are followed, and what they lead through is checked
 * alike; where an automount waits it mounts. Returns a descriptor that the
 * caller closes, or -1 with one error that names the path to blame; errno is
 * then EPERM where owner or mode are to blame, else what the system said.
 */
int
safefile_open_directory(const char *path, uid_t owner, struct diag_sink *sink);

/*
 * Reads the file of that name in a directory into buffer, of size bytes;
 * *length becomes that of the file. The file is a regular one, of owner,
 * writable by nobody else, shorter than size, and did not change meanwhile. It
 * may be a symbolic link to such a file in the same directory; whoever replaces
 * the one or the other by rename(2) meanwhile causes no error. Never waits: not
 * for a FIFO, not for a device.
 *
 * SAFEFILE_REFUSED and SAFEFILE_UNAVAILABLE send one error to the sink.
 * Pre: name has no slash.
 */
enum safefile_result safefile_read(int directory, const char *name, uid_t owner,
    char *buffer, size_t size, size_t *length, struct diag_sink *sink);

/*
 * The same for a path anywhere, whose directories are not checked (as sshd and
 * doas read their settings). The file may belong to owner or to root. A link
 * that names nothing is refused, not absent.
 */
enum safefile_result safefile_read_path(const char *path, uid_t owner,
    char *buffer, size_t size, size_t *length, struct diag_sink *sink);

/*
 * The same for a file that anybody may own and write to, of which nothing can
 * be believed: no link is followed, and the file has no other name. The
 * directory may be O_PATH.
 */
enum safefile_result safefile_read_foreign(int directory, const char *name,
    char *buffer, size_t size, size_t *length, struct diag_sink *sink);

#endif
