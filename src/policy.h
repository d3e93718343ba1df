/*
 * An MTA-STS policy (RFC 8461 section 3.2): read from text as people write it,
 * checked, and rendered as the one canonical text that every sender reads the
 * same way. Layout is normalised silently, content is never guessed. Where the
 * text comes from and whom it is for is for others.
 */
#ifndef MTASTS_POLICY_H
#define MTASTS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "text.h"

/*
 * Octets of a policy, as a file and as it is served. Senders may stop at "64
 * kilobytes" (RFC 8461 section 3.3); this is below either meaning of that.
 */
#define POLICY_SIZE_MAX 64000

/* The longest max_age, in seconds: a year of 365.25 days. */
#define POLICY_MAX_AGE_MAX 31557600

/* As many as a file can hold: "mx:a" and a line end each. */
#define POLICY_MX_MAX (POLICY_SIZE_MAX / 5)

enum policy_mode { POLICY_ENFORCE, POLICY_TESTING, POLICY_NONE };

/* What becomes of a field that RFC 8461 does not know. */
enum policy_unknown { POLICY_UNKNOWN_REFUSE, POLICY_UNKNOWN_PASS };

/* One mx pattern, a C string in lower case at policy->names + offset. */
struct policy_mx {
	uint32_t hash;
	uint16_t offset;
	uint16_t length;
};

/* The fields that RFC 8461 knows. */
enum policy_known {
	POLICY_VERSION,
	POLICY_MODE,
	POLICY_MX,
	POLICY_MAX_AGE,
	POLICY_KNOWN, /* how many */
};

/* About 230 kB, most of it never touched: a static variable, not a local. */
struct policy {
	enum policy_mode mode;
	uint32_t max_age;
	size_t mx_count;
	/* Where each known field stands (first); line 0 when it does not. */
	struct diag_place at[POLICY_KNOWN];
	bool valid[POLICY_KNOWN];   /* its value has been read */
	bool excused[POLICY_KNOWN]; /* not given, but something much like it */
	struct diag_place last_line;
	struct text names;
	struct text extensions; /* "name: value" and CRLF each */
	struct policy_mx mx[POLICY_MX_MAX];
	char name_storage[POLICY_SIZE_MAX + 1];
	char extension_storage[POLICY_SIZE_MAX + 1];
};

/*
 * Reads a policy of length octets, line by line, and sends every finding about
 * a single line to the sink. *policy is overwritten and keeps no pointer into
 * the text. It is good once policy_validate has run too and the sink has
 * counted no error.
 */
void policy_parse(struct policy *policy, const char *bytes, size_t length,
    enum policy_unknown unknown, struct diag_sink *sink);

/*
 * Checks what no single line can tell: the required fields, the size of the
 * rendering, and the combinations that are allowed and hardly ever meant
 * (warnings). Pre: policy_parse.
 */
void policy_validate(const struct policy *policy, struct diag_sink *sink);

/*
 * Appends the canonical text: version, mode, each mx in the file's order,
 * max_age, then the fields passed through, CRLF after every line; at most
 * POLICY_SIZE_MAX octets. Pre: no error was found.
 */
void policy_render(const struct policy *policy, struct text *text);

/* The pattern number i, counted from 0, as a C string. Pre: i < mx_count. */
const char *policy_mx_name(const struct policy *policy, size_t i);

/* "enforce", "testing" or "none". */
const char *policy_mode_name(enum policy_mode mode);

/* False, and *mode untouched, when the span is no mode of RFC 8461. */
bool policy_mode_parse(struct text_span span, enum policy_mode *mode);

#endif
