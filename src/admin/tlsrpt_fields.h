/*
 * What is in a TLS report that json-c has parsed: its values, checked and added
 * to the sums. Which spellings are taken is in tlsrpt_read.h.
 */
#ifndef MTASTS_TLSRPT_FIELDS_H
#define MTASTS_TLSRPT_FIELDS_H

#include <stdbool.h>
#include <time.h>

#include "text.h"
#include "tlsrpt.h"

struct diag_sink;
struct json_object;

/* The caller sets the first three; the others begin as 0. */
struct tlsrpt_fields {
	struct tlsrpt *tlsrpt;
	const char *domain; /* of policies that name none, or "" */
	struct diag_sink *sink;
	bool out_of_memory;
	unsigned findings;
	size_t policy, detail; /* which is being read, from 1 */
	char sender[TLSRPT_NAME_SIZE];
	time_t first, last;
};

/* Reads a report; text is what it was parsed from. */
void tlsrpt_fields_read(struct tlsrpt_fields *fields,
    struct json_object *report, struct text_span text);

/* Tells how many findings were not told. */
void tlsrpt_fields_end(struct tlsrpt_fields *fields);

#endif
