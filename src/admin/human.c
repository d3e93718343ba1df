/*
 * Times for people; see human.h.
 */
#include "human.h"

#define UNITS (sizeof(units) / sizeof(units[0]))

/* Weeks are left out: 7d says the same, and 14d is easier to compare. */
static const struct {
	uint64_t seconds;
	const char *letter, *word;
} units[] = {
	{ 31557600, "y", "year" },
	{ 86400, "d", "day" },
	{ 3600, "h", "hour" },
	{ 60, "m", "minute" },
	{ 1, "s", "second" },
};

static size_t
unit_of(uint64_t seconds)
{
	size_t i = 0;

	while (
	    i + 1 < UNITS && (seconds == 0 || seconds % units[i].seconds != 0))
		i++;
	return i;
}

void
human_add_duration(struct text *text, uint64_t seconds)
{
	const size_t unit = unit_of(seconds);

	text_add_decimal(text, seconds / units[unit].seconds);
	text_add_string(text, units[unit].letter);
}

void
human_add_words(struct text *text, uint64_t seconds)
{
	const size_t unit = unit_of(seconds);
	const uint64_t number = seconds / units[unit].seconds;

	text_add_decimal(text, number);
	text_add_string(text, " ");
	text_add_string(text, units[unit].word);
	if (number != 1)
		text_add_string(text, "s");
}

void
human_add_date(struct text *text, time_t time)
{
	struct tm utc;

	if (gmtime_r(&time, &utc) == NULL)
		text_add_string(text, "?");
	else
		text_add_format(text, "%04d-%02d-%02d", utc.tm_year + 1900,
		    utc.tm_mon + 1, utc.tm_mday);
}

void
human_add_time(struct text *text, time_t time)
{
	struct tm utc;

	human_add_date(text, time);
	if (gmtime_r(&time, &utc) != NULL)
		text_add_format(text, "T%02d:%02d:%02dZ", utc.tm_hour,
		    utc.tm_min, utc.tm_sec);
}
