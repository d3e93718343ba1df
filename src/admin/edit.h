/*
 * The source text of a policy, changed in one field and left alone in all
 * others: comments, order, blank lines and line ends stay. Pure; what results
 * is for policy_parse to judge.
 */
#ifndef MTASTS_EDIT_H
#define MTASTS_EDIT_H

#include <stdbool.h>

#include "policy.h"
#include "text.h"

/* What is to become of a policy; NULL and 0 leave a field as it is. */
struct edit {
	const enum policy_mode *mode;
	const uint32_t *max_age;
	const char *const *mx; /* if given, all mx lines become these */
	size_t mx_count;
	const char *const *added; /* mx lines to add, after the last one */
	size_t added_count;
	const char *const *removed;
	size_t removed_count;
};

/*
 * Appends the source with the changes made. Pre: source is without error. The
 * result may have one, for example no mx any more. result overflows when it
 * has no room.
 */
void edit_apply(
    struct text_span source, const struct edit *edit, struct text *result);

/* Appends the source of a new policy: version, mode, mx, max_age, LF. */
void edit_compose(enum policy_mode mode, const char *const *mx, size_t mx_count,
    uint32_t max_age, struct text *result);

#endif
