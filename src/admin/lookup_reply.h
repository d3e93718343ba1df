/*
 * Private to lookup: what libunbound answers, as lookup tells it.
 */
#ifndef MTASTS_LOOKUP_REPLY_H
#define MTASTS_LOOKUP_REPLY_H

#include "looklib.h"
#include "lookup.h"

/* Each calls question->done. */
void
lookup_answer(struct lookup_question *question, const struct ub_result *result);
void lookup_fail(struct lookup_question *question, const char *why);

#endif
