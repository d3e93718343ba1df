/*
 * mta-sts report: TLS reports read and summed up. Needs neither settings nor
 * policies, and asks nobody anything.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin.h"
#include "progress.h"
#include "report.h"
#include "tlsrpt.h"
#include "tlsrpt_open.h"
#include "tlsrpt_print.h"
#include "tlsrpt_read.h"

const struct admin_option admin_report_options[] = {
	{ "domain", "DOMAIN", "this policy domain alone; once for each" },
	{ "since", "TIME",
	    "reports of 2026-11-22 and later, or of the last 7d" },
	{ "csv", NULL, "print CSV" },
	{ "json", NULL, "print JSON" },
	{ NULL, NULL, NULL },
};

static struct tlsrpt tlsrpt;
static struct report report;
static char domains[ADMIN_GIVEN_MAX][TLSRPT_NAME_SIZE];

/* One text of a file. */
static bool
take(void *context, struct text_span text, const char *domain)
{
	bool more;

	(void)context;
	report_source(&report, text);
	more = tlsrpt_read(&tlsrpt, text, domain, &report.sink);
	report_source(&report, (struct text_span){ NULL, 0 });
	return more;
}

/* A day, or how long ago. */
static bool
read_since(const char *value)
{
	const struct text_span span = { value, strlen(value) };
	uint64_t seconds;

	if (text_duration(span, &seconds)) {
		tlsrpt.since = time(NULL) - (time_t)seconds;
		return true;
	}
	return tlsrpt_time(span, &tlsrpt.since);
}

static enum admin_exit
read_options(const struct admin *admin)
{
	const char *since = admin_option(admin, "since"), *domain;
	size_t i;

	if (since != NULL && !read_since(since))
		return admin_misused(
		    admin, "--since is a day, as 2026-11-22, or a time, as 7d");
	if (admin->json && admin_option(admin, "csv") != NULL)
		return admin_misused(
		    admin, "--json and --csv are one too many");
	for (i = 0; (domain = admin_option_each(admin, "domain", i)) != NULL;
	     i++)
		if (!admin_domain(domain, domains[i]))
			return ADMIN_FINDINGS;
	tlsrpt.domains = domains;
	tlsrpt.domain_count = i;
	return ADMIN_DONE;
}

static enum admin_exit
print(const struct admin *admin)
{
	const struct tlsrpt_row **rows = tlsrpt_rows(&tlsrpt);
	const struct tlsrpt_row *const *all = rows;
	const size_t count = tlsrpt.row_count;
	enum admin_exit result = ADMIN_DONE;

	if (rows == NULL && count > 0)
		return admin_fail(ADMIN_SYSTEM, "no memory is left");
	if (admin->json)
		tlsrpt_print_json(all, count);
	else if (admin_option(admin, "csv") != NULL)
		tlsrpt_print_csv(all, count);
	else
		tlsrpt_print_table(all, count, admin->quiet);
	if (tlsrpt_has_failed(all, count))
		result = ADMIN_FINDINGS;
	free(rows);
	return result;
}

static void
tell_summary(const struct admin *admin, const struct tlsrpt_unpack *unpack)
{
	const size_t counted = tlsrpt.reports - tlsrpt.before;

	admin_tell(admin, "%zu report%s", counted, text_plural(counted));
	if (tlsrpt.duplicates > 0)
		admin_tell(admin, "%zu more came again and count once",
		    tlsrpt.duplicates);
	if (tlsrpt.before > 0)
		admin_tell(
		    admin, "%zu more are older than --since", tlsrpt.before);
	if (unpack->strangers > 0)
		admin_tell(admin, "%zu file%s or mail%s without a report",
		    unpack->strangers, text_plural(unpack->strangers),
		    text_plural(unpack->strangers));
}

enum admin_exit
admin_report(struct admin *admin)
{
	struct tlsrpt_unpack unpack = { .take = take, .sink = &report.sink };
	enum admin_exit result;
	size_t i;

	tlsrpt_init(&tlsrpt);
	report_init(&report, admin);
	result = read_options(admin);
	if (result != ADMIN_DONE)
		return result;
	for (i = 0; i < admin->operand_count && !unpack.stopped; i++) {
		progress_show("reading", i, admin->operand_count);
		result = admin_worse(
		    result, tlsrpt_open(&unpack, admin->operands[i]));
	}
	progress_end();
	if (unpack.stopped)
		result = admin_fail(ADMIN_SYSTEM, "no memory is left");
	if (unpack.no_gmime)
		result = admin_fail(ADMIN_SYSTEM,
		    "mails cannot be read without GMime: install "
		    "libgmime-3.0-0");
	result = admin_worse(result, print(admin));
	tell_summary(admin, &unpack);
	tlsrpt_free(&tlsrpt);
	return admin_worse(
	    result, (enum admin_exit)report_exit(&report, false));
}
