/*
 * The options of verify; see verify.h.
 */
#include <string.h>

#include "admin.h"
#include "examine.h"
#include "look.h"
#include "verify.h"

#define JOBS    16
#define FETCHES 3

const struct admin_option admin_verify_options[] = {
	{ "all", NULL, "every domain that has a policy here" },
	{ "format", "FORM", "human (default), json or prometheus" },
	{ "json", NULL, "the same as --format json" },
	{ "monitor", NULL, "one line and exit status for Nagios, Icinga" },
	{ "strict", NULL, "let warnings count as errors do" },
	{ "no-mx", NULL, "leave the mail hosts out" },
	{ "fetches", "N", "how often the policy is fetched (3)" },
	LOOK_OPTIONS("16"),
	{ "smtp-port", "PORT", "of SMTP, instead of 25" },
	{ NULL, NULL, NULL },
};

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
	enum admin_exit result;

	*options = (struct examine_options){
		.jobs = JOBS,
		.mx = admin_option(admin, "no-mx") == NULL,
		.families = true,
		.fetches = FETCHES,
	};
	if (!read_form(admin, form))
		return admin_misused(admin,
		    "--format is human, json or prometheus, and neither --json "
		    "nor --monitor goes with it");
	if (all == (admin->operand_count > 0))
		return admin_misused(admin, "%s",
		    all ? "--all names the domains already"
			: "DOMAIN... or --all is missing");
	if (!look_number(
		admin, "fetches", FACTS_FETCHES_MAX, &options->fetches))
		return admin_misused(
		    admin, "--fetches is 1 to %d", FACTS_FETCHES_MAX);
	result = look_options(admin, options);
	if (result == ADMIN_DONE && !look_number(admin, "smtp-port",
					LOOK_PORT_MAX, &options->smtp_port))
		return admin_misused(admin, "a port is 1 to %d", LOOK_PORT_MAX);
	return result;
}
