/*
 * A walk through all policies; see walk.h.
 */
#include "walk.h"

#include <stdio.h>
#include <unistd.h>

#include "progress.h"
#include "report.h"

#define ERROR_SIZE (PATH_MAX + DIAG_MESSAGE_SIZE)

/* The first error of a policy. */
struct first_error {
	char storage[ERROR_SIZE];
	struct text text;
};

static void
keep_first(void *context, const struct diag *diag)
{
	struct first_error *error = context;

	if (diag->severity == DIAG_ERROR && error->text.length == 0)
		diag_format(diag, &error->text);
}

/* Whether the policy is broken. */
static bool
walk_one(struct admin *admin, const struct walk *walk, const char *domain)
{
	static struct first_error error;
	static struct policy policy;
	struct walk_policy found = { .domain = domain };
	struct diag_sink sink = {
		.take = keep_first, .context = &error, .file = ""
	};
	enum safefile_result result;

	text_init(&error.text, error.storage, sizeof(error.storage));
	result = store_policy(&admin->store, domain, &policy, &sink);
	if (result == SAFEFILE_ABSENT)
		return false; /* it went meanwhile */
	if (result == SAFEFILE_OK)
		found.policy = &policy;
	else
		found.error = error.storage;
	found.is_alias = store_alias(&admin->store, domain, found.alias_of);
	walk->each(walk->context, &found);
	return found.policy == NULL;
}

static size_t
walk_names(
    struct admin *admin, const struct walk *walk, const struct names *names)
{
	/* Rows on the same terminal are progress enough. */
	const bool shown = isatty(STDOUT_FILENO) != 1;
	struct store_entry entry;
	size_t i, broken = 0;

	if (walk->prepare != NULL)
		walk->prepare(walk->context, names);
	for (i = 0; i < names->count; i++) {
		if (shown)
			progress_show("reading", i, names->count);
		names_get(names, i, &entry);
		if (entry.reachable && walk_one(admin, walk, entry.stem))
			broken++;
	}
	progress_end();
	return broken;
}

enum admin_exit
walk_policies(struct admin *admin, const struct walk *walk)
{
	enum admin_exit result = ADMIN_DONE;
	struct report report;
	struct names names;
	size_t broken;

	report_init(&report, admin);
	if (!names_read(&names, &admin->store, &report.sink)) {
		result = ADMIN_SYSTEM;
	} else {
		broken = walk_names(admin, walk, &names);
		(void)fflush(stdout);
		if (broken > 0)
			result = admin_fail(ADMIN_FINDINGS,
			    "%zu broken polic%s; run: mta-sts check", broken,
			    broken == 1 ? "y" : "ies");
	}
	names_free(&names);
	return result;
}
