/*
 * The verbs that write a policy: add a new one, set fields of one. How it gets
 * to the disk is in change.c, how a text is edited in edit.c.
 */
#include <string.h>
#include <strings.h>

#include "change.h"
#include "describe.h"
#include "edit.h"
#include "fields.h"

/* The texts being put together: one domain at a time. */
static char new_bytes[POLICY_SIZE_MAX + 1];
static struct source old_source;
static struct policy old_policy, new_policy;

/* The fields that the options name, read once for all domains. */
static struct fields fields;

static enum admin_exit
is_there(struct admin *admin, const char *domain, const char *alias,
    const char *new_id)
{
	char old_id[RECORD_ID_SIZE];

	if (change_peek(admin, domain, &old_source, &old_policy, old_id) &&
	    strcmp(old_id, new_id) == 0) {
		admin_tell(admin, "%s: already so", domain);
		return ADMIN_DONE;
	}
	if (alias != NULL)
		return admin_fail(ADMIN_FINDINGS,
		    "%s is an alias of %s already; nothing was changed", domain,
		    alias[0] != '\0' ? alias : "something else");
	return admin_fail(ADMIN_FINDINGS,
	    "%s has another policy already; to change it: mta-sts set %s",
	    domain, domain);
}

static enum admin_exit
add_text(struct admin *admin, const char *domain, struct text_span text)
{
	char alias[STORE_STEM_SIZE], id[RECORD_ID_SIZE];
	enum change_kind kind = change_look(admin, domain, alias);
	enum admin_exit result;

	result = change_judge(admin, domain, text, true, &new_policy, id);
	if (result != ADMIN_DONE)
		return result;
	if (kind != CHANGE_ABSENT)
		return is_there(
		    admin, domain, kind == CHANGE_ALIAS ? alias : NULL, id);
	result = change_put(admin, domain, text);
	if (result == ADMIN_DONE)
		describe_new(admin, domain, &new_policy);
	return result;
}

static enum admin_exit
add_domain(struct admin *admin, const char *domain)
{
	const struct settings *settings = &admin->settings;
	const char *defaults[SETTINGS_MX_MAX];
	const char *const *mx = fields.edit.mx;
	size_t count = fields.edit.mx_count, i;
	enum policy_mode mode = fields.edit.mode != NULL
				    ? *fields.edit.mode
				    : settings->defaults.mode;
	struct text text;

	if (mx == NULL && mode != POLICY_NONE) {
		for (i = 0; i < settings->defaults.mx_count; i++)
			defaults[i] = settings->defaults.mx[i];
		mx = defaults;
		count = settings->defaults.mx_count;
	}
	if (count == 0 && mode != POLICY_NONE)
		return admin_fail(ADMIN_USAGE,
		    "%s: which hosts take its mail? Give --mx for each, or set "
		    "defaults.mx in the settings",
		    domain);
	text_init(&text, new_bytes, sizeof(new_bytes));
	edit_compose(mode, mx, count,
	    fields.edit.max_age != NULL ? *fields.edit.max_age
					: settings->defaults.max_age,
	    &text);
	return add_text(
	    admin, domain, (struct text_span){ text.bytes, text.length });
}

static enum admin_exit
add_locked(struct admin *admin, const char *domain)
{
	return change_with_lock(admin, domain, add_domain);
}

enum admin_exit
admin_add(struct admin *admin)
{
	enum admin_exit result = fields_read(admin, &fields);

	if (result == ADMIN_DONE)
		result = admin_open(admin);
	if (result != ADMIN_DONE)
		return result;
	admin->shared = true;
	return admin_each_domain(admin, add_locked);
}

/* Whether it is one that can be edited; else a message. */
static enum admin_exit
find_policy(struct admin *admin, const char *domain, char id[RECORD_ID_SIZE])
{
	char alias[STORE_STEM_SIZE];
	enum admin_exit result;

	switch (change_look(admin, domain, alias)) {
	case CHANGE_ABSENT:
		return admin_fail(ADMIN_FINDINGS,
		    "%s has no policy; to write one: mta-sts add %s", domain,
		    domain);
	case CHANGE_ALIAS:
		return admin_fail(ADMIN_FINDINGS,
		    "%s is an alias; to change its policy: mta-sts set %s",
		    domain, alias[0] != '\0' ? alias : "(what it links to)");
	default:
		break;
	}
	result = change_read(admin, domain, &old_source, &old_policy, id);
	if (result == ADMIN_FINDINGS)
		(void)admin_fail(result,
		    "%s: mend the file by hand first; nothing was changed",
		    domain);
	return result;
}

static enum admin_exit
set_domain(struct admin *admin, const char *domain)
{
	char old_id[RECORD_ID_SIZE], new_id[RECORD_ID_SIZE];
	enum admin_exit result = find_policy(admin, domain, old_id);
	struct text_span span = { old_source.bytes, old_source.length };
	struct text text;

	if (result != ADMIN_DONE)
		return result;
	text_init(&text, new_bytes, sizeof(new_bytes));
	edit_apply(span, &fields.edit, &text);
	if (text.overflow)
		return admin_fail(ADMIN_FINDINGS,
		    "%s: the policy would be larger than %d bytes", domain,
		    POLICY_SIZE_MAX);
	span = (struct text_span){ text.bytes, text.length };
	result = change_judge(admin, domain, span, true, &new_policy, new_id);
	if (result != ADMIN_DONE)
		return result;
	if (strcmp(old_id, new_id) == 0) {
		admin_tell(admin, "%s: already so", domain);
		return ADMIN_DONE;
	}
	result = change_put(admin, domain, span);
	if (result == ADMIN_DONE)
		describe_change(admin, domain, &old_policy, &new_policy);
	return result;
}

static enum admin_exit
set_locked(struct admin *admin, const char *domain)
{
	return change_with_lock(admin, domain, set_domain);
}

/* One that is both to come and to go. */
static const char *
find_contradiction(const struct edit *edit)
{
	size_t i, j;

	for (i = 0; i < edit->added_count; i++)
		for (j = 0; j < edit->removed_count; j++)
			if (strcasecmp(edit->added[i], edit->removed[j]) == 0)
				return edit->added[i];
	return NULL;
}

enum admin_exit
admin_set(struct admin *admin)
{
	enum admin_exit result = fields_read(admin, &fields);
	const char *contradiction;

	if (result != ADMIN_DONE)
		return result;
	if (!fields.any)
		return admin_misused(admin, "nothing to set");
	if (fields.edit.mx != NULL &&
	    fields.edit.added_count + fields.edit.removed_count > 0)
		return admin_misused(admin,
		    "--mx names all of them; --add-mx and --remove-mx change "
		    "some");
	contradiction = find_contradiction(&fields.edit);
	if (contradiction != NULL)
		return admin_misused(admin,
		    "%s is named by --add-mx and by --remove-mx",
		    contradiction);
	result = admin_open(admin);
	if (result != ADMIN_DONE)
		return result;
	admin->shared = true;
	return admin_each_domain(admin, set_locked);
}
