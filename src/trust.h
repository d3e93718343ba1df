/*
 * Private to safefile: whom a file or a directory may belong to and who may
 * write to it, judged by what fstat says, and what an errno means for the one
 * who asked.
 */
#ifndef MTASTS_TRUST_H
#define MTASTS_TRUST_H

#include <stdbool.h>
#include <sys/stat.h>

#include "safefile.h"

struct trust {
	uid_t owner;
	bool root_too;
};

/* Each sends one error, about sink->file, when it is not so. */
bool trust_check_owner(const struct stat *status, const struct trust *trust,
    struct diag_sink *sink);
bool trust_check_writers(const struct stat *status, struct diag_sink *sink);

/*
 * Sends "what: <the errno's text>". SAFEFILE_UNAVAILABLE for what may pass by
 * itself (EMFILE, EIO, ENOMEM), SAFEFILE_REFUSED for what will not.
 */
enum safefile_result
trust_system_failure(struct diag_sink *sink, int error, const char *what);

#endif
