/*
 * Who owns it and who can write to it; see trust.h.
 */
#include "trust.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WRITERS (S_IWGRP | S_IWOTH)

bool
trust_check_owner(const struct stat *status, const struct trust *trust,
    struct diag_sink *sink)
{
	char hint[DIAG_HINT_SIZE];

	if (status->st_uid == trust->owner ||
	    (trust->root_too && status->st_uid == 0))
		return true;
	(void)snprintf(hint, sizeof(hint), "run: chown %lu %s",
	    (unsigned long)trust->owner, sink->file);
	diag_error(sink, DIAG_WHOLE, hint,
	    "it belongs to uid %lu, not to %lu%s",
	    (unsigned long)status->st_uid, (unsigned long)trust->owner,
	    trust->root_too && trust->owner != 0 ? " or 0" : "");
	return false;
}

bool
trust_check_writers(const struct stat *status, struct diag_sink *sink)
{
	static const struct {
		const char *who, *bits;
	} writers[] = {
		[S_IWGRP] = { "its group", "g-w" },
		[S_IWOTH] = { "everybody", "o-w" },
		[S_IWGRP | S_IWOTH] = { "its group and everybody", "go-w" },
	};
	const mode_t bits = status->st_mode & WRITERS;
	char hint[DIAG_HINT_SIZE];

	if (bits == 0)
		return true;
	(void)snprintf(hint, sizeof(hint), "run: chmod %s %s",
	    writers[bits].bits, sink->file);
	diag_error(sink, DIAG_WHOLE, hint, "writable by %s (mode %04o)",
	    writers[bits].who, (unsigned)(status->st_mode & 07777));
	return false;
}

enum safefile_result
trust_system_failure(struct diag_sink *sink, int error, const char *what)
{
	diag_error(sink, DIAG_WHOLE, NULL, "%s: %s", what, strerror(error));
	switch (error) {
	case EACCES:
	case EPERM:
	case ELOOP:
	case ENXIO: /* a socket, or a device without a driver */
	case ENODEV:
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		return SAFEFILE_REFUSED;
	default:
		return SAFEFILE_UNAVAILABLE;
	}
}
