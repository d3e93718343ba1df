/*
 * A TLS report: the JSON text of RFC 8460 section 4.4, with json-c. Reads what
 * senders really send. Silently accepted are a byte order mark and white space
 * around the text; several reports one after the other; mx-host and
 * receiving-mx-hostname as a string or as an array; one policy or detail where
 * an array belongs; numbers as strings; times with fractions, an offset or no
 * zone; and whatever is null or missing, the domain being then the one that the
 * mail or the file's name tells.
 */
#ifndef MTASTS_TLSRPT_READ_H
#define MTASTS_TLSRPT_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "text.h"

struct diag_sink;
struct tlsrpt;

/*
 * What a text may have at most: json-c takes some 700 octets for an object and
 * 60 for another value, so that this is what memory stays below, besides the
 * text.
 */
#define TLSRPT_TEXT_MAX    ((size_t)16 << 20) /* octets */
#define TLSRPT_DEPTH_MAX   32
#define TLSRPT_OBJECTS_MAX 100000
#define TLSRPT_VALUES_MAX  1000000

/* Findings about one text that are told; how many more there are is, too. */
#define TLSRPT_FINDINGS_MAX 20

/*
 * Adds the reports of a text; domain is that of policies that have none, or "".
 * What is wrong goes to the sink: where the text is no JSON with its line and
 * column, where a value is not what it should be with its place in the report;
 * such a value is left out and the rest counts. So is a number below zero or
 * above TLSRPT_COUNT_MAX. False without memory.
 */
bool tlsrpt_read(struct tlsrpt *tlsrpt, struct text_span text,
    const char *domain, struct diag_sink *sink);

/* Whether the text has anything of a TLS report; for guessing. */
bool tlsrpt_is_like(struct text_span text);

/* The text without a byte order mark and white space around it. */
struct text_span tlsrpt_trim(struct text_span text);

/*
 * Reads the date-time of RFC 3339, more or less: a date, perhaps a time,
 * perhaps a fraction, perhaps a zone (UTC if none). False for anything else.
 */
bool tlsrpt_time(struct text_span span, time_t *time);

/*
 * Puts a name into rows' form: lower case, without a final dot, escaped, cut.
 */
void tlsrpt_name(struct text_span span, char name[]);

#endif
