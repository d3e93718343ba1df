/*
 * Made-up settings for test_settings.c, and whether libconfig reads two texts
 * alike.
 */
#ifndef MTASTS_SETTINGS_TREE_H
#define MTASTS_SETTINGS_TREE_H

#include "unit.h"

#include <libconfig.h>

#include "settings_scan.h"
#include "text.h"

/* Whether libconfig reads the two alike, but for the numbers of the names. */
static bool
same_tree(const config_setting_t *raw, const config_setting_t *clean)
{
	const char *name = config_setting_name(raw);
	int type = config_setting_type(raw), i;

	if (type != config_setting_type(clean) ||
	    config_setting_source_line(raw) !=
		config_setting_source_line(clean))
		return false;
	if (name != NULL &&
	    !text_equals(settings_scan_key(config_setting_name(clean)), name))
		return false;
	if (type == CONFIG_TYPE_STRING)
		return strcmp(config_setting_get_string(raw),
			   config_setting_get_string(clean)) == 0;
	if (!config_setting_is_aggregate(raw))
		return config_setting_get_int64(raw) ==
		       config_setting_get_int64(clean);
	if (config_setting_length(raw) != config_setting_length(clean))
		return false;
	for (i = 0; i < config_setting_length(raw); i++)
		if (!same_tree(config_setting_get_elem(raw, (unsigned)i),
			config_setting_get_elem(clean, (unsigned)i)))
			return false;
	return true;
}

/* Whether one got as far as the other; twice the same key is ours to tell. */
static bool
same_reading(const char *bytes, const char *clean_bytes, bool *good)
{
	config_t raw, clean;
	bool clean_good, same;

	config_init(&raw);
	config_init(&clean);
	*good = config_read_string(&raw, bytes) == CONFIG_TRUE;
	clean_good = config_read_string(&clean, clean_bytes) == CONFIG_TRUE;
	if (!*good && strstr(config_error_text(&raw), "duplicate") != NULL)
		same = true;
	else
		same = *good == clean_good &&
		       (*good || config_error_line(&raw) ==
				     config_error_line(&clean)) &&
		       same_tree(config_root_setting(&raw),
			   config_root_setting(&clean));
	config_destroy(&clean);
	config_destroy(&raw);
	return same;
}

/* Whether a line begins as libconfig's scanner wants an @include to. */
static bool
has_include(const char *bytes)
{
	for (; bytes != NULL; bytes = strchr(bytes, '\n')) {
		bytes += strspn(bytes, "\n \t");
		if (strncmp(bytes, "@include", 8) == 0)
			return true;
	}
	return false;
}

static unsigned
random_below(unsigned limit)
{
	static uint32_t number = 2463534242U;

	number ^= number << 13;
	number ^= number >> 17;
	number ^= number << 5;
	return number % limit;
}

/* No string after a comma outside a list: libconfig 1.5 would leak it. */
static void
random_text(struct text *text)
{
	static const char *const parts[] = { "a=1;", "b:2 ", "c-*=\"x\";",
		"d={", "};", "}", "e=(", "e=(\"y\",", ")", "f=[", "]", "1",
		"\"", "\"y\"", "\\", "\\\"", "\\\\\"", "\\n", "\\x41", "#",
		"//", "/*", "*/", "/", "*", "\n", "\n", "\r\n", "\t", " ",
		"true", "trueg=", "-", "+7", "@include \"", "@include", "@",
		"\xc3\xa4", "'" };
	unsigned count = 1 + random_below(24);

	while (count-- > 0)
		text_add_string(text, parts[random_below(UNIT_COUNT(parts))]);
	text_add_string(text, "\n");
}

#endif
