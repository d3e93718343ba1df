/*
 * All domains in one line for Nagios and Icinga; see verify.h.
 */
#include <string.h>

#include "verify.h"

#define DAY       86400
#define LINE_SIZE 4096
#define WHAT_SIZE 200
#define NAMED_MAX 8 /* domains that are named; a page has no room for more */

/* Exit statuses of plugins. */
enum { OK, WARNING, CRITICAL, UNKNOWN };

static struct {
	size_t domains, errors, warnings, broken, doubtful, named;
	unsigned slowest; /* milliseconds */
	bool has_days;
	long long days; /* until the first certificate runs out */
	struct text line;
	char storage[LINE_SIZE];
} monitor;

void
verify_monitor_begin(void)
{
	text_init(&monitor.line, monitor.storage, sizeof(monitor.storage));
}

/* The first of the worst. */
static const struct judge_finding *
worst(const struct verify_domain *domain)
{
	const struct judge_finding *found = NULL;
	size_t i;

	for (i = 0; i < domain->finding_count; i++)
		if (found == NULL ||
		    domain->findings[i].severity < found->severity)
			found = &domain->findings[i];
	return found;
}

/* What is behind a "|" would be read as numbers. */
static const char *
without_bars(const char *words, char plain[WHAT_SIZE])
{
	size_t i;

	(void)snprintf(plain, WHAT_SIZE, "%.*s", WHAT_SIZE - 1, words);
	for (i = 0; plain[i] != '\0'; i++)
		if (plain[i] == '|')
			plain[i] = '/';
	return plain;
}

static void
print_name(FILE *out, const struct verify_domain *domain)
{
	const struct judge_finding *finding = worst(domain);
	char plain[WHAT_SIZE];

	(void)fprintf(out, "%s: ", domain->facts->domain);
	if (finding != NULL)
		(void)fprintf(out, "%s, %s", finding->code,
		    without_bars(finding->what, plain));
}

void
verify_monitor_words(const char *words)
{
	if (words[0] == '\0' || monitor.named++ >= NAMED_MAX)
		return;
	text_add_format(
	    &monitor.line, "%s%s", monitor.line.length > 0 ? "; " : "", words);
}

static void
keep_slowest(const struct facts_fetch *fetch)
{
	if (fetch->milliseconds > monitor.slowest)
		monitor.slowest = fetch->milliseconds;
}

void
verify_monitor_add(FILE *out, const struct verify_domain *domain)
{
	const time_t expires = verify_expires(domain->facts);
	const long long days =
	    (long long)(expires - domain->facts->looked) / DAY;
	const struct facts_fetch *fetch;
	size_t i;

	monitor.domains++;
	monitor.errors += domain->count[JUDGE_ERROR];
	monitor.warnings += domain->count[JUDGE_WARNING];
	for (i = 0; (fetch = facts_fetch(domain->facts, i)) != NULL; i++)
		keep_slowest(fetch);
	if (expires != 0 && (!monitor.has_days || days < monitor.days)) {
		monitor.days = days;
		monitor.has_days = true;
	}
	/* Whoever watches a domain wants it to have a policy. */
	if (domain->verdict == JUDGE_BROKEN)
		monitor.broken++;
	else if (domain->verdict != JUDGE_GOOD)
		monitor.doubtful++;
	if (domain->verdict != JUDGE_GOOD)
		print_name(out, domain);
}

int
verify_monitor_end(FILE *out)
{
	const int status = monitor.broken > 0     ? CRITICAL
			   : monitor.doubtful > 0 ? WARNING
						  : OK;
	static const char *const words[] = { "OK", "WARNING", "CRITICAL" };

	(void)fprintf(out, "MTA-STS %s - %zu domain%s", words[status],
	    monitor.domains, text_plural(monitor.domains));
	if (status != OK)
		(void)fprintf(out, ", %zu broken, %zu doubtful: %s%s",
		    monitor.broken, monitor.doubtful, monitor.storage,
		    monitor.named > NAMED_MAX ? "; and more" : "");
	(void)fprintf(out,
	    " | domains=%zu;;;0 broken=%zu;;0;0 doubtful=%zu;0;;0 "
	    "errors=%zu;;;0 warnings=%zu;;;0 fetch=%u.%03us;;;0",
	    monitor.domains, monitor.broken, monitor.doubtful, monitor.errors,
	    monitor.warnings, monitor.slowest / 1000, monitor.slowest % 1000);
	if (monitor.has_days)
		(void)fprintf(out, " certificate_days=%lld", monitor.days);
	(void)fputc('\n', out);
	return status;
}

int
verify_monitor_unknown(FILE *out)
{
	(void)fputs("MTA-STS UNKNOWN - see the messages on stderr\n", out);
	return UNKNOWN;
}
