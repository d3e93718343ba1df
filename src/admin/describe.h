/*
 * What a change means, told to whoever made it: which fields are other than
 * before, and which record has to follow. Nothing with --quiet.
 */
#ifndef MTASTS_DESCRIBE_H
#define MTASTS_DESCRIBE_H

#include "admin.h"

void describe_new(
    const struct admin *admin, const char *domain, const struct policy *policy);

void describe_change(const struct admin *admin, const char *domain,
    const struct policy *old, const struct policy *new);

#endif
