/*
 * The lock of the policy directory, and what the directory has under a name;
 * see change.h.
 */
#include "change.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "edit.h"
#include "history.h"
#include "report.h"
#include "safewrite.h"

#define LOCK_NAME    ".lock"
#define LOCK_SECONDS 60

static int lock = -1;

static enum admin_exit
lock_failure(const struct admin *admin, const char *what)
{
	return admin_fail(ADMIN_SYSTEM, "%s/" LOCK_NAME ": %s: %s",
	    admin->store.path, what, strerror(errno));
}

/*
 * Root's own lock is given to the owner, who may be the one who writes next;
 * not so what else the owner of the directory may have put in its place.
 */
static bool
give_away(const struct admin *admin, int file)
{
	struct stat status;

	if (fstat(file, &status) != 0)
		return false;
	if (status.st_uid == admin->store.owner || status.st_nlink != 1 ||
	    status.st_size > 0 || !S_ISREG(status.st_mode))
		return true;
	return fchown(file, admin->store.owner, (gid_t)-1) == 0;
}

static int
open_lock(const struct admin *admin)
{
	int file = openat(admin->store.directory, LOCK_NAME,
	    O_RDWR | O_CREAT | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (file < 0 || give_away(admin, file))
		return file;
	(void)close(file);
	return -1;
}

/* Nothing to do: that it was caught ends the waiting. */
static void
give_up(int signal)
{
	(void)signal;
}

static int
wait_for_lock(int file)
{
	const struct sigaction action = { .sa_handler = give_up };
	struct sigaction before;
	int result;

	(void)sigaction(SIGALRM, &action, &before);
	(void)alarm(LOCK_SECONDS);
	result = flock(file, LOCK_EX);
	(void)alarm(0);
	(void)sigaction(SIGALRM, &before, NULL);
	if (result != 0 && errno == EINTR)
		errno = ETIMEDOUT;
	return result;
}

enum admin_exit
change_begin(struct admin *admin)
{
	if (admin->dry_run)
		return ADMIN_DONE;
	lock = open_lock(admin);
	if (lock < 0)
		return lock_failure(admin, "cannot be opened");
	if (wait_for_lock(lock) != 0) {
		(void)lock_failure(admin, "cannot be locked");
		change_end();
		return ADMIN_SYSTEM;
	}
	if (store_is_replaced(&admin->store)) {
		change_end();
		return admin_fail(ADMIN_SYSTEM,
		    "%s has become another directory; try again",
		    admin->store.path);
	}
	if (!history_ready(admin)) {
		change_end();
		return ADMIN_SYSTEM;
	}
	return ADMIN_DONE;
}

void
change_end(void)
{
	if (lock >= 0)
		(void)close(lock);
	lock = -1;
}

enum admin_exit
change_with_lock(struct admin *admin, const char *domain,
    enum admin_exit (*work)(struct admin *admin, const char *domain))
{
	enum admin_exit result = change_begin(admin);

	if (result == ADMIN_DONE)
		result = work(admin, domain);
	change_end();
	return result;
}

static void
ignore(void *context, const struct diag *diag)
{
	(void)context;
	(void)diag;
}

enum change_kind
change_look(
    const struct admin *admin, const char *domain, char alias[STORE_STEM_SIZE])
{
	static struct source source;
	struct report report;

	if (store_alias(&admin->store, domain, alias))
		return CHANGE_ALIAS;
	report_init(&report, admin);
	report_instead(&report, ignore, NULL);
	return source_read(&source, &admin->store, domain, &report) ==
		       SAFEFILE_ABSENT
		   ? CHANGE_ABSENT
		   : CHANGE_POLICY;
}

/* The text and what it means, by store's steps; findings to the report. */
static enum safefile_result
read_policy(const struct admin *admin, const char *domain,
    struct source *source, struct policy *policy, struct report *report)
{
	enum safefile_result result =
	    source_read(source, &admin->store, domain, report);

	if (result == SAFEFILE_OK &&
	    !source_parse(source, admin->store.unknown, policy, report))
		result = SAFEFILE_REFUSED;
	return result;
}

bool
change_peek(const struct admin *admin, const char *domain,
    struct source *source, struct policy *policy, char id[RECORD_ID_SIZE])
{
	struct report report;

	report_init(&report, admin);
	report_instead(&report, ignore, NULL);
	id[0] = '\0';
	if (read_policy(admin, domain, source, policy, &report) != SAFEFILE_OK)
		return false;
	record_id_of_policy(policy, id);
	return true;
}

enum admin_exit
change_read(const struct admin *admin, const char *domain,
    struct source *source, struct policy *policy, char id[RECORD_ID_SIZE])
{
	struct report report;

	if (change_peek(admin, domain, source, policy, id))
		return ADMIN_DONE;
	report_init(&report, admin);
	switch (read_policy(admin, domain, source, policy, &report)) {
	case SAFEFILE_UNAVAILABLE:
		return ADMIN_SYSTEM;
	case SAFEFILE_ABSENT:
		source_absent(&admin->store, domain, &report);
		return ADMIN_FINDINGS;
	default:
		return ADMIN_FINDINGS;
	}
}

/* Passes errors on to the report that is the context. */
static void
show_error(void *context, const struct diag *diag)
{
	struct report *report = context;

	if (diag->severity == DIAG_ERROR)
		report->sink.take(report, diag);
}

enum admin_exit
change_judge(const struct admin *admin, const char *domain,
    struct text_span text, bool aloud, struct policy *policy,
    char id[RECORD_ID_SIZE])
{
	char path[STORE_PATH_SIZE];
	struct diag_sink quiet;
	struct report report;
	struct diag_sink *sink = &report.sink;

	store_path(&admin->store, domain, path);
	report_init(&report, admin);
	report_source(&report, text);
	quiet = (struct diag_sink){ .take = show_error, .context = &report };
	if (!aloud)
		sink = &quiet;
	sink->file = path;
	policy_parse(policy, text.at, text.length, admin->store.unknown, sink);
	policy_validate(policy, sink);
	id[0] = '\0';
	if (sink->errors > 0)
		return ADMIN_FINDINGS;
	record_id_of_policy(policy, id);
	return ADMIN_DONE;
}

bool
change_is_begun(const struct admin *admin, const char *old, const char *new)
{
	char one[STORE_NAME_SIZE], other[STORE_NAME_SIZE];

	return safewrite_is_same(admin->store.directory,
	    store_file_name(old, one), store_file_name(new, other));
}

struct text_span
change_retired(const struct source *source, char bytes[POLICY_SIZE_MAX + 1])
{
	static const enum policy_mode mode = POLICY_NONE;
	static const uint32_t max_age = CHANGE_RETIRED_MAX_AGE;
	static const char *const no_mx[] = { NULL };
	const struct edit edit = {
		.mode = &mode, .max_age = &max_age, .mx = no_mx
	};
	struct text text;

	text_init(&text, bytes, POLICY_SIZE_MAX + 1);
	if (source != NULL)
		edit_apply((struct text_span){ source->bytes, source->length },
		    &edit, &text);
	else
		edit_compose(mode, no_mx, 0, max_age, &text);
	return (struct text_span){ text.bytes, text.length };
}

/* What goes through the directory for the aliases of one name. */
struct search {
	const struct admin *admin;
	const char *domain;
	bool (*each)(void *context, const char *alias);
	void *context;
};

static bool
is_alias_of(void *context, const struct store_entry *entry)
{
	const struct search *search = context;
	char target[STORE_STEM_SIZE];

	/* A link to itself leads nobody else there. */
	if (strcmp(entry->stem, search->domain) == 0 ||
	    !store_alias(&search->admin->store, entry->stem, target) ||
	    strcmp(target, search->domain) != 0)
		return true;
	return search->each(search->context, entry->stem);
}

bool
change_each_alias(const struct admin *admin, const char *domain,
    bool (*each)(void *context, const char *alias), void *context)
{
	struct search search = { admin, domain, each, context };
	struct report report;

	report_init(&report, admin);
	return store_each(&admin->store, is_alias_of, &search, &report.sink);
}

/* When a policy, or a link to it, was last changed. */
struct latest {
	const struct admin *admin;
	time_t now, time;
};

static void
keep_latest(struct latest *latest, const char *domain)
{
	time_t changed;

	if (store_changed(&latest->admin->store, domain, &changed) &&
	    changed > latest->time && changed <= latest->now)
		latest->time = changed;
}

static bool
keep_latest_alias(void *context, const struct store_entry *entry)
{
	struct latest *latest = context;
	char target[STORE_STEM_SIZE];

	if (store_alias(&latest->admin->store, entry->stem, target))
		keep_latest(latest, entry->stem);
	return true;
}

/*
 * All aliases are looked at, and once: of a list of domains each would have the
 * whole directory gone through. Who has waited for the latest needs not wait
 * for it again; only one that somebody else makes meanwhile, between two
 * domains of a list and in the very second, goes unseen.
 */
void
change_await_second(const struct admin *admin, const char *domain)
{
	static bool looked;
	const struct timespec pause = { 0, 20000000 };
	struct latest latest = { admin, time(NULL), -1 };
	struct report report;

	if (admin->settings.dns.id != SETTINGS_ID_DATE)
		return;
	report_init(&report, admin);
	if (!looked)
		(void)store_each(
		    &admin->store, keep_latest_alias, &latest, &report.sink);
	looked = true;
	keep_latest(&latest, domain);
	while (time(NULL) == latest.time)
		(void)nanosleep(&pause, NULL);
}
