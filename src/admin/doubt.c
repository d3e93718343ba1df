/*
 * Doubts about policies; see doubt.h.
 */
#include "doubt.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "human.h"
#include "lines.h"

#define DAY          86400L
#define TESTING_DAYS 30

void
doubt_init(struct doubt *doubt, const struct admin *admin)
{
	*doubt = (struct doubt){ .admin = admin };
}

bool
doubt_end(struct doubt *doubt)
{
	since_free(&doubt->since);
	return !doubt->failed;
}

static bool
file_changed(const struct doubt_subject *subject, time_t *changed)
{
	struct stat status;

	if (subject->store != NULL)
		return store_changed(subject->store, subject->name, changed);
	/* A pipe has been testing nothing. */
	if (stat(subject->name, &status) != 0 || !S_ISREG(status.st_mode))
		return false;
	*changed = status.st_mtime;
	return true;
}

static bool
testing_begun(
    struct doubt *doubt, const struct doubt_subject *subject, time_t *begun)
{
	if (!doubt->asked)
		doubt->failed = !since_read(&doubt->since, doubt->admin);
	doubt->asked = true;
	return (subject->store != NULL &&
		   since_testing(&doubt->since, subject->name, begun)) ||
	       file_changed(subject, begun);
}

static void
doubt_testing(struct doubt *doubt, const struct doubt_subject *subject,
    const struct policy *policy, struct diag_sink *sink)
{
	const time_t now = time(NULL);
	char storage[64];
	struct text date;
	time_t begun;

	if (!policy->valid[POLICY_MODE] || policy->mode != POLICY_TESTING ||
	    !testing_begun(doubt, subject, &begun) ||
	    now - begun <= TESTING_DAYS * DAY)
		return;
	text_init(&date, storage, sizeof(storage));
	human_add_date(&date, begun);
	diag_warning(sink, policy->at[POLICY_MODE],
	    "read the TLS reports, and write enforce once they are clean",
	    "in testing since %s, %lld days: senders still deliver without TLS",
	    storage, (long long)((now - begun) / DAY));
}

/* Whether a field stands below a line. */
static bool
field_follows(const struct source *source, unsigned number)
{
	struct text_span rest = { source->bytes, source->length }, line;
	unsigned at = 0;

	lines_begin(&rest);
	while (lines_next(&rest, &line))
		if (++at > number && text_trim(line).length > 0 &&
		    line.at[0] != '#')
			return true;
	return false;
}

void
doubt_policy(struct doubt *doubt, const struct doubt_subject *subject,
    const struct policy *policy, const struct source *source,
    struct report *report)
{
	struct diag_sink *sink = &report->sink;
	const char *file = sink->file;

	sink->file = source->path;
	doubt_testing(doubt, subject, policy, sink);
	if (policy->at[POLICY_MAX_AGE].line != 0 &&
	    field_follows(source, policy->at[POLICY_MAX_AGE].line))
		diag_warning(sink, policy->at[POLICY_MAX_AGE],
		    "move the line to the end",
		    "max_age is not the last field: a half-written copy of the "
		    "file can pass for a whole one");
	sink->file = file;
}
