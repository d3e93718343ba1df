/*
 * Private to settings: which keys there are, what each may be, and what it is
 * when it is not given. How the text becomes keys, and which of them stand
 * there twice or in vain, is in settings.c.
 */
#ifndef MTASTS_SETTINGS_KEY_H
#define MTASTS_SETTINGS_KEY_H

#include "settings_value.h"

/* The group that the text as a whole is. */
extern const struct settings_group settings_key_root;

#define SETTINGS_KEY_MAX 8 /* in any one group */

/* What the settings are where the text says nothing. */
void settings_key_defaults(struct settings *settings);

#endif
