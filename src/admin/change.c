/*
 * What the writing verbs do to the directory; see change.h. The lock, and what
 * the directory has, are in change_state.c.
 */
#include "change.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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
	enum change_kind kind = change_look(admin, domain, alias);

	if (kind != CHANGE_ABSENT && last->renamed)
		return change_is_begun(admin, domain, last->alias);
	switch (kind) {
	case CHANGE_ABSENT:
		return true;
	case CHANGE_ALIAS:
		return alias[0] != '\0' && strcmp(last->alias, alias) == 0;
	default:
		return change_peek(admin, domain, &source, &policy, id) &&
		       strcmp(last->id, id) == 0;
	}
}

static enum admin_exit
note_unknown(struct admin *admin, const char *domain)
{
	struct history_entry entry = entry_of(domain);

	entry.unknown = true;
	return history_add(admin, &entry) ? ADMIN_DONE : ADMIN_SYSTEM;
}

/*
 * Is it the work of somebody else, or of a writer that was killed before it
 * could note it, the history is told so; once, for it is unknown from then on.
 */
static enum admin_exit
note_doubt(struct admin *admin, const char *domain)
{
	struct history_entry last = { .time = 0 };

	if (!history_each(admin, domain, keep_last, &last, NULL))
		return ADMIN_SYSTEM;
	if (last.unknown || is_noted(admin, domain, &last))
		return ADMIN_DONE;
	return note_unknown(admin, domain);
}

/* Before something is replaced. An alias had what its target has. */
static enum admin_exit
note_before(struct admin *admin, const char *domain)
{
	char alias[STORE_STEM_SIZE];
	enum admin_exit result;

	if (change_look(admin, domain, alias) == CHANGE_ABSENT)
		return ADMIN_DONE;
	change_await_second(admin, domain);
	result = note_doubt(admin, domain);
	if (result != ADMIN_DONE || alias[0] == '\0' ||
	    strcmp(alias, domain) == 0)
		return result;
	return note_doubt(admin, alias);
}

/* What was not replaced has no end that was to be told. */
static enum admin_exit
take_back(const struct admin *admin, off_t length)
{
	history_take_back(admin, length);
	return ADMIN_SYSTEM;
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
note_renamed(struct admin *admin, const char *domain, const char *new)
{
	struct history_entry entry = entry_of(domain);
	struct text name;

	entry.renamed = true;
	text_init(&name, entry.alias, sizeof(entry.alias));
	text_add_string(&name, new);
	return note(admin, &entry);
}

static enum admin_exit
note_removed(struct admin *admin, const char *domain)
{
	struct history_entry entry = entry_of(domain);

	entry.removed = true;
	return note(admin, &entry);
}

static enum admin_exit
put(struct admin *admin, const char *domain, struct text_span text,
    enum admin_exit (*note_past)(struct admin *admin, const char *domain))
{
	static struct policy policy;
	struct place place;
	struct diag_sink *sink = place_init(&place, admin, domain);
	char id[RECORD_ID_SIZE];
	enum admin_exit result;
	off_t length;

	result = change_judge(admin, domain, text, false, &policy, id);
	if (result != ADMIN_DONE)
		return result;
	if (admin->dry_run) {
		(void)fwrite(text.at, 1, text.length, stdout);
		return ADMIN_DONE;
	}
	length = history_length(admin);
	result = note_past(admin, domain);
	if (result != ADMIN_DONE)
		return result;
	if (!safewrite_file(admin->store.directory, place.name,
		admin->store.owner, text, sink))
		return take_back(admin, length);
	return note_policy(admin, domain, &policy);
}

enum admin_exit
change_put(struct admin *admin, const char *domain, struct text_span text)
{
	return put(admin, domain, text, note_before);
}

enum admin_exit
change_adopt(struct admin *admin, const char *domain, struct text_span text)
{
	return put(admin, domain, text, note_unknown);
}

static enum admin_exit
put_link(struct admin *admin, const char *alias, const char *target)
{
	struct place place;
	struct diag_sink *sink = place_init(&place, admin, alias);
	const off_t length = history_length(admin);
	char name[STORE_NAME_SIZE];
	enum admin_exit result;

	result = note_before(admin, alias);
	if (result != ADMIN_DONE)
		return result;
	if (!safewrite_link(admin->store.directory, place.name,
		admin->store.owner, store_file_name(target, name), sink))
		return take_back(admin, length);
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
		return note_unknown(admin, domain);
	return note_policy(admin, domain, &policy);
}

enum admin_exit
change_remove(struct admin *admin, const char *domain)
{
	struct place place;
	struct diag_sink *sink = place_init(&place, admin, domain);
	enum admin_exit result;
	struct stat status;
	off_t length;

	if (fstatat(admin->store.directory, place.name, &status,
		AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(status.st_mode))
		return admin_fail(ADMIN_FINDINGS,
		    "%s: a directory, which is not removed", place.path);
	if (admin->dry_run)
		return ADMIN_DONE;
	length = history_length(admin);
	result = note_before(admin, domain);
	if (result != ADMIN_DONE)
		return result;
	if (!safewrite_remove(admin->store.directory, place.name, sink))
		return take_back(admin, length);
	return note_removed(admin, domain);
}

/* Both names are those of one file after this, and the history has both. */
static enum admin_exit
begin_rename(
    struct admin *admin, const char *old, const char *new, const char *alias)
{
	struct place place;
	struct diag_sink *sink = place_init(&place, admin, new);
	const off_t length = history_length(admin);
	char name[STORE_NAME_SIZE];
	enum admin_exit result;

	result = note_before(admin, old);
	if (result != ADMIN_DONE)
		return result;
	if (!safewrite_second_name(admin->store.directory,
		store_file_name(old, name), place.name, sink))
		return take_back(admin, length);
	result = note_copy(admin, new, alias);
	if (result != ADMIN_DONE)
		return result;
	return note_renamed(admin, old, new);
}

/* The old name is gone: maybe by a writer that was killed before it said so. */
static enum admin_exit
note_gone(struct admin *admin, const char *old)
{
	struct history_entry last = { .time = 0 };

	if (!history_each(admin, old, keep_last, &last, NULL))
		return ADMIN_SYSTEM;
	return last.renamed ? note_removed(admin, old) : ADMIN_DONE;
}

enum admin_exit
change_rename(struct admin *admin, const char *old, const char *new,
    struct text_span left)
{
	char alias[STORE_STEM_SIZE];
	enum change_kind kind = change_look(admin, old, alias);
	enum admin_exit result = ADMIN_DONE;

	if (admin->dry_run)
		return ADMIN_DONE;
	if (kind != CHANGE_ABSENT)
		result = begin_rename(admin, old, new, alias);
	if (result == ADMIN_DONE)
		result =
		    move_aliases(admin, old, alias[0] != '\0' ? alias : new);
	if (result != ADMIN_DONE)
		return result;
	if (kind == CHANGE_ABSENT)
		return note_gone(admin, old);
	return left.length > 0 ? change_put(admin, old, left)
			       : change_remove(admin, old);
}
