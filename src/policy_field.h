/*
 * Private to policy: the four fields of RFC 8461 and their values. How lines
 * become keys and values is in policy_parse.c.
 */
#ifndef MTASTS_POLICY_FIELD_H
#define MTASTS_POLICY_FIELD_H

#include "policy.h"

/* One reading of one text. */
struct policy_reader {
	struct policy *policy;
	struct diag_sink *sink;
	enum policy_unknown unknown;
	const char *line; /* the beginning of the line being read */
	unsigned number;  /* of that line, from 1 */
};

struct policy_field {
	const char *name;
	const char *example; /* a hint: "write ..." */
	enum policy_known number;
	bool repeats;
	/*
	 * Checks and keeps a value, which is not empty and is trimmed; false
	 * and an error for a bad one.
	 */
	bool (*read)(struct policy_reader *reader, struct text_span value);
};

/* The field of that name, NULL if there is none. same compares names. */
const struct policy_field *policy_field_find(
    struct text_span key, bool (*same)(struct text_span, const char *));

/*
 * Notes that a field stands at this place in the line; false, and an error,
 * when it may stand once and already does.
 */
bool policy_field_note(struct policy_reader *reader,
    const struct policy_field *field, const char *at);

/*
 * Notes that a line was meant to be this field, as it seems; NULL for none.
 * What is there and unreadable is not to be reported as missing on top.
 */
void policy_field_excuse(
    struct policy_reader *reader, const struct policy_field *field);

/* Where a byte of the line being read is. */
struct diag_place
policy_field_place(const struct policy_reader *reader, const char *at);

/* Reports: name "span": message; hint */
void policy_field_error(struct policy_reader *reader, const char *at,
    const char *name, struct text_span span, const char *message,
    const char *hint);

#endif
