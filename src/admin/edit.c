/*
 * One field of a policy's source changed, the rest of its bytes kept; see
 * edit.h.
 */
#include "edit.h"

#include <string.h>

#include "lines.h"

/* A line, its end included, and what it is to a policy. */
struct line {
	struct text_span all;
	struct text_span key, value; /* empty for a comment or a blank line */
	struct text_span end;        /* LF, CRLF, CR, or nothing at the last */
};

/* What has to be known of the whole before the first line is written. */
struct survey {
	size_t mx_after;      /* new mx lines go after this line, from 1 */
	struct text_span end; /* as the lines of this file end */
	bool after_mx;        /* that line is an mx */
};

struct pass {
	const struct edit *edit;
	struct text_span source;
	struct survey survey;
	struct text *result;
};

static bool
next_line(struct text_span *rest, struct line *line)
{
	struct text_span text;

	if (!lines_next(rest, &text))
		return false;
	line->all.at = text.at;
	line->all.length = (size_t)(rest->at - text.at);
	line->end.at = text.at + text.length;
	line->end.length = line->all.length - text.length;
	return true;
}

static void
read_field(struct line *line)
{
	static const struct text_span nothing = { "", 0 };
	struct text_span field = { line->all.at,
		line->all.length - line->end.length };
	const char *colon;

	line->key = line->value = nothing;
	if (field.length >= 3 && memcmp(field.at, "\xef\xbb\xbf", 3) == 0) {
		field.at += 3;
		field.length -= 3;
	}
	colon = memchr(field.at, ':', field.length);
	if (colon == NULL || field.at[0] == '#')
		return;
	line->key.at = field.at;
	line->key.length = (size_t)(colon - field.at);
	line->value.at = colon + 1;
	line->value.length = field.length - line->key.length - 1;
	line->value = text_trim(line->value);
}

static bool
next_field(struct text_span *rest, struct line *line)
{
	if (!next_line(rest, line))
		return false;
	read_field(line);
	return true;
}

static bool
is_among(struct text_span value, const char *const *names, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (text_equals_fold(value, names[i]))
			return true;
	return false;
}

static bool
is_kept(const struct edit *edit, struct text_span mx)
{
	if (is_among(mx, edit->added, edit->added_count))
		return true;
	if (edit->mx != NULL)
		return is_among(mx, edit->mx, edit->mx_count);
	return !is_among(mx, edit->removed, edit->removed_count);
}

static bool
has_mx(struct text_span source, const char *name)
{
	struct line line;

	while (next_field(&source, &line))
		if (text_equals(line.key, "mx") &&
		    text_equals_fold(line.value, name))
			return true;
	return false;
}

/* New mx lines go below the last one, else below the mode. */
static struct survey
survey(struct text_span source)
{
	struct survey found = { 0, { "\n", 1 }, false };
	struct line line;
	size_t number = 0;

	while (next_field(&source, &line)) {
		if (number++ == 0 && line.end.length > 0)
			found.end = line.end;
		if (text_equals(line.key, "mx")) {
			found.mx_after = number;
			found.after_mx = true;
		} else if (text_equals(line.key, "mode") && !found.after_mx) {
			found.mx_after = number;
		}
	}
	return found;
}

/* The last line may have no end; what follows it needs one. */
static void
end_line(const struct pass *pass)
{
	const struct text *result = pass->result;
	char last =
	    result->length > 0 ? result->bytes[result->length - 1] : '\n';

	if (last != '\n' && last != '\r')
		text_add(
		    pass->result, pass->survey.end.at, pass->survey.end.length);
}

static void
add_mx(const struct pass *pass, const char *const *names, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct text_span name = { names[i], strlen(names[i]) };

		if (has_mx(pass->source, names[i]) || is_among(name, names, i))
			continue;
		end_line(pass);
		text_add_format(pass->result, "mx: %s", names[i]);
		text_add(
		    pass->result, pass->survey.end.at, pass->survey.end.length);
	}
}

static void
add_value(struct text *result, const struct line *line, const char *value)
{
	const char *after = line->value.at + line->value.length;

	text_add(result, line->all.at, (size_t)(line->value.at - line->all.at));
	text_add_string(result, value);
	text_add(
	    result, after, (size_t)(line->all.at + line->all.length - after));
}

static void
edit_line(const struct pass *pass, const struct line *line)
{
	const struct edit *edit = pass->edit;
	char storage[16];
	struct text number;

	if (edit->mode != NULL && text_equals(line->key, "mode")) {
		add_value(pass->result, line, policy_mode_name(*edit->mode));
	} else if (edit->max_age != NULL && text_equals(line->key, "max_age")) {
		text_init(&number, storage, sizeof(storage));
		text_add_decimal(&number, *edit->max_age);
		add_value(pass->result, line, storage);
	} else if (!text_equals(line->key, "mx") ||
		   is_kept(edit, line->value)) {
		text_add(pass->result, line->all.at, line->all.length);
	}
}

void
edit_apply(
    struct text_span source, const struct edit *edit, struct text *result)
{
	const struct pass pass = { edit, source, survey(source), result };
	struct line line;
	size_t number = 0;

	while (next_field(&source, &line)) {
		edit_line(&pass, &line);
		if (++number != pass.survey.mx_after)
			continue;
		if (edit->mx != NULL)
			add_mx(&pass, edit->mx, edit->mx_count);
		add_mx(&pass, edit->added, edit->added_count);
	}
}

void
edit_compose(enum policy_mode mode, const char *const *mx, size_t mx_count,
    uint32_t max_age, struct text *result)
{
	size_t i;

	text_add_format(
	    result, "version: STSv1\nmode: %s\n", policy_mode_name(mode));
	for (i = 0; i < mx_count; i++)
		text_add_format(result, "mx: %s\n", mx[i]);
	text_add_string(result, "max_age: ");
	text_add_decimal(result, max_age);
	text_add_string(result, "\n");
}
