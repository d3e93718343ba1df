/*
 * What the unit tests share: tables whose rows tell their own line, and the
 * findings that a parser sent. A test goes through all rows of a table with
 * UNIT_EACH, which fails at its end when one of them did not hold.
 */
#ifndef MTASTS_UNIT_H
#define MTASTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "diag.h"

#define UNIT_COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define UNIT_EACH(row, table)                                                  \
	for ((row) = (table); unit_more((row) < (table) + UNIT_COUNT(table));  \
	     (row)++)

/* A row that does not hold is told, and the others still get their turn. */
#define UNIT_EXPECT(line, condition)                                           \
	unit_expect((condition), __FILE__, (line), #condition)
#define UNIT_BYTES(line, got, length, want, want_length)                       \
	unit_bytes(__FILE__, (line), (got), (length), (want), (want_length))
#define UNIT_STRING(line, got, want)                                           \
	UNIT_BYTES(line, got, strlen(got), want, strlen(want))
#define UNIT_FINDINGS(line, findings, want)                                    \
	unit_findings(__FILE__, (line), (findings), (want))

/* For a test that cannot be made here: says why. */
#define UNIT_SKIP(why)                                                         \
	do {                                                                   \
		print_message("skipped: " why "\n");                           \
		skip();                                                        \
	} while (0)

/* For a test of much data, with which valgrind would take minutes. */
#define UNIT_SKIP_LARGE()                                                      \
	do {                                                                   \
		if (getenv("UNIT_SMALL") != NULL)                              \
			UNIT_SKIP("too much for valgrind");                    \
	} while (0)

static unsigned unit_failed;

/* Where the rows of the next table are, if not in the file of the test. */
static const char *unit_rows;

/* At the end of a test that has no table, or goes on after one. */
#define UNIT_DONE() ((void)unit_more(false))

/* What main returns. Nothing that did not hold may have been left untold. */
#define UNIT_RUN(tests)                                                        \
	(cmocka_run_group_tests(tests, NULL, NULL) + (int)unit_failed)

/* Whether a table has more rows; at its end, whether all of them held. */
static inline bool
unit_more(bool more)
{
	if (more)
		return true;
	unit_rows = NULL;
	if (unit_failed == 0)
		return false;
	print_error("%u expectations failed\n", unit_failed);
	unit_failed = 0;
	fail();
	return false;
}

static inline void
unit_expect(bool holds, const char *file, int line, const char *what)
{
	if (holds)
		return;
	print_error(
	    "%s:%d: not so: %s\n", unit_rows ? unit_rows : file, line, what);
	unit_failed++;
}

static inline void
unit_print(const char *name, const char *bytes, size_t length)
{
	size_t i;

	print_error("  %s %zu bytes: ", name, length);
	for (i = 0; i < length && i < 600; i++)
		if (bytes[i] >= 0x20 && bytes[i] < 0x7f && bytes[i] != '\\')
			print_error("%c", bytes[i]);
		else
			print_error("\\x%02x", (unsigned char)bytes[i]);
	print_error(i < length ? "...\n" : "\n");
}

static inline void
unit_bytes(const char *file, int line, const char *got, size_t length,
    const char *want, size_t want_length)
{
	if (length == want_length && memcmp(got, want, length) == 0)
		return;
	print_error("%s:%d: other bytes\n", unit_rows ? unit_rows : file, line);
	unit_print("got ", got, length);
	unit_print("want", want, want_length);
	unit_failed++;
}

/* All findings, a line each: "line:column: error: message; hint". */
struct unit_findings {
	char file[4096]; /* of the last one */
	char text[65536];
	size_t length;
	unsigned count;
};

static inline void
unit_take(void *context, const struct diag *diag)
{
	struct unit_findings *found = context;
	size_t room = sizeof(found->text) - found->length;
	int length = snprintf(found->text + found->length, room,
	    "%u:%u: %s: %s%s%s\n", diag->place.line, diag->place.column,
	    diag->severity == DIAG_ERROR ? "error" : "warning", diag->message,
	    diag->hint[0] != '\0' ? "; " : "", diag->hint);

	found->count++;
	(void)snprintf(found->file, sizeof(found->file), "%s", diag->file);
	if (length > 0 && (size_t)length < room)
		found->length += (size_t)length;
	found->text[found->length] = '\0';
}

/* A sink that forgets what *found had. */
static inline struct diag_sink
unit_sink(struct unit_findings *found)
{
	found->file[0] = found->text[0] = '\0';
	found->length = 0;
	found->count = 0;
	return (struct diag_sink){ unit_take, found, "file", 0, 0 };
}

/*
 * Whether a finding is the wanted one: up to "error: " or "warning: " the same,
 * after it the parts that "~" divides, in that order.
 */
static inline bool
unit_finding_is(char *got, char *want)
{
	char *rest = strstr(want, ": "), *part, *state = NULL;
	size_t head;

	rest = rest == NULL ? NULL : strstr(rest + 2, ": ");
	head = rest == NULL ? strlen(want) : (size_t)(rest + 2 - want);
	if (strncmp(got, want, head) != 0)
		return false;
	got += head;
	for (part = strtok_r(want + head, "~", &state); part != NULL;
	     part = strtok_r(NULL, "~", &state)) {
		got = strstr(got, part);
		if (got == NULL)
			return false;
		got += strlen(part);
	}
	return true;
}

/*
 * Compares all findings with the wanted ones, a line each, in order. Neither
 * may be left over.
 */
static inline void
unit_findings(const char *file, int line, const struct unit_findings *found,
    const char *want)
{
	char *got = strdup(found->text), *wanted = strdup(want);
	char *got_state = NULL, *want_state = NULL;
	char *a = strtok_r(got, "\n", &got_state);
	char *b = strtok_r(wanted, "\n", &want_state);

	while (a != NULL && b != NULL && unit_finding_is(a, b)) {
		a = strtok_r(NULL, "\n", &got_state);
		b = strtok_r(NULL, "\n", &want_state);
	}
	if (a != NULL || b != NULL) {
		print_error("%s:%d: other findings, got\n%swant\n%s\n",
		    unit_rows ? unit_rows : file, line, found->text, want);
		unit_failed++;
	}
	free(got);
	free(wanted);
}

#endif
