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
	char hint[64];

	if (status->st_uid == trust->owner ||
	    (trust->root_too && status->st_uid == 0))
		return true;
	(void)snprintf(hint, sizeof(hint), "run chown %lu on it",
	    (unsigned long)trust->owner);
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
		const char *who, *hint;
	} writers[] = {
		[S_IWGRP] = { "its group", "run chmod g-w on it" },
		[S_IWOTH] = { "everybody", "run chmod o-w on it" },
		[S_IWGRP | S_IWOTH] = { "its group and everybody",
		    "run chmod go-w on it" },
	};
	const mode_t bits = status->st_mode & WRITERS;

	if (bits == 0)
		return true;
	diag_error(sink, DIAG_WHOLE, writers[bits].hint,
	    "writable by %s (mode %04o)", writers[bits].who,
	    (unsigned)(status->st_mode & 07777));
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
