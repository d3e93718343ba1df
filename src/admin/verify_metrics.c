/*
 * Domains as Prometheus reads them; see verify.h. All lines of a metric stand
 * together in its text format, so each is put together apart.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "verify.h"

enum metric {
	VERDICT,
	FINDINGS,
	FINDING,
	MODE,
	MAX_AGE,
	HOST_EXPIRY,
	MX_EXPIRY,
	FETCH_TIME,
	LOOKED,
	METRICS,
};

static const struct {
	const char *name, *help;
} metrics[METRICS] = {
	[VERDICT] = { "mta_sts_verdict",
	    "0 good, 1 doubtful, 2 broken, 3 no MTA-STS." },
	[FINDINGS] = { "mta_sts_findings", "Findings, by severity." },
	[FINDING] = { "mta_sts_finding",
	    "1 for each finding; mta-sts(1) has the codes." },
	[MODE] = { "mta_sts_policy_mode",
	    "1 for the mode of the policy that is served." },
	[MAX_AGE] = { "mta_sts_policy_max_age_seconds",
	    "How long senders keep the policy." },
	[HOST_EXPIRY] = { "mta_sts_policy_certificate_expiry_seconds",
	    "When the certificate of the policy host runs out, since 1970." },
	[MX_EXPIRY] = { "mta_sts_mx_certificate_expiry_seconds",
	    "When the certificate of the MX host runs out, since 1970." },
	[FETCH_TIME] = { "mta_sts_policy_fetch_seconds",
	    "How long fetching the policy took, at most." },
	[LOOKED] = { "mta_sts_verify_time_seconds",
	    "When the domain was looked at, since 1970." },
};

static struct {
	FILE *file;
	char *text;
	size_t length;
} streams[METRICS];

bool
verify_metrics_begin(void)
{
	size_t i;

	for (i = 0; i < METRICS; i++) {
		streams[i].file =
		    open_memstream(&streams[i].text, &streams[i].length);
		if (streams[i].file == NULL)
			return false;
	}
	return true;
}

/* What becomes the value of a label; in it \ and " are escaped once more. */
static void
add_label(enum metric metric, const char *name, const char *value)
{
	FILE *out = streams[metric].file;
	char escaped[4 * HOSTNAME_SIZE + 1];
	struct text text;
	const char *at;

	text_init(&text, escaped, sizeof(escaped));
	text_add_escaped(&text, value, strlen(value));
	(void)fprintf(out, ",%s=\"", name);
	for (at = escaped; *at != '\0'; at++)
		(void)fprintf(
		    out, "%s%c", *at == '"' || *at == '\\' ? "\\" : "", *at);
	(void)fputc('"', out);
}

static void
begin(enum metric metric, const struct verify_domain *domain)
{
	(void)fprintf(streams[metric].file, "%s{domain=\"%s\"",
	    metrics[metric].name, domain->facts->domain);
}

static void
end(enum metric metric, long long value)
{
	(void)fprintf(streams[metric].file, "} %lld\n", value);
}

/* Whether the same code has come before: one line for each of a domain. */
static bool
is_known(const struct verify_domain *domain, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++)
		if (strcmp(domain->findings[j].code,
			domain->findings[i].code) == 0 &&
		    domain->findings[j].severity ==
			domain->findings[i].severity)
			return true;
	return false;
}

static void
add_findings(const struct verify_domain *domain)
{
	size_t i;

	for (i = 0; i <= JUDGE_NOTE; i++) {
		begin(FINDINGS, domain);
		add_label(FINDINGS, "severity",
		    judge_severity_name((enum judge_severity)i));
		end(FINDINGS, (long long)domain->count[i]);
	}
	for (i = 0; i < domain->finding_count; i++) {
		const struct judge_finding *finding = &domain->findings[i];

		if (is_known(domain, i))
			continue;
		begin(FINDING, domain);
		add_label(FINDING, "code", finding->code);
		add_label(FINDING, "severity",
		    judge_severity_name(finding->severity));
		end(FINDING, 1);
	}
}

/* All fetches from the address of that one: one line, unless told before. */
static void
add_fetches(const struct verify_domain *domain, size_t i)
{
	const struct facts *facts = domain->facts;
	const char *address = facts_fetch(facts, i)->address;
	const struct facts_fetch *fetch;
	unsigned slowest = 0;
	bool answered = false;
	time_t first = 0;
	size_t j;

	for (j = 0; (fetch = facts_fetch(facts, j)) != NULL; j++) {
		if (strcmp(fetch->address, address) != 0)
			continue;
		if (j < i)
			return;
		if (fetch->end == FACTS_FETCH_ANSWER) {
			answered = true;
			if (fetch->milliseconds > slowest)
				slowest = fetch->milliseconds;
		}
		if (fetch->tls.expires != 0 &&
		    (first == 0 || fetch->tls.expires < first))
			first = fetch->tls.expires;
	}
	if (answered) {
		begin(FETCH_TIME, domain);
		add_label(FETCH_TIME, "address", address);
		(void)fprintf(streams[FETCH_TIME].file, "} %u.%03u\n",
		    slowest / 1000, slowest % 1000);
	}
	if (first != 0) {
		begin(HOST_EXPIRY, domain);
		add_label(HOST_EXPIRY, "address", address);
		end(HOST_EXPIRY, (long long)first);
	}
}

/* Two MX records may name the same host. */
static bool
is_first(const struct facts *facts, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++)
		if (strcmp(facts->mx[j].name, facts->mx[i].name) == 0)
			return false;
	return true;
}

static void
add_hosts(const struct verify_domain *domain)
{
	const struct facts *facts = domain->facts;
	size_t i;

	for (i = 0; facts_fetch(facts, i) != NULL; i++)
		add_fetches(domain, i);
	for (i = 0; i < facts->mx_count && i < FACTS_MX_MAX; i++) {
		const struct facts_mx *mx = &facts->mx[i];

		if (mx->tls.expires == 0 || !is_first(facts, i))
			continue;
		begin(MX_EXPIRY, domain);
		add_label(MX_EXPIRY, "mx", mx->name);
		end(MX_EXPIRY, (long long)mx->tls.expires);
	}
}

void
verify_metrics_add(const struct verify_domain *domain)
{
	begin(VERDICT, domain);
	end(VERDICT, (long long)domain->verdict);
	add_findings(domain);
	if (domain->policy != NULL) {
		begin(MODE, domain);
		add_label(MODE, "mode", policy_mode_name(domain->policy->mode));
		end(MODE, 1);
		begin(MAX_AGE, domain);
		end(MAX_AGE, domain->policy->max_age);
	}
	add_hosts(domain);
	begin(LOOKED, domain);
	end(LOOKED, (long long)domain->facts->looked);
}

void
verify_metrics_end(FILE *out)
{
	size_t i;

	for (i = 0; i < METRICS; i++) {
		if (streams[i].file == NULL)
			continue;
		(void)fclose(streams[i].file);
		if (streams[i].length > 0)
			(void)fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n%s",
			    metrics[i].name, metrics[i].help, metrics[i].name,
			    streams[i].text);
		free(streams[i].text);
	}
}
