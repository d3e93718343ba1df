/*
 * mta-sts list: all policies as a table or as JSON. Two passes, so that the
 * table is aligned and no row has to be kept: the first one finds how wide the
 * names are, without reading a policy.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "admin.h"
#include "human.h"
#include "id.h"
#include "jsonout.h"
#include "walk.h"

#define MODE_WIDTH    7 /* "enforce" */
#define MAX_AGE_WIDTH 7 /* "MAX_AGE" */
#define MX_WIDTH      2 /* "MX"; more than 99 of them stand out */
#define ID_WIDTH      RECORD_ID_MAX

struct list {
	struct admin *admin;
	bool broken; /* --broken */
	bool has_mode;
	enum policy_mode mode;
	const char *alias_of; /* or NULL */
	char alias_domain[HOSTNAME_SIZE];
	int domain_width, alias_width;
	size_t shown;
};

static void
widen(int *width, const char *name)
{
	const int length = (int)strlen(name);

	if (length > *width)
		*width = length;
}

/* The name that a link has is somebody else's word. */
static const char *
escaped(const char *name)
{
	static char storage[4 * STORE_STEM_SIZE];
	struct text text;

	text_init(&text, storage, sizeof(storage));
	text_add_escaped(&text, name, strlen(name));
	return storage;
}

static void
print_header(const struct list *list)
{
	(void)printf("%-*s  %-*s  %*s  %*s  %-*s  %-*s  %s\n",
	    list->domain_width, "DOMAIN", MODE_WIDTH, "MODE", MAX_AGE_WIDTH,
	    "MAX_AGE", MX_WIDTH, "MX", list->alias_width, "ALIAS OF", ID_WIDTH,
	    "ID", "CHANGED");
}

static void
prepare(void *context, const struct names *names)
{
	struct list *list = context;
	char target[STORE_STEM_SIZE];
	struct store_entry entry;
	size_t i;

	widen(&list->domain_width, "DOMAIN");
	widen(&list->alias_width, "ALIAS OF");
	for (i = 0; i < names->count; i++) {
		names_get(names, i, &entry);
		if (!entry.reachable)
			continue;
		widen(&list->domain_width, entry.stem);
		if (store_alias(&list->admin->store, entry.stem, target))
			widen(&list->alias_width, escaped(target));
	}
	if (!list->admin->json && !list->admin->quiet)
		print_header(list);
}

static bool
is_wanted(const struct list *list, const struct walk_policy *found)
{
	if (list->broken && found->policy != NULL)
		return false;
	if (list->has_mode &&
	    (found->policy == NULL || found->policy->mode != list->mode))
		return false;
	return list->alias_of == NULL ||
	       (found->is_alias &&
		   strcmp(found->alias_of, list->alias_of) == 0);
}

static void
print_json(
    const struct list *list, const struct walk_policy *found, const char *id)
{
	struct json_object *row = json_object_new_object();
	time_t changed;

	jsonout_set_string(row, "domain", found->domain);
	(void)json_object_object_add(
	    row, "broken", json_object_new_boolean(found->policy == NULL));
	jsonout_set_policy(row, found->policy);
	jsonout_set_string(
	    row, "alias_of", found->is_alias ? found->alias_of : NULL);
	jsonout_set_string(row, "id", found->policy != NULL ? id : NULL);
	if (store_changed(&list->admin->store, found->domain, &changed))
		jsonout_set_time(row, "changed", changed);
	else
		jsonout_set_string(row, "changed", NULL);
	jsonout_set_string(row, "error", found->error);
	jsonout_row(row);
}

/* A link to what is no policy file has a name that is not worth a column. */
static const char *
alias_name(const struct walk_policy *found)
{
	if (!found->is_alias)
		return "-";
	return found->alias_of[0] != '\0' ? escaped(found->alias_of) : "?";
}

static void
print_row(
    const struct list *list, const struct walk_policy *found, const char *id)
{
	const struct policy *policy = found->policy;
	char storage[96];
	struct text max_age, date;
	time_t changed;

	text_init(&max_age, storage, 32);
	text_init(&date, storage + 32, 64);
	if (store_changed(&list->admin->store, found->domain, &changed))
		human_add_date(&date, changed);
	else
		text_add_string(&date, "-");
	if (policy == NULL) {
		(void)printf("%-*s  %-*s  %*s  %*s  %-*s  %-*s  %s\n",
		    list->domain_width, found->domain, MODE_WIDTH, "broken",
		    MAX_AGE_WIDTH, "-", MX_WIDTH, "-", list->alias_width,
		    alias_name(found), ID_WIDTH, "-", date.bytes);
		return;
	}
	human_add_duration(&max_age, policy->max_age);
	(void)printf("%-*s  %-*s  %*s  %*zu  %-*s  %-*s  %s\n",
	    list->domain_width, found->domain, MODE_WIDTH,
	    policy_mode_name(policy->mode), MAX_AGE_WIDTH, max_age.bytes,
	    MX_WIDTH, policy->mx_count, list->alias_width, alias_name(found),
	    ID_WIDTH, id, date.bytes);
}

static void
list_one(void *context, const struct walk_policy *found)
{
	struct list *list = context;
	char id[RECORD_ID_SIZE] = "-";

	if (!is_wanted(list, found))
		return;
	list->shown++;
	if (found->policy != NULL &&
	    !id_of_policy(list->admin, found->domain, found->policy, id))
		return;
	if (list->admin->json)
		print_json(list, found, id);
	else
		print_row(list, found, id);
}

/* Reads --mode and --alias-of. */
static enum admin_exit
read_filters(struct list *list)
{
	const char *mode = admin_option(list->admin, "mode");
	const char *alias = admin_option(list->admin, "alias-of");

	list->broken = admin_option(list->admin, "broken") != NULL;
	list->has_mode = mode != NULL;
	if (mode != NULL &&
	    !policy_mode_parse(
		(struct text_span){ mode, strlen(mode) }, &list->mode))
		return admin_misused(
		    list->admin, "--mode is enforce, testing or none");
	/* "_hosting" is no domain, and may well have aliases. */
	if (alias != NULL && alias[0] == '_')
		list->alias_of = alias;
	else if (alias != NULL) {
		if (!admin_domain(alias, list->alias_domain))
			return ADMIN_FINDINGS;
		list->alias_of = list->alias_domain;
	}
	return ADMIN_DONE;
}

enum admin_exit
admin_list(struct admin *admin)
{
	struct list list = { .admin = admin };
	const struct walk walk = { prepare, list_one, &list };
	enum admin_exit result = read_filters(&list);

	if (result == ADMIN_DONE)
		result = admin_open(admin);
	if (result != ADMIN_DONE)
		return result;
	if (admin->json)
		jsonout_begin();
	result = walk_policies(admin, &walk);
	if (admin->json)
		jsonout_end();
	else if (list.shown == 0 && result != ADMIN_SYSTEM)
		admin_tell(
		    admin, "no such policies in %s", admin->settings.policies);
	return result;
}
