/*
 * One line of the history: how it is written and read. The file is history.c's
 * affair.
 */
#ifndef MTASTS_HISTORY_LINE_H
#define MTASTS_HISTORY_LINE_H

#include "history.h"
#include "text.h"

/* What is put after half a line: as more fields it spoils it for good. */
#define HISTORY_MARK " cut off"

/* Appends it with its line end. */
void history_compose(const struct history_entry *entry, struct text *line);

enum history_line {
	HISTORY_ENTRY,   /* *entry is set */
	HISTORY_OTHER,   /* about another domain than the one asked for */
	HISTORY_SPOILT,  /* *entry is what has to be assumed */
	HISTORY_LOST,    /* not even the domain can be read */
	HISTORY_CUT_OFF, /* marked: a killed writer's */
};

/*
 * Reads a line without its end. domain is the one asked for, or NULL for any;
 * before stands for the time of a spoilt line that cannot be read.
 */
enum history_line history_parse(struct text_span line, const char *domain,
    time_t before, struct history_entry *entry);

/* Whether a domain's or shared name's characters can stand in a line. */
bool history_is_name(struct text_span name);

#endif
