/*
 * Lines of the history; see history_line.h.
 */
#include "history_line.h"

#include <string.h>

#include "human.h"

#define FIELDS    5
#define TIME_SIZE 32

void
history_compose(const struct history_entry *entry, struct text *line)
{
	human_add_time(line, entry->time);
	text_add_format(line, " %s ", entry->domain);
	if (entry->removed)
		text_add_string(line, "- removed -\n");
	else if (entry->unknown)
		text_add_format(line, "- unknown %d\n", POLICY_MAX_AGE_MAX);
	else if (entry->alias[0] != '\0')
		text_add_format(line, "%s %s -\n", entry->alias,
		    entry->renamed ? "renamed" : "alias");
	else
		text_add_format(line, "%s %s %lu\n", entry->id,
		    policy_mode_name(entry->mode),
		    (unsigned long)entry->max_age);
}

/* Exactly five words with a single space between any two. */
static bool
split(struct text_span line, struct text_span fields[FIELDS])
{
	size_t i;

	for (i = 0; i < FIELDS; i++) {
		const char *space = memchr(line.at, ' ', line.length);

		fields[i].at = line.at;
		fields[i].length =
		    space != NULL ? (size_t)(space - line.at) : line.length;
		if (fields[i].length == 0 ||
		    (space == NULL) != (i == FIELDS - 1))
			return false;
		line.at += fields[i].length + (space != NULL);
		line.length -= fields[i].length + (space != NULL);
	}
	return true;
}

static bool
copy(struct text_span span, char *storage, size_t size)
{
	struct text text;

	text_init(&text, storage, size);
	text_add(&text, span.at, span.length);
	return !text.overflow;
}

static bool
read_time(struct text_span span, time_t *time)
{
	char storage[TIME_SIZE];
	struct tm parts = { 0 };
	const char *end;

	if (!copy(span, storage, sizeof(storage)))
		return false;
	end = strptime(storage, "%Y-%m-%dT%H:%M:%SZ", &parts);
	*time = timegm(&parts);
	return end != NULL && *end == '\0';
}

static bool
read_policy(const struct text_span *fields, struct history_entry *entry)
{
	uint64_t max_age;

	if (!record_id_is_valid(fields[2]) ||
	    !policy_mode_parse(fields[3], &entry->mode) ||
	    !text_decimal(fields[4], 10, &max_age) ||
	    max_age > POLICY_MAX_AGE_MAX)
		return false;
	entry->max_age = (uint32_t)max_age;
	return copy(fields[2], entry->id, sizeof(entry->id));
}

static bool
read_entry(const struct text_span *fields, struct history_entry *entry)
{
	static const struct history_entry nothing;

	*entry = nothing;
	if (!read_time(fields[0], &entry->time) ||
	    !copy(fields[1], entry->domain, sizeof(entry->domain)))
		return false;
	entry->removed = text_equals(fields[3], "removed");
	entry->unknown = text_equals(fields[3], "unknown");
	if (entry->removed || entry->unknown)
		return true;
	entry->renamed = text_equals(fields[3], "renamed");
	if (entry->renamed || text_equals(fields[3], "alias"))
		return copy(fields[2], entry->alias, sizeof(entry->alias));
	return read_policy(fields, entry);
}

bool
history_is_name(struct text_span name)
{
	size_t i;

	for (i = 0; i < name.length; i++)
		if (!text_is_letter(name.at[i]) && !text_is_digit(name.at[i]) &&
		    strchr("-._", name.at[i]) == NULL)
			return false;
	return name.length > 0;
}

/* The first two words of a line, whatever follows; empty where there is none.
 */
static void
find_words(
    struct text_span line, struct text_span *time, struct text_span *domain)
{
	const char *space = memchr(line.at, ' ', line.length), *end;
	const size_t before =
	    space != NULL ? (size_t)(space - line.at) : line.length;

	*time = (struct text_span){ line.at, before };
	*domain = (struct text_span){ line.at + before, 0 };
	if (space == NULL)
		return;
	domain->at++;
	end = memchr(domain->at, ' ', line.length - before - 1);
	if (end != NULL)
		domain->length = (size_t)(end - domain->at);
}

static bool
is_marked(struct text_span line)
{
	const size_t length = strlen(HISTORY_MARK);

	return line.length > length && memcmp(line.at + line.length - length,
					   HISTORY_MARK, length) == 0;
}

/* Something was published under the name, and nobody knows what. */
static void
assume(struct text_span time, struct text_span domain, time_t before,
    struct history_entry *entry)
{
	static const struct history_entry nothing;

	*entry = nothing;
	if (!read_time(time, &entry->time))
		entry->time = before;
	(void)copy(domain, entry->domain, sizeof(entry->domain));
	entry->unknown = true;
}

enum history_line
history_parse(struct text_span line, const char *domain, time_t before,
    struct history_entry *entry)
{
	struct text_span fields[FIELDS], time, name;

	find_words(line, &time, &name);
	if (is_marked(line))
		return HISTORY_CUT_OFF;
	if (!history_is_name(name) || name.length >= STORE_STEM_SIZE)
		return HISTORY_LOST;
	if (domain != NULL && !text_equals(name, domain))
		return HISTORY_OTHER;
	if (split(line, fields) && read_entry(fields, entry))
		return HISTORY_ENTRY;
	assume(time, name, before, entry);
	return HISTORY_SPOILT;
}
