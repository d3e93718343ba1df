/*
 * mta-sts verify: domains as a sender sees them. Gathering the facts is
 * examine's part, what they mean is judge's; here the two are brought together,
 * and what comes out is printed in the order of the operands.
 */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "admin.h"
#include "examine.h"
#include "jsonout.h"
#include "names.h"
#include "order.h"
#include "progress.h"
#include "report.h"
#include "verify.h"

#define DAY          86400
#define READY_AFTER  (30 * DAY) /* as check has it */
#define EXPIRY_SOON  (14 * DAY)
#define FIRST_SIZE   16
#define FINDINGS_MAX 200
#define TXT_SIZE     (2 * (64 + SETTINGS_REPORTS_MAX * SETTINGS_URI_SIZE))
#define STRING_MAX   255 /* octets of one string of a TXT record */

/* One run. */
static struct {
	struct admin *admin;
	struct examine_options options;
	enum verify_form form;
	bool strict, colour;
	char **domains; /* malloc'd, each in known, too */
	void *known;    /* a tree of them */
	size_t count, size, begun, done;
	struct verify_local local;
	struct order order;
	struct judge judge;
	char tlsrpt[TXT_SIZE];
	struct judge_finding findings[FINDINGS_MAX];
	struct verify_domain found;
	enum admin_exit result;
	bool no_memory;
} run;

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* A domain that is named twice is looked at once. */
static enum admin_exit
add_domain(struct admin *admin, const char *domain)
{
	size_t size = run.size > 0 ? 2 * run.size : FIRST_SIZE;
	char **domains, **known, *copy;

	(void)admin;
	if (run.count == run.size) {
		domains = reallocarray(run.domains, size, sizeof(*run.domains));
		if (domains == NULL)
			return admin_fail(ADMIN_SYSTEM, "no memory is left");
		run.domains = domains;
		run.size = size;
	}
	copy = strdup(domain);
	known = copy != NULL ? tsearch(copy, &run.known, compare) : NULL;
	if (known == NULL || *known != copy)
		free(copy);
	if (known == NULL)
		return admin_fail(ADMIN_SYSTEM, "no memory is left");
	if (*known == copy)
		run.domains[run.count++] = copy;
	return ADMIN_DONE;
}

/* --all: those that a request can ask for. */
static enum admin_exit
add_all(struct admin *admin)
{
	enum admin_exit result = ADMIN_DONE;
	struct store_entry entry;
	struct report report;
	struct names names;
	size_t i;

	report_init(&report, admin);
	if (!names_read(&names, &admin->store, &report.sink))
		result = ADMIN_SYSTEM;
	for (i = 0; i < names.count && result == ADMIN_DONE; i++) {
		names_get(&names, i, &entry);
		if (entry.reachable)
			result = add_domain(admin, entry.stem);
	}
	names_free(&names);
	return result;
}

static bool
next(void *context, struct facts *facts)
{
	struct text domain;

	(void)context;
	if (run.begun == run.count || run.no_memory)
		return false;
	facts->number = run.begun;
	text_init(&domain, facts->domain, sizeof(facts->domain));
	text_add_string(&domain, run.domains[run.begun++]);
	if (!verify_local(&run.local, facts))
		run.no_memory = true;
	return true;
}

static void
take(void *context, const struct judge_finding *finding)
{
	struct verify_domain *found = context;

	found->count[finding->severity]++;
	if (found->finding_count < FINDINGS_MAX)
		run.findings[found->finding_count++] = *finding;
}

/* What is printed of the domain, malloc'd; NULL without memory. */
static char *
found_text(void)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	if (out == NULL)
		return NULL;
	if (run.form == VERIFY_MONITOR)
		verify_monitor_add(out, &run.found);
	else if (!run.admin->quiet || run.found.verdict == JUDGE_BROKEN ||
		 run.found.verdict == JUDGE_DOUBTFUL)
		verify_print_people(
		    out, &run.found, run.colour, run.admin->quiet);
	return fclose(out) == 0 ? text : NULL;
}

/* Whatever is printed waits for the domains before it. */
static void
print_found(void)
{
	void *what;

	if (run.form == VERIFY_PROMETHEUS) {
		verify_metrics_add(&run.found);
		return;
	}
	if (run.form == VERIFY_JSON)
		what = verify_json(&run.found);
	else
		what = found_text();
	if (what == NULL ||
	    !order_put(&run.order, run.found.facts->number, what))
		run.no_memory = true;
}

static void
done(void *context, const struct facts *facts)
{
	static struct policy policy;
	bool served;

	(void)context;
	run.found =
	    (struct verify_domain){ .facts = facts, .findings = run.findings };
	run.judge.context = &run.found;
	run.found.verdict = judge_facts(&run.judge, facts, &policy, &served);
	run.found.policy = served ? &policy : NULL;
	if (run.found.verdict == JUDGE_BROKEN ||
	    (run.found.verdict == JUDGE_DOUBTFUL && run.strict))
		run.result = admin_worse(run.result, ADMIN_FINDINGS);
	print_found();
	/* Lines on the same terminal are progress enough. */
	if (isatty(STDOUT_FILENO) != 1)
		progress_show("looking", ++run.done, run.count);
}

static void
print_text(void *text)
{
	(void)fputs(text, stdout);
	(void)fflush(stdout);
	free(text);
}

static void
print_row(void *row)
{
	jsonout_row(row);
}

static void
print_words(void *words)
{
	verify_monitor_words(words);
	free(words);
}

/* The value of a record as a zone file has it, in strings of 255. */
static void
make_tlsrpt(const struct settings *settings)
{
	const char *uris[SETTINGS_REPORTS_MAX];
	char storage[TXT_SIZE];
	struct text value, text;
	size_t i;

	text_init(&text, run.tlsrpt, sizeof(run.tlsrpt));
	if (settings->dns.report_count == 0)
		return;
	for (i = 0; i < settings->dns.report_count; i++)
		uris[i] = settings->dns.reports[i];
	text_init(&value, storage, sizeof(storage));
	record_add_tlsrpt(&value, uris, settings->dns.report_count);
	for (i = 0; i < value.length; i++) {
		if (i > 0 && i % STRING_MAX == 0)
			text_add_string(&text, "\" \"");
		text_add(&text, &value.bytes[i], 1);
	}
}

/* What other machines publish can be looked at without policies of one's own.
 */
static enum admin_exit
open_local(struct admin *admin)
{
	struct report report;

	if (admin_option(admin, "all") != NULL)
		return admin_open(admin);
	report_init(&report, admin);
	if (!admin_load_settings(admin, &report))
		return ADMIN_FINDINGS;
	if (access(admin->settings.policies, F_OK) == 0 &&
	    !store_open(&admin->store, admin->settings.policies,
		admin->settings.owner, admin->settings.unknown_fields,
		&report.sink))
		admin_tell(admin,
		    "nothing is compared with the policies on this machine");
	return ADMIN_DONE;
}

static bool
begin(struct admin *admin)
{
	run.local.admin = admin;
	run.colour = report_wants_colour(STDOUT_FILENO);
	make_tlsrpt(&admin->settings);
	run.judge = (struct judge){ .take = take,
		.ready_after = READY_AFTER,
		.expiry_soon = EXPIRY_SOON,
		.host = admin->settings.dns.host,
		.tlsrpt = run.tlsrpt,
		.ttl = admin->settings.dns.ttl,
		.mx = run.options.mx };
	run.order.print = run.form == VERIFY_JSON      ? print_row
			  : run.form == VERIFY_MONITOR ? print_words
						       : print_text;
	if (run.form == VERIFY_JSON)
		jsonout_begin();
	verify_monitor_begin();
	return run.form != VERIFY_PROMETHEUS || verify_metrics_begin();
}

static void
end(void)
{
	progress_end();
	order_end(&run.order);
	verify_local_end(&run.local);
	if (run.form == VERIFY_JSON)
		jsonout_end();
	if (run.form == VERIFY_PROMETHEUS)
		verify_metrics_end(stdout);
	tdestroy(run.known, free);
	free(run.domains);
}

static enum admin_exit
examine(struct admin *admin)
{
	char why[FACTS_WHY_SIZE] = "";
	struct examine *examine = examine_open(&run.options, why);
	bool good;

	if (examine == NULL)
		return admin_fail(ADMIN_SYSTEM, "%s", why);
	good = begin(admin) && examine_run(examine, next, done, NULL);
	if (!good)
		run.result = admin_fail(ADMIN_SYSTEM, "%s", strerror(errno));
	else if (run.no_memory)
		run.result = admin_fail(ADMIN_SYSTEM, "no memory is left");
	end();
	examine_close(examine);
	return run.result;
}

enum admin_exit
admin_verify(struct admin *admin)
{
	enum admin_exit result, names = ADMIN_DONE;
	bool looked = false;
	size_t count = 0;

	run.admin = admin;
	run.strict = admin_option(admin, "strict") != NULL;
	result = verify_options(admin, &run.options, &run.form);
	if (result == ADMIN_DONE)
		result = open_local(admin);
	if (result == ADMIN_DONE)
		names = admin_option(admin, "all") != NULL
			    ? add_all(admin)
			    : admin_each_domain(admin, add_domain);
	if (result == ADMIN_DONE && names != ADMIN_SYSTEM) {
		count = run.count;
		result = examine(admin);
		looked = true;
	}
	if (looked && count == 0)
		admin_tell(admin, "%s",
		    admin_option(admin, "all") != NULL
			? "no domain has a policy here"
			: "no domain is named");
	if (admin_option(admin, "monitor") == NULL)
		return admin_worse(result, names);
	/* Nagios knows its own statuses alone, and reads stdout. */
	if (!looked || count == 0 || names != ADMIN_DONE ||
	    result == ADMIN_SYSTEM)
		return (enum admin_exit)verify_monitor_unknown(stdout);
	return (enum admin_exit)verify_monitor_end(stdout);
}
