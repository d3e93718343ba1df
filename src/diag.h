/*
 * A finding about a file: where, what is wrong, what to write instead. Parsers
 * send each one to a sink and go on, so that one run tells them all. Who shows
 * them, and where, is the sink's affair.
 */
#ifndef MTASTS_DIAG_H
#define MTASTS_DIAG_H

#include <stdbool.h>

struct text;

#define DIAG_MESSAGE_SIZE 5120 /* a path of PATH_MAX and a sentence */
#define DIAG_HINT_SIZE    512

enum diag_severity { DIAG_ERROR, DIAG_WARNING };

struct diag_place {
	unsigned line;   /* from 1; 0: the file as a whole */
	unsigned column; /* in bytes, from 1; 0: the line as a whole */
};

/* Valid during the call that brings it, no longer. */
struct diag {
	enum diag_severity severity;
	const char *file; /* a path */
	struct diag_place place;
	char message[DIAG_MESSAGE_SIZE];
	char hint[DIAG_HINT_SIZE]; /* "" where none exists */
};

/*
 * Where findings go. The caller sets take and context, file names what is being
 * read just now; the counts are those of all the findings taken.
 */
struct diag_sink {
	void (*take)(void *context, const struct diag *diag);
	void *context;
	const char *file;
	unsigned errors;
	unsigned warnings;
};

/* The file as a whole, where no line is to blame. */
#define DIAG_WHOLE ((struct diag_place){ 0, 0 })

/*
 * Counts a finding and hands it to the sink. hint may be NULL; what is too long
 * is cut.
 */
void
diag_error(struct diag_sink *sink, struct diag_place place, const char *hint,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
void
diag_warning(struct diag_sink *sink, struct diag_place place, const char *hint,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Appends "file:line:column: error: message; hint", without what is not known
 * and without a line end, escaped so that any terminal can show it.
 */
void diag_format(const struct diag *diag, struct text *text);

#endif
