/*
 * Private to settings: a setting as its parser left it, for those who do not
 * see that parser. Converts nothing. In settings.c.
 */
#ifndef MTASTS_SETTINGS_NODE_H
#define MTASTS_SETTINGS_NODE_H

#include <stdbool.h>
#include <stddef.h>

struct settings_node;

enum settings_type {
	SETTINGS_NOTHING, /* cut off by a syntax error */
	SETTINGS_FRACTION,
	SETTINGS_NUMBER,
	SETTINGS_TRUTH,
	SETTINGS_TEXT,
	SETTINGS_ARRAY,
	SETTINGS_LIST,
	SETTINGS_GROUP,
};

enum settings_type settings_node_type(const struct settings_node *node);

/* From 1. */
unsigned settings_node_line(const struct settings_node *node);

/* Pre: SETTINGS_TEXT. It may be NULL. */
const char *settings_node_text(const struct settings_node *node);

/* Pre: SETTINGS_NUMBER. */
long long settings_node_number(const struct settings_node *node);

/* Pre: SETTINGS_TRUTH. */
bool settings_node_truth(const struct settings_node *node);

/* Of an array, a list or a group, how many and which. Pre: i < the count. */
size_t settings_node_count(const struct settings_node *node);
const struct settings_node *
settings_node_child(const struct settings_node *node, size_t i);

#endif
