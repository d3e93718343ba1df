/*
 * Rows as lines of CSV; see survey.h. What is read may have been written by
 * anybody.
 */
#include <string.h>

#include "csv.h"
#include "survey.h"

#define CELLS 11
/* Empty where there is none. */
static void
add_number(struct text *text, bool known, uint32_t number)
{
	if (known)
		csv_add_number(text, number);
	else
		csv_add(text, "");
}

void
survey_csv_add(
    struct text *text, const struct survey_row *row, const uint32_t *mails)
{
	csv_add(text, row->domain);
	add_number(text, mails != NULL, mails != NULL ? *mails : 0);
	csv_add(text, survey_status_name(row->status));
	csv_add(text, row->mode);
	add_number(text, row->max_age != SURVEY_NO_AGE, row->max_age);
	csv_add(text, row->id);
	csv_add(text, survey_tlsrpt_name(row->tlsrpt));
	csv_add(text, row->looked);
	csv_add(text, row->errors);
	csv_add(text, row->warnings);
	csv_add(text, row->what);
	text_add_string(text, "\n");
}

/* The cells of a line, unquoted, as strings one behind the other. */
struct cells {
	char storage[SURVEY_CSV_SIZE + CELLS];
	const char *at[CELLS];
	size_t count;
};

static bool
take_cells(struct text_span line, struct cells *cells)
{
	char *out = cells->storage;
	struct text text;

	for (cells->count = 0; cells->count < CELLS;) {
		text_init(&text, out,
		    sizeof(cells->storage) - (size_t)(out - cells->storage));
		if (!csv_take(&line, &text) || text.overflow)
			return false;
		cells->at[cells->count++] = out;
		out = text.bytes + text.length + 1;
		if (line.length == 0)
			break;
		line.at++;
		line.length--;
		if (line.length == 0 && cells->count == CELLS)
			return false;
	}
	return line.length == 0 && cells->count == CELLS;
}

static struct text_span
span_of(const char *string)
{
	return (struct text_span){ string, strlen(string) };
}

/* Copies a cell, if it fits and has no other bytes than these. */
static bool
copy(char *to, size_t size, const char *cell, const char *bytes)
{
	const size_t length = strlen(cell);

	if (length >= size || (bytes != NULL && strspn(cell, bytes) != length))
		return false;
	memcpy(to, cell, length + 1);
	return true;
}

static bool
read_domain(const char *cell, char domain[HOSTNAME_SIZE])
{
	size_t at;

	return hostname_fault(span_of(cell), &at) == NULL &&
	       strlen(cell) <= HOSTNAME_DOMAIN_MAX &&
	       strpbrk(cell, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == NULL &&
	       copy(domain, HOSTNAME_SIZE, cell, NULL);
}

static bool
read_policy(const char *mode, const char *max_age, struct survey_row *row)
{
	enum policy_mode read;
	uint64_t number;

	row->mode = "";
	row->max_age = SURVEY_NO_AGE;
	if (*mode == '\0')
		return *max_age == '\0';
	if (!policy_mode_parse(span_of(mode), &read) ||
	    !text_decimal(span_of(max_age), 8, &number))
		return false;
	row->mode = policy_mode_name(read);
	row->max_age = (uint32_t)number;
	return true;
}

static bool
is_printable(struct text_span line)
{
	size_t i;

	for (i = 0; i < line.length; i++)
		if (line.at[i] < ' ' || line.at[i] > '~')
			return false;
	return true;
}

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyz"

const char *
survey_csv_read(struct text_span line, struct survey_row *row)
{
	static struct cells cells;
	size_t status, tlsrpt;

	if (line.length >= SURVEY_CSV_SIZE || !is_printable(line) ||
	    !take_cells(line, &cells))
		return "this is no row of 11 cells";
	if (!read_domain(cells.at[0], row->domain))
		return "the first cell is no domain";
	if (!survey_read(cells.at[2], survey_status_name, &status))
		return "the third cell is no status";
	if (!read_policy(cells.at[3], cells.at[4], row))
		return "cells 4 and 5 are no mode and max_age";
	if (!copy(row->id, sizeof(row->id), cells.at[5], NULL) ||
	    (row->id[0] != '\0' && !record_id_is_valid(span_of(row->id))))
		return "cell 6 is no id";
	if (!survey_read(cells.at[6], survey_tlsrpt_name, &tlsrpt))
		return "cell 7 does not tell about TLSRPT";
	if (!copy(row->looked, sizeof(row->looked), cells.at[7], DIGITS "-:TZ"))
		return "cell 8 is no time";
	if (!copy(row->errors, sizeof(row->errors), cells.at[8],
		LETTERS DIGITS "- ") ||
	    !copy(row->warnings, sizeof(row->warnings), cells.at[9],
		LETTERS DIGITS "- "))
		return "cells 9 and 10 are no codes";
	if (!copy(row->what, sizeof(row->what), cells.at[10], NULL))
		return "the last cell is too long";
	row->status = (enum survey_status)status;
	row->tlsrpt = (enum survey_tlsrpt)tlsrpt;
	return NULL;
}
