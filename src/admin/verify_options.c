/*
 * The options of verify; see verify.h.
 */
#include <string.h>

#include "admin.h"
#include "examine.h"
#include "verify.h"

#define TIMEOUT     10 /* seconds */
#define TIMEOUT_MAX 600
#define JOBS        16
#define JOBS_MAX    1024
#define HTTPS_PORT  443
#define SMTP_PORT   25
#define PORT_MAX    65535

const struct admin_option admin_verify_options[] = {
	{ "all", NULL, "every domain that has a policy here" },
	{ "format", "FORM", "human (default), json or prometheus" },
	{ "json", NULL, "the same as --format json" },
	{ "monitor", NULL, "one line and exit status for Nagios, Icinga" },
	{ "strict", NULL, "let warnings count as errors do" },
	{ "no-mx", NULL, "leave the mail hosts out" },
	{ "resolver", "ADDR", "ask this one, ADDR or ADDR@PORT" },
	{ "trust-anchor", "FILE", "a DS or DNSKEY to trust" },
	{ "ca-file", "FILE", "the authorities to trust, as PEM" },
	{ "connect-to", "HOSTS",
	    "A:P:B:P: fetch the policy of A:P from B:P, as curl does" },
	{ "port", "PORT", "of HTTPS, instead of 443" },
	{ "smtp-port", "PORT", "of SMTP, instead of 25" },
	{ "timeout", "TIME", "for each step (10s)" },
	{ "jobs", "N", "domains at the same time (16)" },
	{ NULL, NULL, NULL },
};

static bool
read_number(const struct admin *admin, const char *name, uint64_t most,
    unsigned *number)
{
	const char *value = admin_option(admin, name);
	uint64_t read;

	if (value == NULL)
		return true;
	if (!text_decimal(
		(struct text_span){ value, strlen(value) }, 6, &read) ||
	    read < 1 || read > most)
		return false;
	*number = (unsigned)read;
	return true;
}

static bool
read_timeout(const struct admin *admin, unsigned *timeout)
{
	const char *value = admin_option(admin, "timeout");
	uint64_t seconds;

	if (value == NULL)
		return true;
	if (!text_duration(
		(struct text_span){ value, strlen(value) }, &seconds) ||
	    seconds < 1 || seconds > TIMEOUT_MAX)
		return false;
	*timeout = (unsigned)seconds;
	return true;
}

static bool
read_form(const struct admin *admin, enum verify_form *form)
{
	static const char *const words[] = {
		[VERIFY_HUMAN] = "human",
		[VERIFY_JSON] = "json",
		[VERIFY_PROMETHEUS] = "prometheus",
	};
	const char *word = admin_option(admin, "format");
	const bool monitor = admin_option(admin, "monitor") != NULL;
	size_t i;

	if ((word != NULL) + admin->json + monitor > 1)
		return false;
	*form = admin->json ? VERIFY_JSON
		: monitor   ? VERIFY_MONITOR
			    : VERIFY_HUMAN;
	if (word == NULL)
		return true;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0) {
			*form = (enum verify_form)i;
			return true;
		}
	return false;
}

enum admin_exit
verify_options(const struct admin *admin, struct examine_options *options,
    enum verify_form *form)
{
	const bool all = admin_option(admin, "all") != NULL;

	*options = (struct examine_options){
		.resolver = admin_option(admin, "resolver"),
		.trust_anchor = admin_option(admin, "trust-anchor"),
		.ca_file = admin_option(admin, "ca-file"),
		.connect_to = admin_option(admin, "connect-to"),
		.https_port = HTTPS_PORT,
		.smtp_port = SMTP_PORT,
		.timeout = TIMEOUT,
		.jobs = JOBS,
		.mx = admin_option(admin, "no-mx") == NULL,
		.families = true,
	};
	if (!read_form(admin, form))
		return admin_misused(admin,
		    "--format is human, json or prometheus, and neither --json "
		    "nor --monitor goes with it");
	if (all == (admin->operand_count > 0))
		return admin_misused(admin, "%s",
		    all ? "--all names the domains already"
			: "DOMAIN... or --all is missing");
	if (!read_number(admin, "port", PORT_MAX, &options->https_port) ||
	    !read_number(admin, "smtp-port", PORT_MAX, &options->smtp_port))
		return admin_misused(admin, "a port is 1 to %d", PORT_MAX);
	if (!read_number(admin, "jobs", JOBS_MAX, &options->jobs))
		return admin_misused(admin, "--jobs is 1 to %d", JOBS_MAX);
	if (!read_timeout(admin, &options->timeout))
		return admin_misused(
		    admin, "--timeout is 1s to %ds", TIMEOUT_MAX);
	return ADMIN_DONE;
}
