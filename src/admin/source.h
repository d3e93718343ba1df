/*
 * The policies of a store, read so that findings can show their lines: store's
 * own steps (read, parse, validate), with the text in the report's hands
 * meanwhile.
 */
#ifndef MTASTS_SOURCE_H
#define MTASTS_SOURCE_H

#include "admin.h"
#include "policy.h"
#include "report.h"
#include "store.h"

/* The text of a policy: about 68 kB, a static variable. */
struct source {
	char path[STORE_PATH_SIZE];
	char bytes[POLICY_SIZE_MAX + 1];
	size_t length;
};

/*
 * Reads the text of a domain or a shared name with all of safefile's checks.
 * Findings go to the report.
 */
enum safefile_result source_read(struct source *source,
    const struct store *store, const char *domain, struct report *report);

/*
 * Parses and validates the text; whether it is without error. The report keeps
 * the text, to show lines of it.
 */
bool source_parse(const struct source *source, enum policy_unknown unknown,
    struct policy *policy, struct report *report);

/* Both: store_policy with lines shown. */
enum safefile_result source_policy(const struct store *store,
    const char *domain, struct policy *policy, struct report *report);

/*
 * The same for a verb that needs the policy of a domain that was named: that
 * there is none is an error of the report, too. ADMIN_DONE when it is good.
 */
enum admin_exit source_required(const struct store *store, const char *domain,
    struct policy *policy, struct report *report);

/* The error that a domain has no policy. */
void source_absent(
    const struct store *store, const char *domain, struct report *report);

#endif
