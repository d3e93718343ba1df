/*
 * What the writing verbs do to the directory; see change.h. The lock, and what
 * the directory has, are in change_state.c.
 */
#include "change.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "history.h"
#include "report.h"
#include "safewrite.h"

/* The name of a file, and a report whose findings are about it. */
struct place {
	char name[STORE_NAME_SIZE];
	char path[STORE_PATH_SIZE];
	struct report report;
};

static struct diag_sink *
place_init(struct place *place, const struct admin *admin, const char *domain)
{
	store_file_name(domain, place->name);
	store_path(&admin->store, domain, place->path);
	report_init(&place->report, admin);
	place->report.sink.file = place->path;
	return &place->report.sink;
}

static struct history_entry
entry_of(const char *domain)
{
	struct history_entry entry = { .time = time(NULL) };
	struct text name;

	text_init(&name, entry.domain, sizeof(entry.domain));
	text_add_string(&name, domain);
	return entry;
}

static void
keep_last(void *context, const struct history_entry *entry)
{
	struct history_entry *last = context;

	*last = *entry;
}

/* Whether the history ends with what is there now. */
static bool
is_noted(const struct admin *admin, const char *domain,
    const struct history_entry *last)
{
	static struct source source;
	static struct policy policy;
	char alias[STORE_STEM_SIZE], id[RECORD_ID_SIZE];

	switch (change_look(admin, domain, alias)) {
	case CHANGE_ABSENT:
		return true;
	case CHANGE_ALIAS:
		return alias[0] != '\0' && strcmp(last->alias, alias) == 0;
	default:
		return change_peek(admin, domain, &source, &policy, id) &&
		       strcmp(last->id, id) == 0;
	}
}

enum admin_exit
change_note_unknown(struct admin *admin, const char *domain)
{
	struct history_entry entry = entry_of(domain);

	entry.unknown = true;
	if (admin->dry_run || history_add(admin, &entry))
		return ADMIN_DONE;
	return ADMIN_SYSTEM;
}

/* An id that is made of the time is to change with each change. */
static void
await_next_second(const struct admin *admin, const char *domain)
{
	const struct timespec pause = { 0, 20000000 };
	time_t changed;

	if (admin->settings.dns.id == SETTINGS_ID_DATE &&
	    store_changed(&admin->store, domain, &changed))
		while (time(NULL) == changed)
			(void)nanosleep(&pause, NULL);
}

/*
 * Before something is replaced: was it the work of somebody else, or of a
 * writer that was killed before it could note it, the history is told so.
 */
static enum admin_exit
note_before(struct admin *admin, const char *domain)
{
	struct history_entry last = { .time = 0 };
	char alias[STORE_STEM_SIZE];

	if (change_look(admin, domain, alias) == CHANGE_ABSENT)
		return ADMIN_DONE;
	if (!history_each(admin, domain, keep_last, &last))
		return ADMIN_SYSTEM;
	await_next_second(admin, domain);
	if (is_noted(admin, domain, &last))
		return ADMIN_DONE;
	return change_note_unknown(admin, domain);
}

static enum admin_exit
note(const struct admin *admin, const struct history_entry *entry)
{
	if (history_add(admin, entry))
		return ADMIN_DONE;
	return admin_fail(ADMIN_SYSTEM,
	    "%s: changed, but not noted in the history", entry->domain);
}

static enum admin_exit
note_policy(
    struct admin *admin, const char *domain, const struct policy *policy)
{
	struct history_entry entry = entry_of(domain);

	entry.mode = policy->mode;
	entry.max_age = policy->max_age;
	record_id_of_policy(policy, entry.id);
	return note(admin, &entry);
}

static enum admin_exit
note_alias(struct admin *admin, const char *domain, const char *target)
{
	struct history_entry entry = entry_of(domain);
	struct text name;

	text_init(&name, entry.alias, sizeof(entry.alias));
	text_add_string(&name, target);
	return note(admin, &entry);
}

static enum admin_exit
note_removed(struct admin *admin, const char *domain)
{
	struct history_entry entry = entry_of(domain);

	entry.removed = true;
	return note(admin, &entry);
}

enum admin_exit
change_put(struct admin *admin, const char *domain, struct text_span text)
{
	static struct policy policy;
	struct place place;
	struct diag_sink *sink = place_init(&place, admin, domain);
	char id[RECORD_ID_SIZE];
	enum admin_exit result;

	result = change_judge(admin, domain, text, false, &policy, id);
	if (result != ADMIN_DONE)
		return result;
	if (admin->dry_run) {
		(void)fwrite(text.at, 1, text.length, stdout);
		return ADMIN_DONE;
	}
	result = note_before(admin, domain);
	if (result != ADMIN_DONE)
		return result;
	if (!safewrite_file(admin->store.directory, place.name,
		admin->store.owner, text, sink))
		return ADMIN_SYSTEM;
	return note_policy(admin, domain, &policy);
}

static enum admin_exit
put_link(struct admin *admin, const char *alias, const char *target)
{
	struct place place;
	struct diag_sink *sink = place_init(&place, admin, alias);
	char name[STORE_NAME_SIZE];
	enum admin_exit result;

	result = note_before(admin, alias);
	if (result != ADMIN_DONE)
		return result;
	if (!safewrite_link(admin->store.directory, place.name,
		admin->store.owner, store_file_name(target, name), sink))
		return ADMIN_SYSTEM;
	return note_alias(admin, alias, target);
}

/* The aliases of a name, to be made those of another. */
struct moving {
	struct admin *admin;
	const char *target;
	enum admin_exit result;
	bool any;
};

static bool
move_alias(void *context, const char *alias)
{
	struct moving *moving = context;

	if (strcmp(alias, moving->target) == 0)
		return true;
	moving->any = true;
	moving->result = put_link(moving->admin, alias, moving->target);
	return moving->result == ADMIN_DONE;
}

/* Until none is left: a directory that is changed while it is read may lie. */
static enum admin_exit
move_aliases(struct admin *admin, const char *old, const char *target)
{
	struct moving moving = { admin, target, ADMIN_DONE, false };

	do {
		moving.any = false;
		if (!change_each_alias(admin, old, move_alias, &moving))
			return ADMIN_SYSTEM;
	} while (moving.any && moving.result == ADMIN_DONE);
	return moving.result;
}

enum admin_exit
change_link(struct admin *admin, const char *alias, const char *target)
{
	enum admin_exit result;

	if (admin->dry_run)
		return ADMIN_DONE;
	result = put_link(admin, alias, target);
	if (result != ADMIN_DONE)
		return result;
	return move_aliases(admin, alias, target);
}

/* What has its new name is as much its policy as it was under the old one. */
static enum admin_exit
note_copy(struct admin *admin, const char *domain, const char *alias)
{
	static struct source source;
	static struct policy policy;
	char id[RECORD_ID_SIZE];

	if (alias[0] != '\0')
		return note_alias(admin, domain, alias);
	if (!change_peek(admin, domain, &source, &policy, id))
		return change_note_unknown(admin, domain);
	return note_policy(admin, domain, &policy);
}

enum admin_exit
change_remove(struct admin *admin, const char *domain)
{
	struct place place;
	struct diag_sink *sink = place_init(&place, admin, domain);
	enum admin_exit result;

	if (admin->dry_run)
		return ADMIN_DONE;
	result = note_before(admin, domain);
	if (result != ADMIN_DONE)
		return result;
	if (!safewrite_remove(admin->store.directory, place.name, sink))
		return ADMIN_SYSTEM;
	return note_removed(admin, domain);
}

bool
change_is_begun(const struct admin *admin, const char *old, const char *new)
{
	char one[STORE_NAME_SIZE], other[STORE_NAME_SIZE];

	return safewrite_is_same(admin->store.directory,
	    store_file_name(old, one), store_file_name(new, other));
}

enum admin_exit
change_rename(struct admin *admin, const char *old, const char *new)
{
	struct place place;
	struct diag_sink *sink = place_init(&place, admin, new);
	char alias[STORE_STEM_SIZE], name[STORE_NAME_SIZE];
	enum change_kind kind = change_look(admin, old, alias);
	enum admin_exit result;

	if (admin->dry_run)
		return ADMIN_DONE;
	if (kind != CHANGE_ABSENT) {
		if (!safewrite_second_name(admin->store.directory,
			store_file_name(old, name), place.name, sink))
			return ADMIN_SYSTEM;
		result = note_copy(admin, new, alias);
		if (result != ADMIN_DONE)
			return result;
	}
	result = move_aliases(admin, old, alias[0] != '\0' ? alias : new);
	if (result != ADMIN_DONE || kind == CHANGE_ABSENT)
		return result;
	return change_remove(admin, old);
}
