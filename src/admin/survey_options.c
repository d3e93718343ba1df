/*
 * The options of survey; see survey.h.
 */
#include <string.h>

#include "examine.h"
#include "look.h"
#include "survey.h"

#define JOBS 64

const struct admin_option admin_survey_options[] = {
	{ "postfix-log", "FILE", "the recipients in a log of Postfix" },
	{ "maillog", "FILE",
	    "those in a log of Postfix, Sendmail, Exim or OpenSMTPD" },
	{ "resume", "FILE", "keep all results there, and go on from them" },
	{ "format", "FORM", "table (default), csv, json or summary" },
	{ "json", NULL, "the same as --format json" },
	{ "only", "STATUS", "print these alone; once for each" },
	LOOK_OPTIONS("64"),
	{ NULL, NULL, NULL },
};

static const char *
form_name(size_t form)
{
	static const char *const names[] = {
		[SURVEY_TABLE] = "table",
		[SURVEY_CSV] = "csv",
		[SURVEY_JSON] = "json",
		[SURVEY_SUMMARY] = "summary",
	};

	return form < sizeof(names) / sizeof(names[0]) ? names[form] : NULL;
}

static bool
read_form(const struct admin *admin, enum survey_form *form)
{
	const char *word = admin_option(admin, "format");
	size_t value;

	if (word == NULL)
		word = admin->json ? "json" : "table";
	else if (admin->json)
		return false;
	if (!survey_read(word, form_name, &value))
		return false;
	*form = (enum survey_form)value;
	return true;
}

static bool
read_only(const struct admin *admin, bool only[SURVEY_STATUSES])
{
	const char *word;
	size_t i, status;

	for (i = 0; i < SURVEY_STATUSES; i++)
		only[i] = admin_option(admin, "only") == NULL;
	for (i = 0; (word = admin_option_each(admin, "only", i)) != NULL; i++) {
		if (!survey_read(word, survey_status_name, &status))
			return false;
		only[status] = true;
	}
	return true;
}

/* How often standard input is to be read. */
static size_t
count_inputs(const struct admin *admin)
{
	static const char *const names[] = { "postfix-log", "maillog" };
	size_t count = 0, i, each;
	const char *path;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (each = 0;
		     (path = admin_option_each(admin, names[i], each)) != NULL;
		     each++)
			count += strcmp(path, "-") == 0;
	for (i = 0; i < admin->operand_count; i++)
		count += strcmp(admin->operands[i], "-") == 0;
	return count;
}

enum admin_exit
survey_options(const struct admin *admin, struct survey_options *options,
    struct examine_options *examine)
{
	*examine = (struct examine_options){ .jobs = JOBS };
	*options = (struct survey_options){
		.logs = admin_option(admin, "postfix-log") != NULL ||
			admin_option(admin, "maillog") != NULL,
		.journal = admin_option(admin, "resume"),
	};
	if (!read_form(admin, &options->form))
		return admin_misused(admin,
		    "--format is table, csv, json or summary, and --json does "
		    "not go with it");
	if (!read_only(admin, options->only))
		return admin_misused(admin,
		    "--only is enforce, testing, none, broken, absent, gone or "
		    "unknown");
	if (options->logs && admin->operand_count > 0)
		return admin_misused(
		    admin, "the logs name the domains already");
	if (count_inputs(admin) > 1)
		return admin_misused(
		    admin, "standard input can be read but once");
	return look_options(admin, examine);
}
