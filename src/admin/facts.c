/*
 * What is seen of a policy domain from outside; see facts.h.
 */
#include "facts.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

void
facts_free(struct facts *facts)
{
	free(facts->fetch4.body);
	free(facts->fetch6.body);
	free(facts->local.text);
	memset(facts, 0, sizeof(*facts));
}

void
facts_cut(char *to, size_t size, const char *bytes, size_t length)
{
	struct text text;
	size_t i;

	text_init(&text, to, size);
	for (i = 0; i < length && !text.overflow; i++)
		text_add_escaped(&text, bytes + i, 1);
}
