/*
 * Values as the text has them; see settings_value.h. libconfig converts and
 * drops in silence, so that nothing counts before it has been checked here.
 */
#include "settings_value.h"

#include <string.h>

#define QUOTED_SIZE 320

struct diag_place
settings_value_place(const struct settings_node *setting)
{
	return (struct diag_place){ settings_node_line(setting), 0 };
}

bool
settings_value_has_type(struct settings_reader *reader,
    const struct settings_node *setting, enum settings_type type,
    const char *name)
{
	static const char *const names[] = {
		[SETTINGS_GROUP] = "a group",
		[SETTINGS_NUMBER] = "a number",
		[SETTINGS_TEXT] = "a text",
		[SETTINGS_TRUTH] = "true or false",
		[SETTINGS_ARRAY] = "an array",
		[SETTINGS_LIST] = "a list",
	};
	enum settings_type given = settings_node_type(setting);

	if (given != type && given != SETTINGS_FRACTION &&
	    given != SETTINGS_NOTHING)
		diag_error(reader->sink, settings_value_place(setting),
		    reader->key->hint, "%s%s: %s where %s belongs",
		    reader->group->prefix, reader->key->name, names[given],
		    name);
	return given == type;
}

bool
settings_value_is_text(
    struct settings_reader *reader, const struct settings_node *setting)
{
	return settings_value_has_type(
	    reader, setting, SETTINGS_TEXT, "a text in double quotes");
}

struct text_span
settings_value_span(const struct settings_node *setting)
{
	const char *string = settings_node_text(setting);

	if (string == NULL)
		string = "";
	return (struct text_span){ string, strlen(string) };
}

void
settings_value_error(struct settings_reader *reader,
    const struct settings_node *setting, const char *message, const char *hint)
{
	char storage[QUOTED_SIZE];
	struct text value;

	text_init(&value, storage, sizeof(storage));
	if (settings_node_type(setting) == SETTINGS_TEXT)
		text_add_quoted(&value, settings_value_span(setting));
	else
		text_add_format(&value, "%lld", settings_node_number(setting));
	diag_error(reader->sink, settings_value_place(setting), hint,
	    "%s%s %s: %s", reader->group->prefix, reader->key->name, storage,
	    message);
}

unsigned
settings_value_word(struct settings_reader *reader,
    const struct settings_node *setting, const char *const words[],
    size_t count, unsigned before)
{
	size_t i;

	if (!settings_value_is_text(reader, setting))
		return before;
	for (i = 0; i < count; i++)
		if (text_equals(settings_value_span(setting), words[i]))
			return (unsigned)i;
	settings_value_error(
	    reader, setting, "there is no such choice", reader->key->hint);
	return before;
}

void
settings_value_duration(struct settings_reader *reader,
    const struct settings_node *setting, uint64_t most, uint32_t *seconds)
{
	enum settings_type type = settings_node_type(setting);
	uint64_t value = UINT64_MAX;
	long long number;

	if (type == SETTINGS_NUMBER) {
		number = settings_node_number(setting);
		if (number >= 0)
			value = (uint64_t)number;
	} else if (!settings_value_has_type(
		       reader, setting, SETTINGS_TEXT, "a duration")) {
		return;
	} else if (!text_duration(settings_value_span(setting), &value)) {
		settings_value_error(reader, setting, "no duration",
		    "write digits and one of s m h d w y, such as \"7d\"");
		return;
	}
	if (value > most)
		settings_value_error(
		    reader, setting, "out of range", reader->key->hint);
	else
		*seconds = (uint32_t)value;
}

void
settings_value_keep(
    char *storage, size_t size, struct text_span span, bool lower)
{
	struct text text;
	size_t i;

	text_init(&text, storage, size);
	text_add(&text, span.at, span.length);
	for (i = 0; lower && i < text.length; i++)
		storage[i] = text_lower(storage[i]);
}

/* One that is there already is not kept twice. */
static void
list_add(const struct settings_list *list, struct text_span span)
{
	char *item = list->items + *list->count * list->size;
	size_t i = 0;

	settings_value_keep(item, list->size, span, list->lower);
	while (strcmp(list->items + i * list->size, item) != 0)
		i++;
	if (i == *list->count)
		(*list->count)++;
}

void
settings_value_list(struct settings_reader *reader,
    const struct settings_node *setting, const struct settings_list *list)
{
	size_t i;

	if (settings_node_type(setting) != SETTINGS_LIST &&
	    !settings_value_has_type(
		reader, setting, SETTINGS_ARRAY, "an array of texts"))
		return;
	*list->count = 0;
	for (i = 0; i < settings_node_count(setting); i++) {
		const struct settings_node *item =
		    settings_node_child(setting, i);

		if (!settings_value_is_text(reader, item) ||
		    !list->check(reader, item))
			continue;
		if (*list->count == list->most) {
			settings_value_error(
			    reader, item, "one too many", "name fewer");
			return;
		}
		list_add(list, settings_value_span(item));
	}
}
