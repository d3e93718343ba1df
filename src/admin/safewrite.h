/*
 * Writing into a directory that safefile has opened, so that whoever looks sees
 * what was there before or all of what is there now, whatever happens in
 * between: the work is done under another name, synced, and renamed. One writer
 * at a time: the lock is the caller's affair.
 */
#ifndef MTASTS_SAFEWRITE_H
#define MTASTS_SAFEWRITE_H

#include <stdbool.h>
#include <sys/types.h>

#include "diag.h"
#include "text.h"

/*
 * Each puts something in place of the file of that name, if there is one, and
 * gives it to owner. When anything fails: false, an error in the sink, and the
 * directory as it was. What a writer that was killed has left behind is cleared
 * away by the next one. Pre: name has no slash; the directory may be O_PATH.
 */

/* A regular file, mode 0644. */
bool safewrite_file(int directory, const char *name, uid_t owner,
    struct text_span content, struct diag_sink *sink);

/* A symbolic link. */
bool safewrite_link(int directory, const char *name, uid_t owner,
    const char *target, struct diag_sink *sink);

/*
 * Gives the file, or the link, another name, which nobody may have; until
 * safewrite_remove takes the old name away it has both. One that has both
 * already is fine.
 */
bool safewrite_second_name(
    int directory, const char *old, const char *new, struct diag_sink *sink);

/* Whether both are names of the same file or link. */
bool safewrite_is_same(int directory, const char *a, const char *b);

/* Takes a name away; none is fine. */
bool safewrite_remove(int directory, const char *name, struct diag_sink *sink);

#endif
