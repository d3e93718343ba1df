/*
 * A change of a policy's text. The input has a line for each change ("mode
 * none", "max_age 5", "=" or "+" or "-" and an mx: all mx, one added, one
 * removed), an empty line, and the text.
 */
#include "fuzz.h"

#include <inttypes.h>

#include "edit.h"
#include "mxpattern.h"

#define NAMES_MAX 16

static enum policy_mode mode;
static uint32_t max_age;
static struct names {
	const char *at[NAMES_MAX];
	size_t count;
} all, added, removed;

static bool
has(const struct names *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->count; i++)
		if (strcasecmp(names->at[i], name) == 0)
			return true;
	return false;
}

/* What edit.h has as its callers' part: mx patterns. */
static void
read_change(const char *line, struct edit *edit)
{
	struct names *names = line[0] == '='   ? &all
			      : line[0] == '+' ? &added
			      : line[0] == '-' ? &removed
					       : NULL;
	struct text_span name = { line + 1, strlen(line) - !!*line };
	struct mxpattern_fault fault;

	if (names != NULL && names->count < NAMES_MAX && name.length > 0 &&
	    mxpattern_check(name, &fault))
		names->at[names->count++] = line + 1;
	else if (strncmp(line, "mode ", 5) == 0 &&
		 policy_mode_parse(
		     (struct text_span){ line + 5, strlen(line + 5) }, &mode))
		edit->mode = &mode;
	else if (sscanf(line, "max_age %7" SCNu32, &max_age) == 1)
		edit->max_age = &max_age;
}

/* Whether the new policy has what the old one had, but for the change. */
static bool
is_wanted(const struct policy *old, const struct policy *new,
    const struct edit *edit, const char *name)
{
	size_t i;
	bool was = false, is = false;

	for (i = 0; i < old->mx_count; i++)
		was |= strcasecmp(policy_mx_name(old, i), name) == 0;
	for (i = 0; i < new->mx_count; i++)
		is |= strcasecmp(policy_mx_name(new, i), name) == 0;
	return is ==
	       (has(&added, name) ||
		   (edit->mx ? has(&all, name) : was && !has(&removed, name)));
}

static void
check_policies(
    const struct policy *old, const struct policy *new, const struct edit *edit)
{
	const struct names *const lists[] = { &all, &added, &removed };
	size_t i, j;

	FUZZ_EXPECT(new->mode == (edit->mode ? mode : old->mode));
	FUZZ_EXPECT(new->max_age == (edit->max_age ? max_age : old->max_age));
	FUZZ_EXPECT(strcmp(new->extensions.bytes, old->extensions.bytes) == 0);
	for (i = 0; i < old->mx_count; i++)
		FUZZ_EXPECT(is_wanted(old, new, edit, policy_mx_name(old, i)));
	for (i = 0; i < new->mx_count; i++)
		FUZZ_EXPECT(is_wanted(old, new, edit, policy_mx_name(new, i)));
	for (j = 0; j < 3; j++)
		for (i = 0; i < lists[j]->count; i++)
			FUZZ_EXPECT(is_wanted(old, new, edit, lists[j]->at[i]));
}

/* Appends the lines that the change leaves alone; blank lines do not count. */
static void
add_others(struct text_span source, const struct edit *edit, struct text *out)
{
	const bool mx =
	    edit->mx || edit->added_count > 0 || edit->removed_count > 0;
	char *copy = strndup(source.at, source.length), *rest = copy, *line;

	if (strncmp(rest, "\xef\xbb\xbf", 3) == 0)
		rest += 3;
	while ((line = strsep(&rest, "\r\n")) != NULL)
		if (line[0] != '\0' && !(mx && strncmp(line, "mx:", 3) == 0) &&
		    !(edit->mode && strncmp(line, "mode:", 5) == 0) &&
		    !(edit->max_age && strncmp(line, "max_age:", 8) == 0))
			text_add_format(out, "%s\n", line);
	free(copy);
}

static void
check(struct text_span source, const struct edit *edit)
{
	static struct policy old, new;
	static char storage[4][POLICY_SIZE_MAX + 1];
	struct text out[4];
	struct text_span result;
	size_t i;

	if (source.length > POLICY_SIZE_MAX / 2 ||
	    !fuzz_accepts(&old, source, POLICY_UNKNOWN_PASS))
		return;
	for (i = 0; i < 4; i++)
		text_init(&out[i], storage[i], sizeof(storage[i]));
	edit_apply(source, edit, &out[0]);
	result = (struct text_span){ out[0].bytes, out[0].length };
	edit_apply(result, edit, &out[1]);
	FUZZ_EXPECT(!out[0].overflow);
	FUZZ_EXPECT(strcmp(out[0].bytes, out[1].bytes) == 0);
	add_others(source, edit, &out[2]);
	add_others(result, edit, &out[3]);
	FUZZ_EXPECT(strcmp(out[2].bytes, out[3].bytes) == 0);
	/* The one thing that may be wrong with it now. */
	i = fuzz_accepts(&new, result, POLICY_UNKNOWN_PASS);
	FUZZ_EXPECT(i || (new.mode != POLICY_NONE &&new.mx_count == 0));
	check_policies(&old, &new, edit);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct edit edit = { .mode = NULL };
	char *text = strndup((const char *)data, size), *rest = text, *line;
	struct text_span source;

	all.count = added.count = removed.count = 0;
	while ((line = strsep(&rest, "\n")) != NULL && line[0] != '\0')
		read_change(line, &edit);
	if (rest != NULL) {
		edit.mx = all.count > 0 ? all.at : NULL;
		edit.mx_count = all.count;
		edit.added = added.at;
		edit.added_count = added.count;
		edit.removed = removed.at;
		edit.removed_count = removed.count;
		source = (struct text_span){ rest, strlen(rest) };
		check(source, &edit);
	}
	free(text);
	return 0;
}
