/*
 * mta-sts check: everything wrong or doubtful about the settings, the policy
 * directory and the policies. What is wrong with a text, policy says, and with
 * an owner or a mode, safefile: the very code that the responder refuses by.
 * What is doubtful about a policy is in doubt.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "doubt.h"
#include "jsonout.h"
#include "names.h"
#include "progress.h"
#include "report.h"
#include "source.h"

/* One run; admin_each_of hands no context on. */
static struct {
	struct report report;
	struct doubt doubt;
	size_t policies;
	bool opened; /* the store of the settings has been tried */
	bool listed; /* and its names */
	struct names names;
} check;

static struct policy policy;
static struct source source;

/*
 * Opens a policy directory; one that the responder would refuse is still looked
 * into, so that one run tells everything. False when there is nothing to see.
 */
static bool
open_store(
    struct store *store, const struct settings *settings, const char *path)
{
	if (store_open(store, path, settings->owner, settings->unknown_fields,
		&check.report.sink))
		return true;
	store->directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return store->directory >= 0;
}

static bool
open_own_store(struct admin *admin)
{
	if (!check.opened)
		(void)open_store(
		    &admin->store, &admin->settings, admin->settings.policies);
	check.opened = true;
	return admin->store.directory >= 0;
}

static void
parse(const struct doubt_subject *subject, enum policy_unknown unknown)
{
	(void)source_parse(&source, unknown, &policy, &check.report);
	doubt_policy(&check.doubt, subject, &policy, &source, &check.report);
	report_source(&check.report, (struct text_span){ NULL, 0 });
}

/*
 * The policy of a domain or a shared name. With all of a directory the text of
 * an alias is not told again: it is the one of another file there.
 */
static void
check_policy(const struct store *store, const char *stem, bool all)
{
	const struct doubt_subject subject = { store, stem };
	char target[STORE_STEM_SIZE];

	check.policies++;
	switch (source_read(&source, store, stem, &check.report)) {
	case SAFEFILE_OK:
		break;
	case SAFEFILE_ABSENT:
		if (all)
			check.policies--; /* it went meanwhile */
		else
			source_absent(store, stem, &check.report);
		return;
	default:
		return;
	}
	if (all && store_alias(store, stem, target) && target[0] != '\0')
		return;
	parse(&subject, store->unknown);
}

static enum admin_exit
check_domain(struct admin *admin, const char *domain)
{
	if (open_own_store(admin))
		check_policy(&admin->store, domain, false);
	progress_show("checking", check.policies, 0);
	return ADMIN_DONE;
}

static void
check_all(const struct store *store)
{
	struct store_entry entry;
	struct names names;
	size_t i;

	if (names_read(&names, store, &check.report.sink))
		for (i = 0; i < names.count; i++) {
			progress_show("checking", i, names.count);
			names_get(&names, i, &entry);
			store_check_name(store, &entry, &check.report.sink);
			check_policy(store, entry.stem, true);
		}
	names_free(&names);
	progress_end();
}

static enum admin_exit
system_failure(const char *path)
{
	char storage[PATH_MAX];
	struct text text;

	text_init(&text, storage, sizeof(storage));
	text_add_escaped(&text, path, strlen(path));
	return admin_fail(ADMIN_SYSTEM, "%s: %s", storage, strerror(errno));
}

/* safefile walks from the root. */
static bool
make_absolute(const char *path, char absolute[PATH_MAX])
{
	struct text text;

	text_init(&text, absolute, PATH_MAX);
	if (path[0] != '/') {
		if (getcwd(absolute, PATH_MAX) == NULL)
			return false;
		text.length = strlen(absolute);
		text_add_string(&text, "/");
	}
	text_add_string(&text, path);
	errno = ENAMETOOLONG;
	return !text.overflow;
}

static enum admin_exit
check_directory(const struct admin *admin, const char *path)
{
	struct store store = { .directory = -1 };
	char absolute[PATH_MAX];

	if (!make_absolute(path, absolute))
		return system_failure(path);
	if (open_store(&store, &admin->settings, absolute))
		check_all(&store);
	store_close(&store);
	return ADMIN_DONE;
}

/* The whole of a file, whoever owns it; pipes, too. */
static bool
read_file(const char *path)
{
	int file = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC), error;
	ssize_t count = file < 0 ? -1 : 1;

	source.length = 0;
	while (count > 0 && source.length < sizeof(source.bytes)) {
		count = read(file, source.bytes + source.length,
		    sizeof(source.bytes) - source.length);
		if (count > 0)
			source.length += (size_t)count;
	}
	error = errno;
	if (file >= 0)
		(void)close(file);
	errno = error;
	return count >= 0;
}

/* All names of the settings' own directory, listed once for all operands. */
static const struct names *
own_names(const struct store *store)
{
	if (!check.listed)
		(void)names_read(&check.names, store, &check.report.sink);
	check.listed = true;
	return &check.names;
}

/* Finds the entry of that file; the names are sorted without ".txt". */
static bool
find_entry(
    const struct names *names, const char *name, struct store_entry *entry)
{
	const size_t length = strlen(name);
	size_t low = 0, high = names->count;
	char stem[STORE_STEM_SIZE];
	struct text text;

	text_init(&text, stem, sizeof(stem));
	text_add(&text, name, length > 4 ? length - 4 : 0);
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		int order;

		names_get(names, middle, entry);
		order = strcmp(stem, entry->stem);
		if (order == 0)
			return strcmp(name, entry->name) == 0;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/*
 * Whether a path leads to a policy file of the settings' own directory, whose
 * name is then put into the entry.
 */
static bool
is_own(const struct store *store, const char *path, struct store_entry *entry)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	char directory[PATH_MAX];
	struct stat status;

	(void)snprintf(directory, sizeof(directory), "%.*s",
	    slash != NULL ? (int)(slash + 1 - path) : 1,
	    slash != NULL ? path : ".");
	return store->directory >= 0 && stat(directory, &status) == 0 &&
	       status.st_dev == store->device &&
	       status.st_ino == store->inode &&
	       find_entry(own_names(store), name, entry);
}

static enum admin_exit
check_file(struct admin *admin, const char *path)
{
	struct store_entry entry;
	struct text text;
	const struct doubt_subject subject = { NULL, path };

	if (open_own_store(admin) && is_own(&admin->store, path, &entry)) {
		store_check_name(&admin->store, &entry, &check.report.sink);
		check_policy(&admin->store, entry.stem, false);
		return ADMIN_DONE;
	}
	if (!read_file(path))
		return system_failure(path);
	text_init(&text, source.path, sizeof(source.path));
	text_add_string(&text, path);
	check.policies++;
	parse(&subject, admin->settings.unknown_fields);
	return ADMIN_DONE;
}

/* What can be no domain: it has a slash, or ends as a policy file does. */
static bool
is_path(const char *operand)
{
	const size_t length = strlen(operand);

	return strchr(operand, '/') != NULL || strcmp(operand, ".") == 0 ||
	       strcmp(operand, "..") == 0 ||
	       (length > 4 && strcmp(operand + length - 4, ".txt") == 0);
}

static enum admin_exit
check_operand(struct admin *admin, const char *operand)
{
	struct stat status;

	if (!is_path(operand))
		return admin_each_of(admin, operand, check_domain);
	if (stat(operand, &status) != 0)
		return system_failure(operand);
	return S_ISDIR(status.st_mode) ? check_directory(admin, operand)
				       : check_file(admin, operand);
}

static void
print_finding(void *context, const struct diag *diag)
{
	(void)context;
	jsonout_row(jsonout_finding(diag));
}

static void
tell_summary(const struct admin *admin)
{
	const struct diag_sink *sink = &check.report.sink;

	if (!admin->json)
		admin_tell(admin,
		    "%zu polic%s checked: %u error%s, %u warning%s",
		    check.policies, check.policies == 1 ? "y" : "ies",
		    sink->errors, text_plural(sink->errors), sink->warnings,
		    text_plural(sink->warnings));
}

enum admin_exit
admin_check(struct admin *admin)
{
	enum admin_exit result = ADMIN_DONE;
	size_t i;

	report_init(&check.report, admin);
	doubt_init(&check.doubt, admin);
	if (admin->json) {
		report_instead(&check.report, print_finding, NULL);
		jsonout_begin();
	}
	(void)admin_load_settings(admin, &check.report);
	if (admin->operand_count == 0 && open_own_store(admin))
		check_all(&admin->store);
	for (i = 0; i < admin->operand_count; i++)
		result = admin_worse(
		    result, check_operand(admin, admin->operands[i]));
	names_free(&check.names);
	progress_end();
	if (admin->json)
		jsonout_end();
	tell_summary(admin);
	if (!doubt_end(&check.doubt))
		result = ADMIN_SYSTEM;
	return admin_worse(result, (enum admin_exit)report_exit(&check.report,
				       admin_option(admin, "strict") != NULL));
}
