/*
 * The sums of TLS reports on stdout: a table for people, CSV, JSON. All of it
 * is printable ASCII, whatever the reports had.
 */
#ifndef MTASTS_TLSRPT_PRINT_H
#define MTASTS_TLSRPT_PRINT_H

#include <stdbool.h>
#include <stddef.h>

struct tlsrpt_row;

/*
 * For each domain its senders and its failures, and at the end what the result
 * types that occur mean and what to do. failed_only leaves out domains without
 * a failure. The rows of all three are tlsrpt_rows'.
 */
void tlsrpt_print_table(
    const struct tlsrpt_row *const *rows, size_t count, bool failed_only);

/*
 * A heading and a line for each row, by RFC 4180 but with LF; summaries (their
 * first field is "sessions") and failures ("failure"). A text that a
 * spreadsheet would take for a formula begins with an apostrophe.
 */
void tlsrpt_print_csv(const struct tlsrpt_row *const *rows, size_t count);

/* An array with an object for each domain. */
void tlsrpt_print_json(const struct tlsrpt_row *const *rows, size_t count);

/* Whether a session failed. */
bool tlsrpt_has_failed(const struct tlsrpt_row *const *rows, size_t count);

/* The number of rows from the first one on that are of its domain. */
size_t tlsrpt_group(const struct tlsrpt_row *const *rows, size_t count);

/* Of these, the number of summaries, which come first. */
size_t tlsrpt_summaries(const struct tlsrpt_row *const *rows, size_t count);

/*
 * The day of a time; "-" for TLSRPT_NO_TIME.
 */
#define TLSRPT_DAY_SIZE 24
const char *tlsrpt_day(long long time, char day[TLSRPT_DAY_SIZE]);

/*
 * Copies advice, with the domain for the word DOMAIN if it is one: what a
 * report calls so could be anything, and the advice is to be typed.
 */
#define TLSRPT_ADVICE_SIZE 1024
const char *tlsrpt_advice(
    const char *advice, const char *domain, char copy[TLSRPT_ADVICE_SIZE]);

#endif
