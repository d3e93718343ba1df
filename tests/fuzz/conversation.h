/*
 * What the two harnesses of FastCGI share: policies to give away, a peer that
 * collects what comes back, and what that must look like.
 */
#ifndef MTASTS_FUZZ_CONVERSATION_H
#define MTASTS_FUZZ_CONVERSATION_H

#include "fuzz.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "fastcgi.h"

/* What a look-up finds, and gives away. */
struct found {
	enum responder_found found;
	const struct policy *policy;
};

static inline enum responder_found
found_find(void *context, const char *domain, const struct policy **policy)
{
	const struct found *found = context;

	(void)domain;
	*policy = found->policy;
	return found->found;
}

/* A small policy and a large one. */
static inline void
found_policies(struct policy policies[2])
{
	static const char small[] =
	    "version: STSv1\nmode: none\nmax_age: 5\nx: x";
	static char large[60000];

	memset(large, 'x', sizeof(large));
	memcpy(large, small, sizeof(small) - 1);
	FUZZ_EXPECT(fuzz_accepts(&policies[0],
	    (struct text_span){ small, sizeof(small) - 1 },
	    POLICY_UNKNOWN_PASS));
	FUZZ_EXPECT(fuzz_accepts(&policies[1],
	    (struct text_span){ large, sizeof(large) }, POLICY_UNKNOWN_PASS));
}

struct output {
	size_t length;
	unsigned char bytes[1 << 22];
};

static inline void
output_collect(int peer, struct output *output)
{
	ssize_t count;

	while ((count = recv(peer, output->bytes + output->length,
		    sizeof(output->bytes) - output->length, 0)) > 0)
		output->length += (size_t)count;
	FUZZ_EXPECT(output->length < sizeof(output->bytes));
}

/* Whether it is whole records that a responder sends, and nothing else. */
static inline bool
output_is_whole(const struct output *output)
{
	const unsigned char *at = output->bytes, *end = at + output->length;

	while (end - at >= 8 && at[0] == 1 && (at[1] == 3 || at[1] == 6))
		at += 8 + (at[4] << 8 | at[5]) + at[6];
	return at == end;
}

static inline unsigned
open_descriptors(void)
{
	unsigned count = 0;
	int descriptor;

	for (descriptor = 0; descriptor < 64; descriptor++)
		count += fcntl(descriptor, F_GETFD) >= 0;
	return count;
}

#endif
