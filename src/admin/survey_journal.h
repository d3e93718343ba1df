/*
 * Private to survey: the file with all results so far, as CSV, from which an
 * interrupted survey goes on. A row is appended by one write, and is on the
 * disk within a second or so. What is not its own it does not touch.
 */
#ifndef MTASTS_SURVEY_JOURNAL_H
#define MTASTS_SURVEY_JOURNAL_H

#include "admin.h"
#include "survey_names.h"

struct survey_journal {
	const char *path;
	int file;        /* -1: there is none */
	uint64_t end;    /* where the next row begins */
	uint64_t synced; /* when, by clock_ms */
};

/*
 * Opens the file, or makes it, and locks it. Every name whose row is there gets
 * its place, unless that says that the domain is unknown. A last line that was
 * cut off goes. Says on stderr what is wrong: with a line (ADMIN_FINDINGS), or
 * with the file (ADMIN_SYSTEM). Pre: *journal has no file.
 */
enum admin_exit survey_journal_open(const struct admin *admin, const char *path,
    struct survey_journal *journal, struct survey_names *names);

/* Appends a row with its LF; where it begins goes to place. False, with errno.
 */
bool survey_journal_add(
    struct survey_journal *journal, struct text_span row, uint64_t *place);

/*
 * Reads the row that begins there into a text with storage, without its LF.
 * False when there is none.
 */
bool survey_journal_get(
    const struct survey_journal *journal, uint64_t place, struct text *row);

/*
 * False, with errno, when not all has come to the disk, or the file has been
 * deleted.
 */
bool survey_journal_close(struct survey_journal *journal);

#endif
