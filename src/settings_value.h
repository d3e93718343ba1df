/*
 * Private to settings: values as the text has them, and the kinds of them that
 * several keys share. Each value is checked whole, with an error that names
 * key, line and mend. Which key takes what is in settings_key.c.
 */
#ifndef MTASTS_SETTINGS_VALUE_H
#define MTASTS_SETTINGS_VALUE_H

#include "settings.h"
#include "settings_node.h"
#include "text.h"

struct settings_group;
struct settings_key;

/* One reading of one text; the group and the key are those being read. */
struct settings_reader {
	struct settings *settings;
	struct diag_sink *sink;
	const struct settings_group *group;
	const struct settings_key *key;
};

struct settings_key {
	const char *name;
	const char *hint; /* "write ..." */
	/* Checks and keeps a value, whatever its type; NULL for a group. */
	void (*read)(struct settings_reader *reader,
	    const struct settings_node *setting);
	const struct settings_group *group; /* NULL for a value */
};

struct settings_group {
	const char *prefix; /* of the keys' names, in messages */
	const struct settings_key *keys;
	size_t count;
};

struct diag_place settings_value_place(const struct settings_node *setting);

/* Reports: key value: message; hint. Pre: a text or a number. */
void settings_value_error(struct settings_reader *reader,
    const struct settings_node *setting, const char *message, const char *hint);

/*
 * Whether the setting is of the type, which goes by that
 * name; an error if not. What settings_scan refused (it comes as a fraction),
 * and what a syntax error cut off (it has no type), has been told before.
 */
bool settings_value_has_type(struct settings_reader *reader,
    const struct settings_node *setting, enum settings_type type,
    const char *name);

/* The same for a text in double quotes. */
bool settings_value_is_text(
    struct settings_reader *reader, const struct settings_node *setting);

/* The text, which a NUL follows. Pre: settings_value_is_text. */
struct text_span settings_value_span(const struct settings_node *setting);

/* Copies a text that fits, in lower case if so wanted. */
void settings_value_keep(
    char *storage, size_t size, struct text_span span, bool lower);

/* Which of the words the value is; before, and an error, if none. */
unsigned settings_value_word(struct settings_reader *reader,
    const struct settings_node *setting, const char *const words[],
    size_t count, unsigned before);

/* Reads a number of seconds, or a text such as "7d"; most is the limit. */
void settings_value_duration(struct settings_reader *reader,
    const struct settings_node *setting, uint64_t most, uint32_t *seconds);

/* An array that texts are kept in, each after check, which tells of errors. */
struct settings_list {
	char *items;
	size_t size; /* of an item; enough for what check accepts */
	size_t most;
	size_t *count;
	bool lower;
	bool (*check)(
	    struct settings_reader *reader, const struct settings_node *item);
};

/* Reads an array or a list of texts. One given twice is kept once. */
void settings_value_list(struct settings_reader *reader,
    const struct settings_node *setting, const struct settings_list *list);

#endif
