/*
 * Options to fields; see fields.h.
 */
#include "fields.h"

#include <string.h>

#include "mxpattern.h"

static const struct fields no_fields;

/* option "value": what is wrong; what to write instead */
static enum admin_exit
refuse(const char *option, const char *value, const char *message,
    const char *hint)
{
	char storage[320];
	struct text quoted;

	text_init(&quoted, storage, sizeof(storage));
	text_add_quoted(&quoted, (struct text_span){ value, strlen(value) });
	return admin_fail(
	    ADMIN_USAGE, "--%s %s: %s; %s", option, storage, message, hint);
}

static enum admin_exit
read_mode(const struct admin *admin, struct fields *fields)
{
	const char *value = admin_option(admin, "mode");

	if (value == NULL)
		return ADMIN_DONE;
	if (!policy_mode_parse(
		(struct text_span){ value, strlen(value) }, &fields->mode))
		return refuse("mode", value, "there is no such mode",
		    "write enforce, testing or none");
	fields->edit.mode = &fields->mode;
	return ADMIN_DONE;
}

static enum admin_exit
read_max_age(const struct admin *admin, struct fields *fields)
{
	const char *value = admin_option(admin, "max-age");
	uint64_t seconds;

	if (value == NULL)
		return ADMIN_DONE;
	if (!text_duration(
		(struct text_span){ value, strlen(value) }, &seconds))
		return refuse("max-age", value, "no duration",
		    "write seconds, or such as 12h, 7d, 4w or 1y");
	if (seconds > POLICY_MAX_AGE_MAX)
		return refuse(
		    "max-age", value, "longer than a year", "write at most 1y");
	fields->max_age = (uint32_t)seconds;
	fields->edit.max_age = &fields->max_age;
	return ADMIN_DONE;
}

static enum admin_exit
read_mx(const struct admin *admin, const char *option, const char **names,
    size_t *count)
{
	enum admin_exit result = ADMIN_DONE;
	struct mxpattern_fault fault;
	const char *value;

	for (*count = 0;
	     (value = admin_option_each(admin, option, *count)) != NULL;
	     names[(*count)++] = value) {
		struct text_span span = { value, strlen(value) };

		if (span.length == 0)
			result = refuse(option, value, "it is empty",
			    "name a host that takes the domain's mail");
		else if (!mxpattern_check(span, &fault))
			result =
			    refuse(option, value, fault.message, fault.hint);
	}
	return result;
}

enum admin_exit
fields_read(const struct admin *admin, struct fields *fields)
{
	struct edit *edit = &fields->edit;
	enum admin_exit result;

	*fields = no_fields;
	result = read_mode(admin, fields);
	result = admin_worse(result, read_max_age(admin, fields));
	result = admin_worse(
	    result, read_mx(admin, "mx", fields->mx, &edit->mx_count));
	result = admin_worse(result,
	    read_mx(admin, "add-mx", fields->added, &edit->added_count));
	result = admin_worse(result,
	    read_mx(admin, "remove-mx", fields->removed, &edit->removed_count));
	if (edit->mx_count > 0)
		edit->mx = fields->mx;
	edit->added = fields->added;
	edit->removed = fields->removed;
	fields->any =
	    edit->mode != NULL || edit->max_age != NULL ||
	    edit->mx_count + edit->added_count + edit->removed_count > 0;
	return result;
}
