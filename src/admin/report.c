/*
 * Findings on stderr; see report.h. Nothing that comes from a file or the
 * command line reaches the terminal as it is.
 */
#include "report.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin.h"
#include "lines.h"
#include "progress.h"
#include "safefile.h"

/* What is shown of a line: so many places on the screen, this far indented. */
#define WINDOW     68
#define LEAD       45 /* of them before the column, where the line is longer */
#define TAB_WIDTH  8
#define INDENT     "    "
#define CUT        "..."
#define FIND_SIZE  (4 * (DIAG_MESSAGE_SIZE + DIAG_HINT_SIZE) + 8192)
#define PIECE_SIZE (TAB_WIDTH + 1)

#define BOLD    "\033[1m"
#define RED     "\033[1;31m"
#define MAGENTA "\033[1;35m"
#define GREEN   "\033[1;32m"
#define PLAIN   "\033[0m"

static void
write_text(const struct text *text)
{
	(void)fwrite(text->bytes, 1, text->length, stderr);
}

static void
write_colour(const struct report *report, const char *colour)
{
	if (report->colour)
		(void)fputs(colour, stderr);
}

/* What a byte looks like at this place on the screen. */
static size_t
render(char c, size_t place, char piece[PIECE_SIZE])
{
	size_t width = TAB_WIDTH - place % TAB_WIDTH;
	struct text text;

	text_init(&text, piece, PIECE_SIZE);
	if (c == '\t') {
		memset(piece, ' ', width);
		piece[width] = '\0';
		return width;
	}
	text_add_escaped(&text, &c, 1);
	return text.length;
}

/* The place of the byte at the column, from 1; *end is where the line ends. */
static size_t
place_of_column(struct text_span line, size_t column, size_t *end)
{
	char piece[PIECE_SIZE];
	size_t i, place = 0, found = 0;

	for (i = 0; i < line.length; i++) {
		if (i + 1 == column)
			found = place;
		place += render(line.at[i], place, piece);
	}
	*end = place;
	return column > line.length ? place : found;
}

static void
show_caret(const struct report *report, size_t place)
{
	(void)fprintf(stderr, INDENT "%*s", (int)place, "");
	write_colour(report, GREEN);
	(void)fputc('^', stderr);
	write_colour(report, PLAIN);
	(void)fputc('\n', stderr);
}

/* The line, or the part of it around the column, and the caret. */
static void
show_line(const struct report *report, struct text_span line, size_t column)
{
	size_t end, from = 0, i, place = 0, width, caret, shown = 0;
	char piece[PIECE_SIZE];

	if (column > line.length + 1)
		column = line.length + 1;
	caret = place_of_column(line, column, &end);
	if (end > WINDOW && caret > LEAD)
		from = caret - LEAD;
	(void)fputs(from > 0 ? INDENT CUT : INDENT, stderr);
	for (i = 0; i < line.length && place < from + WINDOW; i++) {
		width = render(line.at[i], place, piece);
		place += width;
		if (place - width < from) {
			/* Begins before the window: its rest is blank. */
			if (place > from)
				shown += (size_t)fprintf(
				    stderr, "%*s", (int)(place - from), "");
			continue;
		}
		(void)fputs(piece, stderr);
		shown += width;
	}
	(void)fputs(i < line.length ? CUT "\n" : "\n", stderr);
	if (column > 0 && caret - from <= shown)
		show_caret(report, caret - from + (from > 0 ? strlen(CUT) : 0));
}

/* Line number n, from 1; false when there is none. */
static bool
find_line(struct text_span source, unsigned n, struct text_span *line)
{
	lines_begin(&source);
	while (lines_next(&source, line))
		if (--n == 0)
			return true;
	return false;
}

static void
ignore(void *context, const struct diag *diag)
{
	(void)context;
	(void)diag;
}

/* The settings' own rule of trust decides whether a line of it is shown. */
static bool
reread(const char *file, struct text_span *source)
{
	static char bytes[POLICY_SIZE_MAX + 1];
	struct diag_sink sink = { .take = ignore, .file = file };

	source->at = bytes;
	return safefile_read_path(file, geteuid(), bytes, sizeof(bytes),
		   &source->length, &sink) == SAFEFILE_OK;
}

static void
show_source(const struct report *report, const struct diag *diag)
{
	struct text_span source = report->source, line;
	const unsigned number = diag->place.line;

	if (number == 0)
		return;
	if (report->lines != NULL) {
		if (number > report->line_count)
			return;
		line = report->lines[number - 1];
	} else {
		if (report->rereads && !reread(diag->file, &source))
			return;
		if (source.at == NULL || !find_line(source, number, &line))
			return;
	}
	if (text_trim(line).length > 0)
		show_line(report, line, diag->place.column);
}

/* Writes what is between two offsets of a formatted finding, escaped. */
static void
write_part(const struct text *finding, size_t from, size_t to)
{
	static char storage[FIND_SIZE];
	struct text text;

	text_init(&text, storage, sizeof(storage));
	text_add_escaped(&text, finding->bytes + from, to - from);
	write_text(&text);
}

/* "file:line:column: " bold, "error" in its colour, and the rest. */
static void
show_finding(const struct report *report, const struct diag *diag)
{
	static char storage[FIND_SIZE];
	struct text finding;
	size_t place, severity;

	text_init(&finding, storage, sizeof(storage));
	diag_format(diag, &finding);
	place = strlen(diag->file);
	place += strspn(finding.bytes + place, ":0123456789");
	severity = place + strcspn(finding.bytes + place, ":");
	write_colour(report, BOLD);
	write_part(&finding, 0, place);
	write_colour(report, diag->severity == DIAG_ERROR ? RED : MAGENTA);
	write_part(&finding, place, severity);
	write_colour(report, PLAIN);
	write_part(&finding, severity, finding.length);
	(void)fputc('\n', stderr);
}

static bool
is_hidden(const struct report *report, const struct diag *diag)
{
	return diag->severity == DIAG_WARNING &&
	       (report->errors_only ||
		   (report->admin->quiet &&
		       admin_option(report->admin, "strict") == NULL));
}

static void
take(void *context, const struct diag *diag)
{
	const struct report *report = context;

	if (report->instead != NULL) {
		report->instead(report->context, diag);
		return;
	}
	if (is_hidden(report, diag))
		return;
	progress_wipe();
	show_finding(report, diag);
	if (!report->admin->quiet)
		show_source(report, diag);
}

bool
report_wants_colour(int descriptor)
{
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	return isatty(descriptor) == 1 &&
	       (no_color == NULL || no_color[0] == '\0') &&
	       (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

void
report_init(struct report *report, const struct admin *admin)
{
	*report = (struct report){
		.sink = { .take = take, .context = report, .file = "" },
		.admin = admin,
		.colour = report_wants_colour(STDERR_FILENO),
	};
}

void
report_source(struct report *report, struct text_span source)
{
	report->source = source;
	report->lines = NULL;
	report->rereads = false;
}

void
report_lines(struct report *report, const struct text_span *lines, size_t count)
{
	report_source(report, (struct text_span){ NULL, 0 });
	report->lines = lines;
	report->line_count = count;
}

void
report_rereads(struct report *report)
{
	report_source(report, (struct text_span){ NULL, 0 });
	report->rereads = true;
}

void
report_errors_only(struct report *report)
{
	report->errors_only = true;
}

void
report_instead(struct report *report,
    void (*instead)(void *context, const struct diag *diag), void *context)
{
	report->instead = instead;
	report->context = context;
}

int
report_exit(const struct report *report, bool strict)
{
	const unsigned counted =
	    report->sink.errors + (strict ? report->sink.warnings : 0);

	return counted > 0 ? ADMIN_FINDINGS : ADMIN_DONE;
}
