/*
 * The table of verbs, from which the help is made and by which the command line
 * is read. What a verb does is in a file of its own.
 */
#include "admin.h"

static const struct admin_option check_options[] = {
	{ "json", NULL, "print the findings as JSON" },
	{ "strict", NULL, "let warnings count as errors do" },
	{ NULL, NULL, NULL },
};
static const struct admin_option list_options[] = {
	{ "mode", "MODE", "those of this mode alone" },
	{ "alias-of", "DOMAIN", "the aliases of this domain alone" },
	{ "broken", NULL, "those with an error alone" },
	{ "json", NULL, "print JSON" },
	{ NULL, NULL, NULL },
};
static const struct admin_option hosts_options[] = {
	{ "format", "FORM",
	    "plain (default), certbot, dehydrated, acme.sh or md" },
	{ "json", NULL, "print JSON" },
	{ NULL, NULL, NULL },
};
static const struct admin_option show_options[] = {
	{ "headers", NULL, "the whole answer, as the responder gives it" },
	{ "json", NULL, "print JSON" },
	{ NULL, NULL, NULL },
};
static const struct admin_option json_options[] = {
	{ "json", NULL, "print JSON" },
	{ NULL, NULL, NULL },
};
static const struct admin_option add_options[] = {
	{ "mode", "MODE", "enforce, testing or none" },
	{ "mx", "PATTERN", "a host, or *.domain; once for each" },
	{ "max-age", "TIME", "30s 15m 12h 7d 4w 1y, or seconds" },
	{ "dry-run", NULL, "print what would be written" },
	{ NULL, NULL, NULL },
};
static const struct admin_option set_options[] = {
	{ "mode", "MODE", "enforce, testing or none" },
	{ "mx", "PATTERN", "replace all mx; once for each new one" },
	{ "add-mx", "PATTERN", "add one, keep the others" },
	{ "remove-mx", "PATTERN", "take one away, keep the others" },
	{ "max-age", "TIME", "30s 15m 12h 7d 4w 1y, or seconds" },
	{ "dry-run", NULL, "print what would be written" },
	{ NULL, NULL, NULL },
};
static const struct admin_option write_options[] = {
	{ "dry-run", NULL, "say what would be done" },
	{ NULL, NULL, NULL },
};
static const struct admin_option import_options[] = {
	{ "domain", "DOMAIN", "whose policy the FILE is" },
	{ "docroots", "PATTERN",
	    "look below document roots: /var/www/*/htdocs, * being the domain; "
	    "with a % that is the domain and * anything: /home/*/web/%" },
	{ "dry-run", NULL, "say what would be done" },
	{ "json", NULL, "print JSON" },
	{ NULL, NULL, NULL },
};
static const struct admin_option retire_options[] = {
	{ "dry-run", NULL, "say what would be done" },
	{ "json", NULL, "print JSON" },
	{ NULL, NULL, NULL },
};
static const struct admin_option remove_options[] = {
	{ "force", NULL, "even though senders may still keep a policy" },
	{ "dry-run", NULL, "say what would be done" },
	{ NULL, NULL, NULL },
};
static const struct admin_option dns_options[] = {
	{ "format", "FORM", "zone (default), nsupdate, json or table" },
	{ "shared", "NAME", "one TXT under NAME, CNAMEs to it" },
	{ "json", NULL, "the same as --format json" },
	{ NULL, NULL, NULL },
};

const struct admin_verb admin_verbs[] = {
	{ "check", "[DOMAIN | FILE | DIRECTORY]...",
	    "tell everything wrong or doubtful", admin_check, check_options, 0,
	    ADMIN_ANY },
	{ "list", "", "list the policies", admin_list, list_options, 0, 0 },
	{ "hosts", "", "list the policy hosts, for certificates", admin_hosts,
	    hosts_options, 0, 0 },
	{ "show", "DOMAIN...", "print a policy as it is served", admin_show,
	    show_options, 1, ADMIN_ANY },
	{ "explain", "DOMAIN...", "say what a sender does with it",
	    admin_explain, json_options, 1, ADMIN_ANY },
	{ "add", "DOMAIN...", "write a new policy", admin_add, add_options, 1,
	    ADMIN_ANY },
	{ "set", "DOMAIN...", "change fields of a policy", admin_set,
	    set_options, 1, ADMIN_ANY },
	{ "alias", "ALIAS TARGET", "give a domain another one's policy",
	    admin_alias, write_options, 2, 2 },
	{ "rename", "OLD NEW", "give a policy to another domain", admin_rename,
	    write_options, 2, 2 },
	{ "import", "[FILE]", "adopt policies that customers publish",
	    admin_import, import_options, 0, 1 },
	{ "retire", "DOMAIN...", "begin to take a policy back", admin_retire,
	    retire_options, 1, ADMIN_ANY },
	{ "remove", "DOMAIN...", "remove a policy that has been retired",
	    admin_remove, remove_options, 1, ADMIN_ANY },
	{ "history", "DOMAIN...", "print what was changed when", admin_history,
	    json_options, 1, ADMIN_ANY },
	{ "dns", "DOMAIN...", "print the DNS records", admin_dns, dns_options,
	    1, ADMIN_ANY },
	{ "id", "DOMAIN...", "print the id of the TXT record", admin_id,
	    json_options, 1, ADMIN_ANY },
	{ "lint-txt", "VALUE...", "say what senders make of TXT records",
	    admin_lint_txt, json_options, 1, ADMIN_ANY },
	{ "report", "FILE...", "sum up what senders report of TLS",
	    admin_report, admin_report_options, 1, ADMIN_ANY },
	{ "verify", "[DOMAIN...]", "look from outside, as a sender does",
	    admin_verify, admin_verify_options, 0, ADMIN_ANY },
	{ "survey", "[DOMAIN...]",
	    "tell who publishes MTA-STS, of many domains", admin_survey,
	    admin_survey_options, 0, ADMIN_ANY },
	{ NULL, NULL, NULL, NULL, NULL, 0, 0 },
};
