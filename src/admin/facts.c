/*
 * What is seen of a policy domain from outside; see facts.h.
 */
#include "facts.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

/* Those that are under way still have bodies. */
void
facts_free(struct facts *facts)
{
	size_t i;

	free(facts->fetch4.body);
	free(facts->fetch6.body);
	for (i = 0; i < facts->further_count; i++)
		free(facts->further[i].body);
	for (i = 0; i < FACTS_FORMS; i++)
		free(facts->forms[i].body);
	free(facts->further);
	free(facts->local.text);
	memset(facts, 0, sizeof(*facts));
}

const struct facts_fetch *
facts_fetch(const struct facts *facts, size_t i)
{
	if (i == 0)
		return &facts->fetch4;
	if (i == 1)
		return &facts->fetch6;
	return i - 2 < facts->further_count ? &facts->further[i - 2] : NULL;
}

bool
facts_is_six(const struct facts_fetch *fetch)
{
	return strchr(fetch->address, ':') != NULL;
}

bool
facts_is_plain(const struct facts_fetch *fetch)
{
	const struct text_span media = { fetch->media_type,
		strcspn(fetch->media_type, ";") };

	return text_equals_fold(text_trim(media), FACTS_MEDIA_TYPE);
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
