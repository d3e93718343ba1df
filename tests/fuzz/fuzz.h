/*
 * What the fuzzing harnesses share. Each is one function, which libFuzzer calls
 * with every input, and which must not leave anything behind.
 */
#ifndef MTASTS_FUZZ_H
#define MTASTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that does not hold is a finding like any crash. */
#define FUZZ_EXPECT(condition)                                                 \
	do {                                                                   \
		if (!(condition)) {                                            \
			(void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, \
			    __LINE__, #condition);                             \
			abort();                                               \
		}                                                              \
	} while (0)

/* Formats each finding, as the programs do, and forgets it. */
static inline void
fuzz_take(void *context, const struct diag *diag)
{
	static char storage[4 * (DIAG_MESSAGE_SIZE + DIAG_HINT_SIZE)];
	struct text line;

	(void)context;
	text_init(&line, storage, sizeof(storage));
	diag_format(diag, &line);
	FUZZ_EXPECT(
	    !line.overflow && strpbrk(line.bytes, "\r\n\t\x1b") == NULL);
}

static inline struct diag_sink
fuzz_sink(void)
{
	return (struct diag_sink){ .take = fuzz_take, .file = "file" };
}

/* Whether there is no error in the text of a policy. */
static inline bool
fuzz_accepts(
    struct policy *policy, struct text_span source, enum policy_unknown unknown)
{
	struct diag_sink sink = fuzz_sink();

	policy_parse(policy, source.at, source.length, unknown, &sink);
	policy_validate(policy, &sink);
	return sink.errors == 0;
}

#endif
