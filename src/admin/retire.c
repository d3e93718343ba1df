/*
 * The end of a policy, as RFC 8461 section 8.3 wants it: retire, and remove
 * when nobody can hold an older one any more. history shows what that is
 * reckoned from.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "change.h"
#include "history.h"
#include "human.h"
#include "id.h"
#include "jsonout.h"

#define LINE_SIZE 1024

static struct source source;
static struct policy policy;
static char new_bytes[POLICY_SIZE_MAX + 1];

/* From when on the files and records of a domain may go. */
struct release {
	time_t time;
	char text[32];
	bool known;
};

static bool
find_release(const struct admin *admin, const char *domain, const char *id,
    struct release *release)
{
	struct text text;

	if (!history_expiry(
		admin, domain, id, time(NULL), &release->time, &release->known))
		return false;
	text_init(&text, release->text, sizeof(release->text));
	if (release->time <= time(NULL))
		text_add_string(&text, "now");
	else
		human_add_time(&text, release->time);
	return true;
}

static const char *
why(const struct release *release)
{
	return release->known
		   ? ""
		   : ", for its history is not known in full: where it is "
		     "not, the longest counts that RFC 8461 allows";
}

static void
print_release(const struct admin *admin, const char *domain, const char *id,
    const struct release *release)
{
	char storage[LINE_SIZE];
	struct json_object *row;
	struct text record;

	text_init(&record, storage, sizeof(storage));
	record_add_sts(&record, id);
	if (admin->json) {
		row = json_object_new_object();
		jsonout_set_string(row, "domain", domain);
		jsonout_set_string(row, "id", id);
		jsonout_set_string(row, "txt", storage);
		if (release->time > 0)
			jsonout_set_time(row, "removable", release->time);
		else
			jsonout_set_string(row, "removable", NULL);
		json_object_object_add(row, "history_known",
		    json_object_new_boolean(release->known));
		jsonout_row(row);
	} else if (!admin->quiet) {
		(void)printf("; %s: mode none. Publish this record now; it, "
			     "mta-sts.%s and the policy\n"
			     "; may go from %s%s.\n"
			     "_mta-sts.%s. %lu IN TXT \"%s\"\n",
		    domain, domain, release->text, why(release), domain,
		    (unsigned long)admin->settings.dns.ttl, storage);
	}
}

/* What would be printed if the text were put in place now. */
static enum admin_exit
print_dry(struct admin *admin, const char *domain, struct text_span text,
    const char *id_there)
{
	char id[RECORD_ID_SIZE];
	struct release release;
	enum admin_exit result =
	    change_judge(admin, domain, text, false, &policy, id);

	if (result != ADMIN_DONE)
		return result;
	if (admin->settings.dns.id == SETTINGS_ID_DATE)
		record_id_of_time(time(NULL), id);
	if (!find_release(admin, domain, id_there, &release))
		return ADMIN_SYSTEM;
	print_release(admin, domain, id, &release);
	return ADMIN_DONE;
}

/*
 * An alias gets a file of its own; what it was an alias of stays as it is. id
 * is that of what is served, "" when that has errors.
 */
static enum admin_exit
put_retired(struct admin *admin, const char *domain, const char *id)
{
	const bool readable = id[0] != '\0';
	struct text_span text =
	    change_retired(readable ? &source : NULL, new_bytes);

	if (!readable)
		admin_tell(admin,
		    "%s: its policy has errors and is written anew", domain);
	if (admin->dry_run && admin->json)
		return print_dry(admin, domain, text, id);
	return change_put(admin, domain, text);
}

static enum admin_exit
print_retired(struct admin *admin, const char *domain)
{
	char hash[RECORD_ID_SIZE], id[RECORD_ID_SIZE];
	struct release release;
	enum admin_exit result =
	    change_read(admin, domain, &source, &policy, hash);

	if (result != ADMIN_DONE)
		return result;
	if (!id_of_policy(admin, domain, &policy, id) ||
	    !find_release(admin, domain, hash, &release))
		return ADMIN_SYSTEM;
	print_release(admin, domain, id, &release);
	return ADMIN_DONE;
}

static bool
keep_alias(void *context, const char *alias)
{
	struct text *text = context;

	text_add_string(text, alias);
	return false;
}

/* Its aliases would be retired with it, which nobody has asked for. */
static enum admin_exit
check_aliases(struct admin *admin, const char *domain, const char *verb)
{
	char alias[STORE_STEM_SIZE];
	struct text text;

	text_init(&text, alias, sizeof(alias));
	if (!change_each_alias(admin, domain, keep_alias, &text))
		return ADMIN_SYSTEM;
	if (text.length == 0)
		return ADMIN_DONE;
	return admin_fail(ADMIN_FINDINGS,
	    "%s is the policy of its alias %s, too: %s that first, or give it "
	    "another one with mta-sts alias",
	    domain, alias, verb);
}

static enum admin_exit
retire_domain(struct admin *admin, const char *domain)
{
	char alias[STORE_STEM_SIZE], id[RECORD_ID_SIZE];
	enum change_kind kind = change_look(admin, domain, alias);
	enum admin_exit result;
	bool readable;

	if (kind == CHANGE_ABSENT) {
		admin_tell(admin, "%s: it has no policy", domain);
		return ADMIN_DONE;
	}
	readable = change_peek(admin, domain, &source, &policy, id);
	if (kind == CHANGE_POLICY && readable && policy.mode == POLICY_NONE &&
	    policy.max_age <= CHANGE_RETIRED_MAX_AGE)
		return print_retired(admin, domain);
	result = check_aliases(admin, domain, "retire");
	if (result == ADMIN_DONE)
		result = put_retired(admin, domain, id);
	if (result != ADMIN_DONE || admin->dry_run)
		return result;
	return print_retired(admin, domain);
}

static enum admin_exit
retire_locked(struct admin *admin, const char *domain)
{
	return change_with_lock(admin, domain, retire_domain);
}

enum admin_exit
admin_retire(struct admin *admin)
{
	return jsonout_each_domain(admin, retire_locked);
}

/* Whether senders can hold a policy of the domain that asks for anything. */
static enum admin_exit
check_release(struct admin *admin, const char *domain)
{
	char id[RECORD_ID_SIZE];
	struct release release;
	bool served = change_peek(admin, domain, &source, &policy, id);

	if (!find_release(admin, domain, id, &release))
		return ADMIN_SYSTEM;
	if (release.time <= time(NULL))
		return ADMIN_DONE;
	if (served && policy.mode != POLICY_NONE)
		return admin_fail(ADMIN_FINDINGS,
		    "%s: its policy (mode %s) is still being served: mta-sts "
		    "retire %s; it may go when senders have forgotten it, not "
		    "before %s%s",
		    domain, policy_mode_name(policy.mode), domain, release.text,
		    why(&release));
	return admin_fail(ADMIN_FINDINGS,
	    "%s: senders may hold an older policy until %s%s; it may go from "
	    "then on, or now with --force",
	    domain, release.text, why(&release));
}

static enum admin_exit
remove_domain(struct admin *admin, const char *domain)
{
	char alias[STORE_STEM_SIZE];
	enum admin_exit result = ADMIN_DONE;

	if (change_look(admin, domain, alias) == CHANGE_ABSENT) {
		admin_tell(admin, "%s: it has no policy", domain);
		return ADMIN_DONE;
	}
	if (admin_option(admin, "force") == NULL)
		result = check_release(admin, domain);
	if (result == ADMIN_DONE)
		result = check_aliases(admin, domain, "remove");
	if (result == ADMIN_DONE)
		result = change_remove(admin, domain);
	if (result == ADMIN_DONE)
		admin_tell(admin, "%s: %s; the records may go too", domain,
		    admin->dry_run ? "would be removed" : "removed");
	return result;
}

static enum admin_exit
remove_locked(struct admin *admin, const char *domain)
{
	return change_with_lock(admin, domain, remove_domain);
}

enum admin_exit
admin_remove(struct admin *admin)
{
	enum admin_exit result = admin_open(admin);

	if (result != ADMIN_DONE)
		return result;
	admin->shared = true;
	return admin_each_domain(admin, remove_locked);
}

static const char *
state_of(const struct history_entry *entry)
{
	if (entry->removed)
		return "removed";
	if (entry->unknown)
		return "unknown";
	if (entry->renamed)
		return "renamed";
	return entry->alias[0] != '\0' ? "alias"
				       : policy_mode_name(entry->mode);
}

static bool
is_policy(const struct history_entry *entry)
{
	return entry->id[0] != '\0';
}

static void
print_entry(void *context, const struct history_entry *entry)
{
	char storage[LINE_SIZE];
	struct text line;

	(void)context;
	text_init(&line, storage, sizeof(storage));
	human_add_time(&line, entry->time);
	text_add_string(&line, " ");
	text_add_escaped(&line, entry->domain, strlen(entry->domain));
	text_add_format(&line, " %s", state_of(entry));
	if (entry->alias[0] != '\0') {
		text_add_string(&line, entry->renamed ? " to " : " of ");
		text_add_escaped(&line, entry->alias, strlen(entry->alias));
	}
	if (is_policy(entry)) {
		text_add_format(&line, " max_age %lu id %s",
		    (unsigned long)entry->max_age, entry->id);
	}
	(void)puts(storage);
}

static void
collect_entry(void *context, const struct history_entry *entry)
{
	struct json_object *changes = context;
	struct json_object *row = json_object_new_object();

	jsonout_set_time(row, "time", entry->time);
	jsonout_set_string(
	    row, "change", is_policy(entry) ? "policy" : state_of(entry));
	jsonout_set_string(
	    row, "alias_of", entry->alias[0] != '\0' ? entry->alias : NULL);
	jsonout_set_string(row, "id", is_policy(entry) ? entry->id : NULL);
	jsonout_set_string(row, "mode",
	    is_policy(entry) ? policy_mode_name(entry->mode) : NULL);
	json_object_object_add(row, "max_age",
	    is_policy(entry) ? json_object_new_int64(entry->max_age) : NULL);
	json_object_array_add(changes, row);
}

static enum admin_exit
history_domain(struct admin *admin, const char *domain)
{
	struct json_object *changes, *row;
	bool read;

	if (!admin->json)
		return history_each(admin, domain, print_entry, NULL, NULL)
			   ? ADMIN_DONE
			   : ADMIN_SYSTEM;
	row = json_object_new_object();
	changes = json_object_new_array();
	jsonout_set_string(row, "domain", domain);
	json_object_object_add(row, "changes", changes);
	read = history_each(admin, domain, collect_entry, changes, NULL);
	jsonout_row(row);
	return read ? ADMIN_DONE : ADMIN_SYSTEM;
}

enum admin_exit
admin_history(struct admin *admin)
{
	admin->shared = true;
	return jsonout_each_domain(admin, history_domain);
}
