/*
 * The document roots of customers, gone through by root: what they own can be
 * a link, a FIFO or something else by the next system call. So each component
 * is opened by itself, no link is followed, and everything is done on the
 * descriptors. What is done with a file is for others.
 */
#ifndef MTASTS_DOCROOT_H
#define MTASTS_DOCROOT_H

#include <stdbool.h>
#include <sys/stat.h>

#include "diag.h"

/* A document root; all of it valid during the call that brings it. */
struct docroot {
	int directory;    /* O_PATH */
	const char *path; /* for messages */
	const char *name; /* what stood where the pattern has the domain */
	const struct stat *parent; /* of the directory with that component */
};

/*
 * What is wrong with a pattern, as a constant phrase, or NULL. A pattern is an
 * absolute path. Where it has a "%", that stands for the domain and each "*"
 * for anything; else it has one "*", which stands for the domain. A component
 * may have more around either one, and either one only once.
 */
const char *docroot_fault(const char *pattern);

/*
 * Calls the function with each directory that the pattern matches. Links are
 * followed before the first component with a wildcard and nowhere after; such
 * a link, and what cannot be opened, is an error in the sink. What is no
 * directory, and a match that begins with a dot, is passed over.
 * Pre: docroot_fault says NULL.
 */
void docroot_each(const char *pattern,
    void (*each)(void *context, const struct docroot *docroot), void *context,
    struct diag_sink *sink);

enum docroot_step { DOCROOT_OPEN, DOCROOT_ABSENT, DOCROOT_REFUSED };

/*
 * Opens the directory of that name in a directory, O_PATH. DOCROOT_REFUSED,
 * with an error about sink->file, for a link; DOCROOT_ABSENT for what is no
 * directory.
 */
enum docroot_step docroot_enter(
    int directory, const char *name, int *next, struct diag_sink *sink);

/*
 * Opens the directory in which a path has its last component, no link followed
 * on the way; *name is then that component. -1 with an error in the sink.
 */
int docroot_parent(const char *path, const char **name, struct diag_sink *sink);

#endif
