/*
 * Policies and their texts; see source.h.
 */
#include "source.h"

#include <stdio.h>

enum safefile_result
source_read(struct source *source, const struct store *store,
    const char *domain, struct report *report)
{
	store_path(store, domain, source->path);
	source->length = 0;
	return store_source(store, domain, source->bytes, sizeof(source->bytes),
	    &source->length, &report->sink);
}

bool
source_parse(const struct source *source, enum policy_unknown unknown,
    struct policy *policy, struct report *report)
{
	const char *file = report->sink.file;
	const unsigned errors = report->sink.errors;

	report->sink.file = source->path;
	report_source(
	    report, (struct text_span){ source->bytes, source->length });
	policy_parse(
	    policy, source->bytes, source->length, unknown, &report->sink);
	policy_validate(policy, &report->sink);
	report->sink.file = file;
	return report->sink.errors == errors;
}

enum safefile_result
source_policy(const struct store *store, const char *domain,
    struct policy *policy, struct report *report)
{
	static struct source source;
	enum safefile_result result =
	    source_read(&source, store, domain, report);

	if (result == SAFEFILE_OK &&
	    !source_parse(&source, store->unknown, policy, report))
		result = SAFEFILE_REFUSED;
	return result;
}

void
source_absent(
    const struct store *store, const char *domain, struct report *report)
{
	const char *file = report->sink.file;
	char path[STORE_PATH_SIZE], hint[DIAG_HINT_SIZE];

	store_path(store, domain, path);
	(void)snprintf(hint, sizeof(hint), "run: mta-sts add %s", domain);
	report->sink.file = path;
	diag_error(&report->sink, DIAG_WHOLE, hint, "there is no such policy");
	report->sink.file = file;
}

enum admin_exit
source_required(const struct store *store, const char *domain,
    struct policy *policy, struct report *report)
{
	switch (source_policy(store, domain, policy, report)) {
	case SAFEFILE_OK:
		return ADMIN_DONE;
	case SAFEFILE_ABSENT:
		source_absent(store, domain, report);
		return ADMIN_FINDINGS;
	case SAFEFILE_UNAVAILABLE:
		return ADMIN_SYSTEM;
	default:
		return ADMIN_FINDINGS;
	}
}
