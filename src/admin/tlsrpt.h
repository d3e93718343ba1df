/*
 * What TLS reports (RFC 8460) say, summed up: sessions by policy domain, sender
 * and policy type, and failures by result type and mail host besides. Each
 * report counts once. Memory grows with the number of different rows and, by 40
 * octets or so, of reports. Reading a report is in tlsrpt_read.h, finding it in
 * a file or a mail in tlsrpt_open.h, printing in tlsrpt_print.h.
 */
#ifndef MTASTS_TLSRPT_H
#define MTASTS_TLSRPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "text.h"

/* Names in rows, their NUL included; longer ones are cut and end with "...". */
#define TLSRPT_NAME_SIZE 256

/* The greatest number of I-JSON (RFC 7493 section 2.2), and what sums stop at.
 */
#define TLSRPT_COUNT_MAX ((uint64_t)9007199254740991)
#define TLSRPT_SUM_MAX   ((uint64_t)INT64_MAX)

#define TLSRPT_NO_TIME ((time_t)-1)

/*
 * A result type of RFC 8460 section 4.3: what it means, what to do, and the
 * commands that help with it. DOMAIN stands for the policy domain.
 */
struct tlsrpt_result {
	const char *name;
	const char *meaning;
	const char *mend;
	const char *commands[3]; /* ended by NULL */
};

/*
 * The result type of that name; for any other name one whose own is "", with
 * something to say about all such.
 */
const struct tlsrpt_result *tlsrpt_result(const char *name);

/*
 * Something that a report says; strings are printable ASCII and shorter than
 * TLSRPT_NAME_SIZE, "" for what is not known. With a result it is a failure:
 * only failed counts. Without, it is a summary: mx and reason are "".
 */
struct tlsrpt_fact {
	const char *domain;
	const char *sender; /* the organisation */
	const char *policy; /* "sts", "tlsa", "no-policy-found", ... */
	const char *result;
	const char *mx;
	const char *reason;
	uint64_t good, failed;
	time_t first, last; /* or TLSRPT_NO_TIME */
};

/* All facts that agree in everything down to mx; the reason is the first one's.
 */
struct tlsrpt_row {
	struct tlsrpt_fact sum;
	uint64_t reports;
	size_t last_report; /* of tlsrpt's reports */
	char storage[];
};

struct tlsrpt {
	void *rows, *seen; /* trees of tsearch(3) */
	size_t row_count;
	size_t reports;    /* that count */
	size_t duplicates; /* that do not */
	size_t before;     /* reports from before since */
	time_t since;      /* or TLSRPT_NO_TIME: those that end later count */
	const char (*domains)[TLSRPT_NAME_SIZE]; /* that are wanted; or NULL */
	size_t domain_count;
};

/* Makes an empty one that wants all. tlsrpt_free is to be called at the end. */
void tlsrpt_init(struct tlsrpt *tlsrpt);

void tlsrpt_free(struct tlsrpt *tlsrpt);

enum tlsrpt_seen {
	TLSRPT_NEW,
	TLSRPT_SAME,  /* seen already, the same but for CR */
	TLSRPT_OTHER, /* sender and id seen already, with another text */
	TLSRPT_NO_MEMORY,
};

/*
 * Notes a report: by sender and id or, where it has none, by its text. All but
 * TLSRPT_NEW is not to count, and is counted as a duplicate.
 */
enum tlsrpt_seen tlsrpt_note(struct tlsrpt *tlsrpt, const char *sender,
    const char *id, struct text_span report);

/* Whether facts about that domain are wanted. */
bool tlsrpt_wants(const struct tlsrpt *tlsrpt, const char *domain);

/*
 * Adds a fact of the report that was noted last. Sums stop at TLSRPT_SUM_MAX.
 * False without memory.
 */
bool tlsrpt_add(struct tlsrpt *tlsrpt, const struct tlsrpt_fact *fact);

/* a + b, or TLSRPT_SUM_MAX where that would be more. */
uint64_t tlsrpt_sum(uint64_t a, uint64_t b);

/*
 * All rows, by domain; each domain's summaries (by sender, policy) before its
 * failures (the most sessions first). The array is the caller's to free, the
 * rows are not. NULL without memory, and when there are none.
 */
const struct tlsrpt_row **tlsrpt_rows(const struct tlsrpt *tlsrpt);

#endif
