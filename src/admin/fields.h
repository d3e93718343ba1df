/*
 * The options that name fields of a policy (--mode, --mx, --max-age and their
 * like), read and checked with the code that reads policies.
 */
#ifndef MTASTS_FIELDS_H
#define MTASTS_FIELDS_H

#include "admin.h"
#include "edit.h"

struct fields {
	struct edit edit; /* points into the rest */
	bool any;         /* one of them was given */
	enum policy_mode mode;
	uint32_t max_age;
	const char *mx[ADMIN_GIVEN_MAX];
	const char *added[ADMIN_GIVEN_MAX];
	const char *removed[ADMIN_GIVEN_MAX];
};

/* ADMIN_USAGE, with a message for each option that is wrong. */
enum admin_exit fields_read(const struct admin *admin, struct fields *fields);

#endif
