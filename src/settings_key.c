/*
 * The keys of the settings, and what each may be; see settings_key.h.
 */
#include "settings_key.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <string.h>

#include "mxpattern.h"
#include "reporturi.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define UID_DIGITS 10
#define TTL_MAX    604800

void
settings_key_defaults(struct settings *settings)
{
	static const struct settings defaults = {
		.policies = SETTINGS_POLICIES,
		.owner = 0,
		.state = SETTINGS_STATE,
		.unknown_fields = POLICY_UNKNOWN_REFUSE,
		.sandbox = true,
		.log = { LOG_TO_SYSLOG, LOG_INFORMATION },
		.defaults = { .mode = POLICY_TESTING, .max_age = 604800 },
		.dns = { .ttl = 3600, .id = SETTINGS_ID_HASH },
	};

	*settings = defaults;
}

static bool
check_mx(struct settings_reader *reader, const struct settings_node *item)
{
	struct mxpattern_fault fault = { "it is empty", reader->key->hint, 0 };
	struct text_span pattern = settings_value_span(item);

	if (pattern.length == 0 || !mxpattern_check(pattern, &fault)) {
		settings_value_error(reader, item, fault.message, fault.hint);
		return false;
	}
	if (mxpattern_is_wide(pattern))
		diag_warning(reader->sink, settings_value_place(item),
		    "write the full host name of the MX",
		    "an mx below the root itself is hardly ever meant");
	return true;
}

static bool
check_report(struct settings_reader *reader, const struct settings_node *item)
{
	struct text_span uri = settings_value_span(item);
	struct reporturi_fault fault;

	if (!reporturi_check(uri.at, &fault))
		settings_value_error(reader, item, fault.message, fault.hint);
	else if (uri.length >= SETTINGS_URI_SIZE)
		settings_value_error(
		    reader, item, "longer than 255 octets", "shorten it");
	else
		return true;
	return false;
}

static bool
check_address(struct settings_reader *reader, const struct settings_node *item)
{
	const char *address = settings_value_span(item).at;
	struct in6_addr binary;

	if (inet_pton(AF_INET, address, &binary) == 1 ||
	    inet_pton(AF_INET6, address, &binary) == 1)
		return true;
	settings_value_error(reader, item, "no IP address", reader->key->hint);
	return false;
}

static const char *
path_fault(struct text_span path)
{
	size_t i;

	if (path.length == 0 || path.at[0] != '/')
		return "no absolute path";
	if (path.length >= PATH_MAX)
		return "longer than a path can be";
	for (i = 0; i < path.length; i++)
		if (text_is_control(path.at[i]))
			return "a control character in a path";
	return NULL;
}

static void
read_path(struct settings_reader *reader, const struct settings_node *setting,
    char path[PATH_MAX])
{
	const char *fault;

	if (!settings_value_is_text(reader, setting))
		return;
	fault = path_fault(settings_value_span(setting));
	if (fault != NULL)
		settings_value_error(reader, setting, fault, reader->key->hint);
	else
		settings_value_keep(
		    path, PATH_MAX, settings_value_span(setting), false);
}

static void
read_policies(
    struct settings_reader *reader, const struct settings_node *setting)
{
	read_path(reader, setting, reader->settings->policies);
}

static void
read_state(struct settings_reader *reader, const struct settings_node *setting)
{
	read_path(reader, setting, reader->settings->state);
}

/* A number first: it needs no look-up, and no user is called that. */
static bool
find_user(struct text_span name, uid_t *owner)
{
	const struct passwd *user;
	uint64_t number;

	if (text_decimal(name, UID_DIGITS, &number)) {
		*owner = (uid_t)number;
		/* The highest one is (uid_t)-1, which means nobody at all. */
		return number < UINT32_MAX;
	}
	user = getpwnam(name.at);
	if (user != NULL)
		*owner = user->pw_uid;
	return user != NULL;
}

static void
read_owner(struct settings_reader *reader, const struct settings_node *setting)
{
	uid_t owner;

	if (!settings_value_is_text(reader, setting))
		return;
	if (find_user(settings_value_span(setting), &owner))
		reader->settings->owner = owner;
	else
		settings_value_error(reader, setting, "there is no such user",
		    reader->key->hint);
}

static void
read_unknown_fields(
    struct settings_reader *reader, const struct settings_node *setting)
{
	static const char *const words[] = {
		[POLICY_UNKNOWN_REFUSE] = "refuse",
		[POLICY_UNKNOWN_PASS] = "pass",
	};
	enum policy_unknown *unknown = &reader->settings->unknown_fields;

	*unknown =
	    settings_value_word(reader, setting, words, COUNT(words), *unknown);
}

static void
read_sandbox(
    struct settings_reader *reader, const struct settings_node *setting)
{
	if (settings_value_has_type(
		reader, setting, SETTINGS_TRUTH, "true or false"))
		reader->settings->sandbox = settings_node_truth(setting);
}

static void
read_to(struct settings_reader *reader, const struct settings_node *setting)
{
	static const char *const words[] = {
		[LOG_TO_SYSLOG] = "syslog",
		[LOG_TO_STDERR] = "stderr",
	};
	enum log_target *to = &reader->settings->log.to;

	*to = settings_value_word(reader, setting, words, COUNT(words), *to);
}

static void
read_level(struct settings_reader *reader, const struct settings_node *setting)
{
	static const char *const words[] = {
		[LOG_ERRORS] = "error",
		[LOG_WARNINGS] = "warning",
		[LOG_INFORMATION] = "info",
		[LOG_DEBUGGING] = "debug",
	};
	enum log_level *level = &reader->settings->log.level;

	*level =
	    settings_value_word(reader, setting, words, COUNT(words), *level);
}

static void
read_mode(struct settings_reader *reader, const struct settings_node *setting)
{
	if (settings_value_is_text(reader, setting) &&
	    !policy_mode_parse(
		settings_value_span(setting), &reader->settings->defaults.mode))
		settings_value_error(reader, setting, "there is no such choice",
		    reader->key->hint);
}

static void
read_mx(struct settings_reader *reader, const struct settings_node *setting)
{
	struct settings *settings = reader->settings;
	const struct settings_list list = { settings->defaults.mx[0],
		sizeof(settings->defaults.mx[0]), SETTINGS_MX_MAX,
		&settings->defaults.mx_count, true, check_mx };

	settings_value_list(reader, setting, &list);
}

static void
read_max_age(
    struct settings_reader *reader, const struct settings_node *setting)
{
	settings_value_duration(reader, setting, POLICY_MAX_AGE_MAX,
	    &reader->settings->defaults.max_age);
}

/* A name is an alias or has addresses of its own; the DNS allows no both. */
static void
check_host_or_addresses(
    struct settings_reader *reader, const struct settings_node *setting)
{
	if (reader->settings->dns.host[0] != '\0' &&
	    reader->settings->dns.address_count > 0)
		diag_error(reader->sink, settings_value_place(setting),
		    "keep one of the two",
		    "dns.host and dns.addresses exclude each other");
}

static void
read_host(struct settings_reader *reader, const struct settings_node *setting)
{
	struct settings *settings = reader->settings;
	const char *fault;
	size_t at;

	if (!settings_value_is_text(reader, setting))
		return;
	fault = hostname_fault(settings_value_span(setting), &at);
	if (fault != NULL)
		settings_value_error(reader, setting, fault, reader->key->hint);
	else
		settings_value_keep(settings->dns.host,
		    sizeof(settings->dns.host), settings_value_span(setting),
		    true);
	check_host_or_addresses(reader, setting);
}

static void
read_addresses(
    struct settings_reader *reader, const struct settings_node *setting)
{
	struct settings *settings = reader->settings;
	const struct settings_list list = { settings->dns.addresses[0],
		sizeof(settings->dns.addresses[0]), SETTINGS_ADDRESSES_MAX,
		&settings->dns.address_count, true, check_address };

	settings_value_list(reader, setting, &list);
	check_host_or_addresses(reader, setting);
}

static void
read_reports(
    struct settings_reader *reader, const struct settings_node *setting)
{
	struct settings *settings = reader->settings;
	const struct settings_list list = { settings->dns.reports[0],
		sizeof(settings->dns.reports[0]), SETTINGS_REPORTS_MAX,
		&settings->dns.report_count, false, check_report };

	settings_value_list(reader, setting, &list);
}

static void
read_ttl(struct settings_reader *reader, const struct settings_node *setting)
{
	settings_value_duration(
	    reader, setting, TTL_MAX, &reader->settings->dns.ttl);
}

static void
read_id(struct settings_reader *reader, const struct settings_node *setting)
{
	static const char *const words[] = {
		[SETTINGS_ID_HASH] = "hash",
		[SETTINGS_ID_DATE] = "date",
	};
	enum settings_id *id = &reader->settings->dns.id;

	*id = settings_value_word(reader, setting, words, COUNT(words), *id);
}

static const struct settings_key log_keys[] = {
	{ "to", "write \"syslog\" or \"stderr\"", read_to, NULL },
	{ "level", "write \"error\", \"warning\", \"info\" or \"debug\"",
	    read_level, NULL },
};

static const struct settings_key defaults_keys[] = {
	{ "mode", "write \"enforce\", \"testing\" or \"none\"", read_mode,
	    NULL },
	{ "mx", "write mx = [ \"mx1.example.com\" ];", read_mx, NULL },
	{ "max_age", "write at most \"1y\", or 31557600 seconds", read_max_age,
	    NULL },
};

static const struct settings_key dns_keys[] = {
	{ "host", "write a host name, such as \"mta-sts.example.com\"",
	    read_host, NULL },
	{ "addresses", "write addresses = [ \"192.0.2.1\", \"2001:db8::1\" ];",
	    read_addresses, NULL },
	{ "reports", "write reports = [ \"mailto:tls-reports@example.com\" ];",
	    read_reports, NULL },
	{ "ttl", "write at most \"1w\", or 604800 seconds", read_ttl, NULL },
	{ "id", "write \"hash\" or \"date\"", read_id, NULL },
};

static const struct settings_group log_group = { "log.", log_keys,
	COUNT(log_keys) };
static const struct settings_group defaults_group = { "defaults.",
	defaults_keys, COUNT(defaults_keys) };
static const struct settings_group dns_group = { "dns.", dns_keys,
	COUNT(dns_keys) };

static const struct settings_key root_keys[] = {
	{ "policies", "write \"/etc/mta-sts/conf.d\"", read_policies, NULL },
	{ "owner", "write a user's name, or its number: \"root\" or \"0\"",
	    read_owner, NULL },
	{ "unknown_fields", "write \"refuse\" or \"pass\"", read_unknown_fields,
	    NULL },
	{ "log", "write log = { to = \"syslog\"; };", NULL, &log_group },
	{ "defaults", "write defaults = { mode = \"testing\"; };", NULL,
	    &defaults_group },
	{ "dns", "write dns = { ttl = 3600; };", NULL, &dns_group },
	{ "state", "write \"/var/lib/mta-sts\"", read_state, NULL },
	{ "sandbox", "write true or false, without quotes", read_sandbox,
	    NULL },
};

_Static_assert(
    COUNT(root_keys) <= SETTINGS_KEY_MAX && COUNT(dns_keys) <= SETTINGS_KEY_MAX,
    "SETTINGS_KEY_MAX is too small");

const struct settings_group settings_key_root = { "", root_keys,
	COUNT(root_keys) };
