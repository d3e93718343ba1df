/*
 * Cells of CSV; see csv.h.
 */
#include "csv.h"

#include <string.h>

static bool
begins_formula(char c)
{
	return c != '\0' && strchr("=+-@", c) != NULL;
}

void
csv_add(struct text *text, const char *cell)
{
	const bool quoted = strpbrk(cell, ",\"") != NULL;
	char before = ';';

	if (text->length > 0)
		text_add_string(text, ",");
	text_add_string(text, quoted ? "\"" : "");
	for (; *cell != '\0'; before = *cell++) {
		if (before == ';' && begins_formula(*cell))
			text_add_string(text, "'");
		if (*cell == '"')
			text_add_string(text, "\"");
		text_add(text, cell, 1);
	}
	text_add_string(text, quoted ? "\"" : "");
}

void
csv_add_number(struct text *text, uint64_t number)
{
	csv_add(text, "");
	text_add_decimal(text, number);
}

bool
csv_take(struct text_span *line, struct text *cell)
{
	const bool quoted = line->length > 0 && *line->at == '"';
	size_t i = quoted ? 1 : 0;
	char before = ';';

	for (; i < line->length; i++) {
		const char c = line->at[i], after = i + 1 < line->length
							? line->at[i + 1]
							: '\0';

		if (quoted ? c == '"' && after != '"' : c == ',')
			break;
		if (quoted && c == '"')
			i++;
		if (before != ';' || c != '\'' || !begins_formula(after))
			text_add(cell, &c, 1);
		before = c;
	}
	if (quoted && i++ == line->length)
		return false;
	line->at += i;
	line->length -= i;
	return line->length == 0 || *line->at == ',';
}
