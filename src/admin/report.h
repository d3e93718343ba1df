/*
 * Findings as a person reads them on stderr: a line each, in colour on a
 * terminal, with the line that is to blame and a caret below its column. How
 * far long work has come is in progress.h.
 */
#ifndef MTASTS_REPORT_H
#define MTASTS_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "diag.h"
#include "text.h"

struct admin;

/*
 * sink is what parsers are given; it counts. Everything else is private.
 */
struct report {
	struct diag_sink sink;
	const struct admin *admin;
	bool colour;
	bool rereads;
	bool errors_only;
	struct text_span source;
	const struct text_span *lines;
	size_t line_count;
	void (*instead)(void *context, const struct diag *diag);
	void *context;
};

/* Whether it is a terminal that can show colour, and NO_COLOR is not set. */
bool report_wants_colour(int descriptor);

/*
 * Makes a report. Colour is for a terminal, unless NO_COLOR is set. With
 * --quiet warnings are counted and not shown, unless --strict makes errors of
 * them.
 */
void report_init(struct report *report, const struct admin *admin);

/*
 * The text that is about to be read: until the next call of one of these three,
 * findings show the line that they are about (a caret below the column), a line
 * ending with LF, CRLF or CR. The text stays the caller's and stays where it is
 * meanwhile. Without one only the findings themselves are shown. Never with
 * --quiet.
 */
void report_source(struct report *report, struct text_span source);

/* The same, line number n being lines[n - 1], whatever is in it. */
void report_lines(
    struct report *report, const struct text_span *lines, size_t count);

/*
 * The same, from the file that a finding names, if nobody but root and whoever
 * runs this can have written it: for the settings.
 */
void report_rereads(struct report *report);

/* Warnings are counted and not shown: all but check leave them to check. */
void report_errors_only(struct report *report);

/* Has the findings counted and brought to the function, and not shown. */
void report_instead(struct report *report,
    void (*instead)(void *context, const struct diag *diag), void *context);

/* ADMIN_FINDINGS when there were errors, or warnings and strict. */
int report_exit(const struct report *report, bool strict);

#endif
