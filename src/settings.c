/*
 * From the file to the settings: libconfig kept from doing more than parse, and
 * every key of its tree compared with those there are; see settings.h.
 */
#include "settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libconfig.h>

#include "heap.h"
#include "safefile.h"
#include "settings_key.h"
#include "settings_node.h"
#include "settings_scan.h"

#define HINT_SIZE   256
#define QUOTED_SIZE 320

/*
 * What libconfig takes of the heap: its scanner's buffer, and for each element
 * of an array, which has two octets at least, a block and a place in a table.
 */
#define HEAP_TEXT     65536U
#define HEAP_PER_BYTE 64U

static const struct settings_key *
key_find(const struct settings_group *group, struct text_span name,
    bool (*same)(struct text_span, const char *))
{
	size_t i;

	for (i = 0; i < group->count; i++)
		if (same(name, group->keys[i].name))
			return &group->keys[i];
	return NULL;
}

static const config_setting_t *
setting_of(const struct settings_node *node)
{
	return (const config_setting_t *)node;
}

static const struct settings_node *
node_of(const config_setting_t *setting)
{
	return (const struct settings_node *)setting;
}

enum settings_type
settings_node_type(const struct settings_node *node)
{
	switch (config_setting_type(setting_of(node))) {
	case CONFIG_TYPE_GROUP:
		return SETTINGS_GROUP;
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return SETTINGS_NUMBER;
	case CONFIG_TYPE_FLOAT:
		return SETTINGS_FRACTION;
	case CONFIG_TYPE_STRING:
		return SETTINGS_TEXT;
	case CONFIG_TYPE_BOOL:
		return SETTINGS_TRUTH;
	case CONFIG_TYPE_ARRAY:
		return SETTINGS_ARRAY;
	case CONFIG_TYPE_LIST:
		return SETTINGS_LIST;
	default:
		return SETTINGS_NOTHING;
	}
}

unsigned
settings_node_line(const struct settings_node *node)
{
	return (unsigned)config_setting_source_line(setting_of(node));
}

const char *
settings_node_text(const struct settings_node *node)
{
	return config_setting_get_string(setting_of(node));
}

long long
settings_node_number(const struct settings_node *node)
{
	return config_setting_get_int64(setting_of(node));
}

bool
settings_node_truth(const struct settings_node *node)
{
	return config_setting_get_bool(setting_of(node)) != 0;
}

size_t
settings_node_count(const struct settings_node *node)
{
	return (size_t)config_setting_length(setting_of(node));
}

const struct settings_node *
settings_node_child(const struct settings_node *node, size_t i)
{
	return node_of(config_setting_get_elem(setting_of(node), (unsigned)i));
}

static const char *
node_name(const struct settings_node *node)
{
	return config_setting_name(setting_of(node));
}

static void
key_error(struct settings_reader *reader, const struct settings_node *setting,
    const char *message, const char *hint)
{
	char storage[QUOTED_SIZE];
	struct text quoted;

	text_init(&quoted, storage, sizeof(storage));
	text_add_quoted(&quoted, settings_scan_key(node_name(setting)));
	diag_error(reader->sink, settings_value_place(setting), hint,
	    "key %s: %s", storage, message);
}

static void
unknown_key(struct settings_reader *reader, const struct settings_node *setting,
    struct text_span name)
{
	const struct settings_group *group = reader->group;
	const struct settings_key *meant = key_find(group, name, text_is_near);
	char storage[HINT_SIZE];
	struct text hint;
	size_t i;

	text_init(&hint, storage, sizeof(storage));
	if (meant != NULL)
		text_add_format(&hint, "did you mean %s?", meant->name);
	else
		text_add_string(&hint, "write one of");
	for (i = 0; meant == NULL && i < group->count; i++)
		text_add_format(
		    &hint, "%s %s", i > 0 ? "," : "", group->keys[i].name);
	key_error(reader, setting, "there is no such setting here", storage);
}

/* The key of that name; NULL and an error when there is none. */
static const struct settings_key *
known_key(struct settings_reader *reader, const struct settings_node *setting)
{
	struct text_span name = settings_scan_key(node_name(setting));
	const struct settings_key *key =
	    key_find(reader->group, name, text_equals);
	char storage[HINT_SIZE];

	if (key != NULL)
		return key;
	key = key_find(reader->group, name, text_equals_fold);
	if (key == NULL) {
		unknown_key(reader, setting, name);
		return NULL;
	}
	(void)snprintf(storage, sizeof(storage), "write %s", key->name);
	key_error(reader, setting, "keys are in lower case", storage);
	return key;
}

static void read_group(struct settings_reader *reader,
    const struct settings_group *group, const struct settings_node *setting);

/* first is where the key was given before, or NULL. */
static void
read_key(struct settings_reader *reader, const struct settings_key *key,
    const struct settings_node *setting, const struct settings_node *first)
{
	reader->key = key;
	if (first != NULL)
		diag_error(reader->sink, settings_value_place(setting),
		    "keep one of the two",
		    "%s%s is given twice, the first time on line %u",
		    reader->group->prefix, key->name,
		    settings_value_place(first).line);
	if (key->group == NULL)
		key->read(reader, setting);
	else if (settings_value_has_type(
		     reader, setting, SETTINGS_GROUP, "a group"))
		read_group(reader, key->group, setting);
}

static void
read_group(struct settings_reader *reader, const struct settings_group *group,
    const struct settings_node *setting)
{
	const struct settings_group *outer = reader->group;
	const struct settings_node *given[SETTINGS_KEY_MAX] = { NULL };
	size_t i;

	reader->group = group;
	for (i = 0; i < settings_node_count(setting); i++) {
		const struct settings_node *child =
		    settings_node_child(setting, i);
		const struct settings_key *key = known_key(reader, child);
		const struct settings_node **place;

		if (key == NULL)
			continue;
		place = &given[key - group->keys];
		read_key(reader, key, child, *place);
		if (*place == NULL)
			*place = child;
	}
	reader->group = outer;
}

/*
 * settings_scan leaves no @include in the text; should it ever, libconfig is
 * still not to open anything. Before 1.7 it puts the directory before every
 * path, absolute ones too, and nothing is below /dev/null. From then on it asks
 * a function.
 */
#if LIBCONFIG_VER_MAJOR > 1 || LIBCONFIG_VER_MINOR >= 7
static const char **
include_nothing(struct config_t *config, const char *directory,
    const char *path, const char **error)
{
	(void)config;
	(void)directory;
	(void)path;
	*error = "@include is not allowed";
	return NULL;
}
#endif

static void
forbid_includes(config_t *config)
{
	config_set_include_dir(config, "/dev/null");
#if LIBCONFIG_VER_MAJOR > 1 || LIBCONFIG_VER_MINOR >= 7
	config_set_include_func(config, include_nothing);
#endif
}

static void
syntax_error(const config_t *config, struct diag_sink *sink)
{
	const char *message = config_error_text(config);
	int line = config_error_line(config);

	diag_error(sink,
	    (struct diag_place){ line > 0 ? (unsigned)line : 0, 0 },
	    "write key = value; with text in double quotes, braces closed, and "
	    "no comma after the last one of an array; it may be missing "
	    "further up",
	    "%s", message != NULL ? message : "syntax error");
}

/*
 * What was read before a syntax error is checked all the same. libconfig
 * crashes when it gets no memory.
 */
static void
read_text(struct settings_reader *reader, const struct text *clean)
{
	config_t config;
	bool whole;

	if (!heap_suffices(HEAP_TEXT + HEAP_PER_BYTE * clean->length)) {
		diag_error(reader->sink, DIAG_WHOLE, NULL,
		    "there is no memory to read it");
		return;
	}
	config_init(&config);
	forbid_includes(&config);
	whole = config_read_string(&config, clean->bytes) == CONFIG_TRUE;
	read_group(
	    reader, &settings_key_root, node_of(config_root_setting(&config)));
	if (!whole)
		syntax_error(&config, reader->sink);
	config_destroy(&config);
}

bool
settings_parse(struct settings *settings, const char *bytes, size_t length,
    struct diag_sink *sink)
{
	static char storage[SETTINGS_SCAN_SIZE];
	struct settings_reader reader = { .settings = settings, .sink = sink };
	const unsigned before = sink->errors;
	struct text clean;

	settings_key_defaults(settings);
	if (length > SETTINGS_SCAN_MAX) {
		diag_error(sink, DIAG_WHOLE, "make it smaller",
		    "larger than %d bytes", SETTINGS_SCAN_MAX);
		return false;
	}
	text_init(&clean, storage, sizeof(storage));
	settings_scan((struct text_span){ bytes, length }, &clean, sink);
	read_text(&reader, &clean);
	return sink->errors == before;
}

/* The file that is meant, and whether it may be absent. */
static const char *
choose_path(const char *path, bool *optional)
{
	*optional = false;
	if (path != NULL)
		return path;
	path = getenv(SETTINGS_ENVIRONMENT);
	if (path != NULL && path[0] != '\0')
		return path;
	*optional = true;
	return SETTINGS_PATH;
}

/* Pre: sink->file is the path. */
static bool
load_file(struct settings *settings, bool optional, struct diag_sink *sink)
{
	static char bytes[SETTINGS_SCAN_MAX + 1];
	size_t length;

	settings_key_defaults(settings);
	switch (safefile_read_path(
	    sink->file, geteuid(), bytes, sizeof(bytes), &length, sink)) {
	case SAFEFILE_OK:
		return settings_parse(settings, bytes, length, sink);
	case SAFEFILE_ABSENT:
		if (optional)
			return true;
		diag_error(sink, DIAG_WHOLE,
		    "write it, or leave -c and MTA_STS_CONF out",
		    "there is no such file");
		return false;
	default:
		return false;
	}
}

bool
settings_load(
    struct settings *settings, const char *path, struct diag_sink *sink)
{
	const char *file = sink->file;
	bool optional, loaded;

	sink->file = choose_path(path, &optional);
	loaded = load_file(settings, optional, sink);
	sink->file = file;
	return loaded;
}
