/*
 * The domains that are wanted; see survey_names.h.
 */
#include "survey_names.h"

#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "hostname.h"

#define FIRST_SIZE 64

static int
compare(const void *a, const void *b)
{
	const struct survey_name *one = a, *other = b;

	return strcmp(one->domain, other->domain);
}

static bool
grow(struct survey_names *names)
{
	const size_t size = names->size > 0 ? 2 * names->size : FIRST_SIZE;
	struct survey_name **at;

	if (names->count < names->size)
		return true;
	at = reallocarray(names->at, size, sizeof(struct survey_name *));
	if (at == NULL)
		return false;
	names->at = at;
	names->size = size;
	return true;
}

static struct survey_name *
make(const char *domain)
{
	const size_t length = strlen(domain) + 1;
	struct survey_name *name = calloc(1, sizeof(*name) + length);

	if (name != NULL)
		memcpy(name->domain, domain, length);
	return name;
}

bool
survey_names_add(struct survey_names *names, const char *domain)
{
	struct survey_name *name, **known;

	name = survey_names_find(names, domain);
	if (name == NULL) {
		name = grow(names) ? make(domain) : NULL;
		known =
		    name != NULL ? tsearch(name, &names->tree, compare) : NULL;
		if (known == NULL) {
			free(name);
			return false;
		}
		name->number = (uint32_t)names->count;
		names->at[names->count++] = name;
	}
	if (name->mails < UINT32_MAX)
		name->mails++;
	return true;
}

struct survey_name *
survey_names_find(const struct survey_names *names, const char *domain)
{
	static union {
		struct survey_name name;
		char storage[sizeof(struct survey_name) + HOSTNAME_SIZE];
	} wanted;
	struct survey_name **known;
	const size_t length = strlen(domain);

	if (length > HOSTNAME_MAX)
		return NULL;
	memcpy(wanted.storage + offsetof(struct survey_name, domain), domain,
	    length + 1);
	known = tfind(&wanted, &names->tree, compare);
	return known != NULL ? *known : NULL;
}

static int
compare_mails(const void *a, const void *b)
{
	const struct survey_name *const *one = a, *const *other = b;

	if ((*one)->mails != (*other)->mails)
		return (*one)->mails > (*other)->mails ? -1 : 1;
	return (*one)->number < (*other)->number ? -1 : 1;
}

void
survey_names_sort(struct survey_names *names)
{
	if (names->count > 0)
		qsort(names->at, names->count, sizeof(struct survey_name *),
		    compare_mails);
}

static void
leave(void *name)
{
	(void)name;
}

void
survey_names_free(struct survey_names *names)
{
	size_t i;

	tdestroy(names->tree, leave);
	for (i = 0; i < names->count; i++) {
		free(names->at[i]->kept);
		free(names->at[i]);
	}
	free(names->at);
	*names = (struct survey_names){ .at = NULL };
}
