/*
 * Lines of a mail log, and what they say once they are cut off: every domain is
 * of the line itself, and behind an @ there. What is read as Postfix's alone is
 * read the same among all.
 */
#include "fuzz.h"

#include "maillog.h"

/* A line, and what has been taken of it. */
struct line {
	struct text_span span;
	size_t count, length;
};

static void
take(void *context, struct text_span domain)
{
	struct line *line = context;

	FUZZ_EXPECT(
	    domain.length > 0 && domain.at > line->span.at &&
	    domain.at + domain.length <= line->span.at + line->span.length);
	FUZZ_EXPECT(domain.at[-1] == '@');
	FUZZ_EXPECT(memchr(domain.at, '@', domain.length) == NULL);
	FUZZ_EXPECT(domain.at[0] != '[');
	line->count++;
	line->length += domain.length;
}

static void
read_line(struct text_span span)
{
	struct line all = { .span = span }, postfix = { .span = span };
	size_t count = maillog_line(span, MAILLOG_ANY, take, &all);

	FUZZ_EXPECT(count == all.count && all.length <= span.length);
	count = maillog_line(span, MAILLOG_POSTFIX, take, &postfix);
	FUZZ_EXPECT(count == postfix.count && count <= 1);
	FUZZ_EXPECT(count == 0 || all.count > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size, *feed;
	char *copy;

	for (; at < end; at = feed + 1) {
		feed = memchr(at, '\n', (size_t)(end - at));
		if (feed == NULL)
			feed = end;
		/* In a block of its own, where nobody can look beyond it. */
		copy = malloc((size_t)(feed - at) + 1);
		memcpy(copy, at, (size_t)(feed - at));
		read_line((struct text_span){ copy, (size_t)(feed - at) });
		free(copy);
	}
	return 0;
}
