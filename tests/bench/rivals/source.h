/*
 * The look-up that the responder does, by its own modules, for programs that
 * differ from it in how they speak FastCGI.
 */
#ifndef RIVAL_SOURCE_H
#define RIVAL_SOURCE_H

#include "responder.h"

extern const struct responder_source rival_source;

/* Opens a policy directory that the user of this number owns. */
bool rival_open(const char *directory, const char *owner);

#endif
