/*
 * dns: the records that go with policies. Each domain has its policy host, the
 * TXT record with the id of its policy, and where its reports go; or, with
 * --shared, one TXT record that many domains have an alias of. What keeps a
 * record from being printed is told on stderr. How records look is for
 * dns_format; nobody here talks to a DNS server.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "dns_format.h"
#include "dns_members.h"
#include "id.h"
#include "record.h"
#include "source.h"

#define STS_LABEL     "_mta-sts."
#define REPORTS_LABEL "_smtp._tls."

/* "v=TLSRPTv1; rua=" and the URIs with commas between them. */
#define TXT_SIZE (64 + SETTINGS_REPORTS_MAX * (SETTINGS_URI_SIZE + 1))

/* This run: admin_each_domain hands on nothing of ours. */
static struct {
	struct dns_printer printer;
	char shared[HOSTNAME_SIZE]; /* where the one TXT record is, or "" */
	struct dns_members members; /* of --shared */
} run;

/* Prints the record at label and domain, or says that it cannot be. */
static enum admin_exit
print_record(const struct admin *admin, const char *label, const char *domain,
    enum dns_type type, const char *value)
{
	char name[HOSTNAME_SIZE];
	struct text text;

	text_init(&text, name, sizeof(name));
	text_add_format(&text, "%s%s", label, domain);
	if (text.overflow)
		return admin_fail(ADMIN_FINDINGS,
		    "%s: no record at %s%s, which is longer than %d octets",
		    domain, label, domain, HOSTNAME_MAX);
	dns_print(&run.printer,
	    &(struct dns_record){ name, type, admin->settings.dns.ttl, value });
	return ADMIN_DONE;
}

/* Whether the host that all others are an alias of is this domain's own. */
static bool
is_own_host(const struct admin *admin, const char *domain)
{
	const char *host = admin->settings.dns.host;
	const size_t label = sizeof(HOSTNAME_POLICY_LABEL) - 1;

	return strncmp(host, HOSTNAME_POLICY_LABEL, label) == 0 &&
	       strcmp(host + label, domain) == 0;
}

static enum admin_exit
print_host(const struct admin *admin, const char *domain)
{
	const struct settings *settings = &admin->settings;
	enum admin_exit result = ADMIN_DONE;
	size_t i;

	if (is_own_host(admin, domain)) {
		admin_tell(admin,
		    "%s: no record at %s: it is dns.host, which has addresses "
		    "of its own",
		    domain, settings->dns.host);
		return ADMIN_DONE;
	}
	if (settings->dns.host[0] != '\0')
		return print_record(admin, HOSTNAME_POLICY_LABEL, domain,
		    DNS_CNAME, settings->dns.host);
	for (i = 0; i < settings->dns.address_count; i++) {
		const char *address = settings->dns.addresses[i];
		bool is_ipv6 = strchr(address, ':') != NULL;

		result = admin_worse(
		    result, print_record(admin, HOSTNAME_POLICY_LABEL, domain,
				is_ipv6 ? DNS_AAAA : DNS_A, address));
	}
	return result;
}

static enum admin_exit
print_sts(const struct admin *admin, const char *domain, const char *id)
{
	char storage[64];
	struct text text;

	text_init(&text, storage, sizeof(storage));
	record_add_sts(&text, id);
	return print_record(admin, STS_LABEL, domain, DNS_TXT, storage);
}

static enum admin_exit
print_reports(const struct admin *admin, const char *domain)
{
	const struct settings *settings = &admin->settings;
	const char *uris[SETTINGS_REPORTS_MAX];
	char storage[TXT_SIZE];
	struct text text;
	size_t i;

	if (settings->dns.report_count == 0)
		return ADMIN_DONE;
	for (i = 0; i < settings->dns.report_count; i++)
		uris[i] = settings->dns.reports[i];
	text_init(&text, storage, sizeof(storage));
	record_add_tlsrpt(&text, uris, settings->dns.report_count);
	return print_record(admin, REPORTS_LABEL, domain, DNS_TXT, storage);
}

/* What is at _mta-sts. id is that of the one record, where there is one. */
static enum admin_exit
print_signal(const struct admin *admin, const char *domain, const char *id)
{
	char target[sizeof(STS_LABEL) + HOSTNAME_SIZE];

	if (run.shared[0] == '\0' || strcmp(domain, run.shared) == 0)
		return print_sts(admin, domain, id);
	(void)snprintf(target, sizeof(target), STS_LABEL "%s", run.shared);
	return print_record(admin, STS_LABEL, domain, DNS_CNAME, target);
}

/* A domain whose policy is broken has no id, and no record at _mta-sts. */
static enum admin_exit
print_domain(const struct admin *admin, const char *domain, const char *id)
{
	enum admin_exit result;

	dns_print_group(&run.printer, domain, id);
	result = print_host(admin, domain);
	if (id[0] != '\0')
		result = admin_worse(result, print_signal(admin, domain, id));
	result = admin_worse(result, print_reports(admin, domain));
	dns_print_group_end(&run.printer);
	return result;
}

static enum safefile_result
read_policy(
    const struct admin *admin, const char *domain, struct policy *policy)
{
	struct report report;

	report_init(&report, admin);
	report_errors_only(&report);
	return source_policy(&admin->store, domain, policy, &report);
}

/* What no domain has is told once. */
static void
tell_unset(const struct admin *admin)
{
	const struct settings *settings = &admin->settings;

	if (settings->dns.host[0] == '\0' && settings->dns.address_count == 0)
		admin_tell(admin,
		    "no records for the policy hosts: the settings name "
		    "neither dns.host nor dns.addresses");
	if (settings->dns.report_count == 0)
		admin_tell(admin,
		    "no records for reports: the settings name no dns.reports");
}

/* What one domain alone lacks. */
static enum admin_exit
tell_missing(enum safefile_result found, const char *domain)
{
	if (found == SAFEFILE_OK)
		return ADMIN_DONE;
	if (found == SAFEFILE_ABSENT)
		return admin_fail(ADMIN_FINDINGS,
		    "%s: no records: there is no policy of that domain",
		    domain);
	return admin_fail(
	    found == SAFEFILE_REFUSED ? ADMIN_FINDINGS : ADMIN_SYSTEM,
	    "%s: no record at " STS_LABEL
	    "%s: its policy is not fit to be served",
	    domain, domain);
}

static enum admin_exit
print_each(struct admin *admin, const char *domain)
{
	static struct policy policy;
	char id[RECORD_ID_SIZE] = "";
	enum safefile_result found = read_policy(admin, domain, &policy);
	enum admin_exit result = tell_missing(found, domain);

	if (found == SAFEFILE_ABSENT)
		return result;
	if (found == SAFEFILE_OK && !id_of_policy(admin, domain, &policy, id))
		return ADMIN_SYSTEM;
	return admin_worse(result, print_domain(admin, domain, id));
}

static enum admin_exit
collect_each(struct admin *admin, const char *domain)
{
	static struct policy policy;
	enum safefile_result found = read_policy(admin, domain, &policy);
	enum admin_exit result = tell_missing(found, domain);

	if (found != SAFEFILE_ABSENT &&
	    !dns_members_add(
		&run.members, domain, found == SAFEFILE_OK ? &policy : NULL))
		return admin_fail(ADMIN_SYSTEM, "%s", strerror(errno));
	return result;
}

/*
 * The id of the one record. A typing mistake in one policy is not to have the
 * senders to all the others fetch again: there is none meanwhile.
 */
static enum admin_exit
find_shared_id(char id[RECORD_ID_SIZE])
{
	const char *broken = dns_members_broken(&run.members);

	id[0] = '\0';
	if (broken != NULL)
		return admin_fail(ADMIN_FINDINGS,
		    "%s: its id is not changed while %s is broken", run.shared,
		    broken);
	dns_members_id(&run.members, id);
	return ADMIN_DONE;
}

/* The record is also the one of that domain's own policy, where it has one. */
static enum admin_exit
tell_target(const struct admin *admin)
{
	static struct policy policy;

	if (read_policy(admin, run.shared, &policy) == SAFEFILE_ABSENT)
		return ADMIN_DONE;
	return admin_fail(ADMIN_FINDINGS,
	    "%s: it has a policy, which its id would not follow; name it among "
	    "the domains",
	    run.shared);
}

/* The one record, and all else of that domain if it is a member itself. */
static enum admin_exit
print_target(const struct admin *admin, const char *id)
{
	enum admin_exit result = ADMIN_DONE;

	if (dns_members_have(&run.members, run.shared))
		return print_domain(admin, run.shared, id);
	if (id[0] != '\0') {
		dns_print_group(&run.printer, run.shared, id);
		result = print_sts(admin, run.shared, id);
		dns_print_group_end(&run.printer);
	}
	return admin_worse(result, tell_target(admin));
}

static enum admin_exit
print_members(const struct admin *admin, const char *id)
{
	enum admin_exit result = ADMIN_DONE;
	size_t i;

	for (i = 0; i < run.members.count; i++) {
		const struct dns_member *member = &run.members.at[i];

		if (strcmp(member->domain, run.shared) != 0)
			result = admin_worse(
			    result, print_domain(admin, member->domain,
					id[0] != '\0' ? id : member->id));
	}
	return result;
}

static enum admin_exit
print_shared(struct admin *admin)
{
	enum admin_exit result = admin_each_domain(admin, collect_each);
	char id[RECORD_ID_SIZE];

	dns_members_sort(&run.members);
	result = admin_worse(result, find_shared_id(id));
	/* Without any domain there is nothing for the record to stand for. */
	if (run.members.count > 0)
		result = admin_worse(result, print_target(admin, id));
	result = admin_worse(result, print_members(admin, id));
	dns_members_free(&run.members);
	return result;
}

/* Reads --format, --json and --shared. */
static enum admin_exit
read_options(const struct admin *admin, enum dns_form *form)
{
	const char *word = admin_option(admin, "format");
	const char *shared = admin_option(admin, "shared");

	*form = admin->json ? DNS_JSON : DNS_ZONE;
	if (word != NULL && !dns_form_parse(word, form))
		return admin_misused(admin,
		    "there is no such format; write zone, nsupdate, json or "
		    "table");
	if (admin->json && *form != DNS_JSON)
		return admin_misused(
		    admin, "--json and --format name two formats");
	if (shared != NULL && !admin_domain(shared, run.shared))
		return ADMIN_FINDINGS;
	return ADMIN_DONE;
}

enum admin_exit
admin_dns(struct admin *admin)
{
	enum dns_form form;
	enum admin_exit result = read_options(admin, &form);

	if (result == ADMIN_DONE)
		result = admin_open(admin);
	if (result != ADMIN_DONE)
		return result;
	tell_unset(admin);
	dns_print_begin(&run.printer, form);
	if (run.shared[0] != '\0')
		result = print_shared(admin);
	else
		result = admin_each_domain(admin, print_each);
	dns_print_end(&run.printer);
	return result;
}
