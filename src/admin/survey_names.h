/*
 * Private to survey: the domains that are wanted, each once. A million of them
 * take some 100 MB.
 */
#ifndef MTASTS_SURVEY_NAMES_H
#define MTASTS_SURVEY_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct survey_name {
	uint64_t place; /* of its row in the journal; 0 for none */
	char *kept;     /* its row, malloc'd; NULL for none */
	uint32_t mails; /* how many have been sent there */
	uint32_t number;
	char domain[]; /* lower case, A-labels */
};

/* All zero: none. */
struct survey_names {
	struct survey_name **at;
	size_t count, size;
	void *tree;
};

/* Adds a domain, or counts a mail more to one. False without memory. */
bool survey_names_add(struct survey_names *names, const char *domain);

/* The one of that domain, or NULL. */
struct survey_name *
survey_names_find(const struct survey_names *names, const char *domain);

/* Those with the most mails first; of the others whichever came first. */
void survey_names_sort(struct survey_names *names);

void survey_names_free(struct survey_names *names);

#endif
