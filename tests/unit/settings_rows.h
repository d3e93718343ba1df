/*
 * Texts and what becomes of them, for test_settings.c: every key good, bad and
 * of a wrong type, unknown and given twice.
 */
#ifndef MTASTS_SETTINGS_ROWS_H
#define MTASTS_SETTINGS_ROWS_H

#include "settings.h"

#define TEXT(literal) literal, sizeof(literal) - 1

#define CHECK(name, condition)                                                 \
	static bool name(const struct settings *s)                             \
	{                                                                      \
		return (condition);                                            \
	}

CHECK(anything, s != NULL)
CHECK(is_default,
    strcmp(s->policies, "/etc/mta-sts/conf.d") == 0 && s->owner == 0 &&
	s->unknown_fields == POLICY_UNKNOWN_REFUSE &&
	s->log.to == LOG_TO_SYSLOG && s->log.level == LOG_INFORMATION &&
	s->defaults.mode == POLICY_TESTING && s->defaults.max_age == 604800 &&
	s->defaults.mx_count == 0 && s->dns.host[0] == '\0' &&
	s->dns.report_count == 0 && s->dns.ttl == 3600 &&
	s->dns.id == SETTINGS_ID_HASH &&
	strcmp(s->state, "/var/lib/mta-sts") == 0 && s->sandbox)
CHECK(sandbox_off, !s->sandbox)
CHECK(state_srv, strcmp(s->state, "/srv/state") == 0)
CHECK(policies_srv, strcmp(s->policies, "/srv/sts") == 0)
CHECK(policies_utf8, strcmp(s->policies, "/srv/\xc3\xa4") == 0)
CHECK(policies_quote, strcmp(s->policies, "/a\"b\\c//d#e") == 0)
CHECK(owner_65534, s->owner == 65534)
CHECK(owner_highest, s->owner == 4294967294U)
CHECK(owner_daemon, s->owner == 1)
CHECK(unknown_pass, s->unknown_fields == POLICY_UNKNOWN_PASS)
CHECK(to_stderr, s->log.to == LOG_TO_STDERR)
CHECK(level_error, s->log.level == LOG_ERRORS)
CHECK(level_warning, s->log.level == LOG_WARNINGS)
CHECK(level_debug, s->log.level == LOG_DEBUGGING)
CHECK(mode_enforce, s->defaults.mode == POLICY_ENFORCE)
CHECK(mode_none, s->defaults.mode == POLICY_NONE)
CHECK(mx_two, s->defaults.mx_count == 2 &&
		  strcmp(s->defaults.mx[0], "mx1.example.com") == 0 &&
		  strcmp(s->defaults.mx[1], "*.example.net") == 0)
CHECK(mx_com,
    s->defaults.mx_count == 1 && strcmp(s->defaults.mx[0], "*.com") == 0)
CHECK(age_0, s->defaults.max_age == 0)
CHECK(age_year, s->defaults.max_age == 31557600)
CHECK(age_day, s->defaults.max_age == 86400)
CHECK(host_lower, strcmp(s->dns.host, "sts.example.com") == 0)
CHECK(addresses_two, s->dns.address_count == 2 &&
			 strcmp(s->dns.addresses[0], "192.0.2.1") == 0 &&
			 strcmp(s->dns.addresses[1], "2001:db8::1") == 0)
CHECK(reports_two,
    s->dns.report_count == 2 &&
	strcmp(s->dns.reports[0], "mailto:a%2Cb@example.com?subject=x") == 0 &&
	strcmp(s->dns.reports[1], "https://example.com:8443/v1?a=b&c#d") == 0)
CHECK(ttl_0, s->dns.ttl == 0)
CHECK(ttl_60, s->dns.ttl == 60)
CHECK(ttl_week, s->dns.ttl == 604800)
CHECK(id_date, s->dns.id == SETTINGS_ID_DATE)
CHECK(ttl_60_level_debug, s->dns.ttl == 60 && s->log.level == LOG_DEBUGGING)
CHECK(is_sample,
    s->defaults.mx_count == 2 && s->dns.report_count == 1 &&
	strcmp(s->defaults.mx[0], "mx1.hosting.example") == 0 &&
	strcmp(s->defaults.mx[1], "mx2.hosting.example") == 0 &&
	strcmp(s->dns.host, "mta-sts.hosting.example") == 0 &&
	strcmp(s->dns.reports[0], "mailto:tls-reports@hosting.example") == 0 &&
	strcmp(s->policies, "/etc/mta-sts/conf.d") == 0 && s->owner == 0 &&
	s->unknown_fields == POLICY_UNKNOWN_REFUSE &&
	s->log.to == LOG_TO_SYSLOG && s->log.level == LOG_INFORMATION &&
	s->defaults.mode == POLICY_TESTING && s->dns.ttl == 3600 &&
	s->defaults.max_age == 604800 && s->dns.id == SETTINGS_ID_HASH)

#define LONG32 "0123456789abcdef0123456789abcdef"
#define BAD    ":0: error: "

struct row {
	int line;
	const char *text;
	size_t length;
	const char *findings;
	bool (*check)(const struct settings *);
};

static const struct row values[] = {
	/* Nothing, and the whole sample of the manual. */
	{ __LINE__, TEXT(""), "", is_default },
	{ __LINE__, TEXT("\n\r\n# a\n// b\n/* c\nd */\n"), "", is_default },
	{ __LINE__, TEXT("\xef\xbb\xbf# a"), "", is_default },
	{ __LINE__,
	    TEXT(
		"log = { }; defaults = { mx = []; }; dns = { reports = (); };"),
	    "", is_default },
	{ __LINE__,
	    TEXT("policies = \"/etc/mta-sts/conf.d\";\n"
		 "owner = \"root\";\n"
		 "unknown_fields = \"refuse\";          // or \"pass\"\n"
		 "log = { to = \"syslog\"; level = \"info\"; };      // or "
		 "\"stderr\"\n"
		 "defaults = { mode = \"testing\"; mx = [ "
		 "\"mx1.hosting.example\", \"mx2.hosting.example\" ]; max_age "
		 "= \"7d\"; };\n"
		 "dns = { host = \"mta-sts.hosting.example\"; reports = [ "
		 "\"mailto:tls-reports@hosting.example\" ]; ttl = 3600; id = "
		 "\"hash\"; };\n"),
	    "", is_sample },

	/* policies */
	{ __LINE__, TEXT("policies = \"/srv/sts\""), "", policies_srv },
	{ __LINE__, TEXT("policies : \"/srv/sts\" // c"), "", policies_srv },
	{ __LINE__, TEXT("policies = \"/srv/\xc3\xa4\";"), "", policies_utf8 },
	{ __LINE__, TEXT("policies = \"/a\\\"b\\\\c//d#e\";"), "",
	    policies_quote },
	{ __LINE__, TEXT("\npolicies = \"srv\";"),
	    "2" BAD "policies \"srv\": no absolute path~/etc/mta-sts/conf.d",
	    is_default },
	{ __LINE__, TEXT("policies = \"\";"),
	    "1" BAD "policies \"\": no absolute path", is_default },
	{ __LINE__, TEXT("policies = \"/a\\tb\";"),
	    "1" BAD "policies \"/a\\x09b\": a control character", is_default },
	{ __LINE__, TEXT("policies = 5;"),
	    "1" BAD "policies: a number where a text in double quotes belongs",
	    is_default },
	{ __LINE__, TEXT("policies = [ \"/a\" ];"),
	    "1" BAD "policies: an array where", is_default },

	/* state */
	{ __LINE__, TEXT("state = \"/srv/state\";"), "", state_srv },
	{ __LINE__, TEXT("state = \"state\";"),
	    "1" BAD "state \"state\": no absolute path~/var/lib/mta-sts",
	    is_default },

	/* sandbox */
	{ __LINE__, TEXT("sandbox = false;"), "", sandbox_off },
	{ __LINE__, TEXT("sandbox = FALSE"), "", sandbox_off },
	{ __LINE__, TEXT("sandbox = true;"), "", is_default },
	{ __LINE__, TEXT("sandbox = \"false\";"),
	    "1" BAD "sandbox: a text where true or false belongs~"
	    "write true or false, without quotes",
	    is_default },
	{ __LINE__, TEXT("sandbox = 0;"),
	    "1" BAD "sandbox: a number where true or false belongs",
	    is_default },
	{ __LINE__, TEXT("sandbox = [ false ];"),
	    "1" BAD "sandbox: an array where", is_default },
	{ __LINE__, TEXT("sandbox = false; sandbox = true;"),
	    "1" BAD "sandbox is given twice", is_default },

	/* owner */
	{ __LINE__, TEXT("owner = \"65534\";"), "", owner_65534 },
	{ __LINE__, TEXT("owner = \"daemon\";"), "", owner_daemon },
	{ __LINE__, TEXT("owner = \"4294967294\";"), "", owner_highest },
	{ __LINE__, TEXT("owner = \"4294967295\";"),
	    "1" BAD "owner \"4294967295\": there is no such user", is_default },
	{ __LINE__, TEXT("owner = \"4294967296\";"),
	    "1" BAD "owner~no such user", is_default },
	{ __LINE__, TEXT("owner = \"-1\";"),
	    "1" BAD "owner \"-1\": there is no such user~write", is_default },
	{ __LINE__, TEXT("owner = \"\";"),
	    "1" BAD "owner \"\": there is no such user", is_default },
	{ __LINE__, TEXT("owner = \"no such user\";"),
	    "1" BAD "owner \"no such user\": there is no such user",
	    is_default },
	{ __LINE__, TEXT("owner = 0;"), "1" BAD "owner: a number where~\"0\"",
	    is_default },

	/* Words, in any place they may stand. */
	{ __LINE__, TEXT("unknown_fields = \"pass\""), "", unknown_pass },
	{ __LINE__, TEXT("unknown_fields = \"Pass\""),
	    "1" BAD "unknown_fields \"Pass\": there is no such "
	    "choice~\"refuse\" or \"pass\"",
	    is_default },
	{ __LINE__, TEXT("unknown_fields = true"),
	    "1" BAD "unknown_fields: true or false where", is_default },
	{ __LINE__, TEXT("log = { to = \"stderr\" }"), "", to_stderr },
	{ __LINE__, TEXT("log = {\nto = \"file\" }"),
	    "2" BAD
	    "log.to \"file\": there is no such choice~\"syslog\" or \"stderr\"",
	    is_default },
	{ __LINE__, TEXT("log = { to = { } }"), "1" BAD "log.to: a group where",
	    is_default },
	{ __LINE__, TEXT("log = { level = \"error\" }"), "", level_error },
	{ __LINE__, TEXT("log = { level = \"warning\" }"), "", level_warning },
	{ __LINE__, TEXT("log = { level = \"debug\" }"), "", level_debug },
	{ __LINE__, TEXT("log = { level = \"\" }"),
	    "1" BAD "log.level \"\": there is no such choice", is_default },
	{ __LINE__, TEXT("log = { level = 3 }"),
	    "1" BAD "log.level: a number where", is_default },
	{ __LINE__, TEXT("defaults = { mode = \"enforce\" }"), "",
	    mode_enforce },
	{ __LINE__, TEXT("defaults = { mode = \"none\" }"), "", mode_none },
	{ __LINE__, TEXT("defaults = { mode = \"report\" }"),
	    "1" BAD "defaults.mode \"report\": there is no such choice",
	    is_default },
	{ __LINE__, TEXT("defaults = { mode = () }"),
	    "1" BAD "defaults.mode: a list where", is_default },
	{ __LINE__, TEXT("dns = { id = \"date\" }"), "", id_date },
	{ __LINE__, TEXT("dns = { id = \"time\" }"),
	    "1" BAD
	    "dns.id \"time\": there is no such choice~\"hash\" or \"date\"",
	    is_default },
	{ __LINE__, TEXT("dns = { id = 1 }"), "1" BAD "dns.id: a number where",
	    is_default },

	/* mx */
	{ __LINE__,
	    TEXT("defaults = { mx = [ \"MX1.example.COM\", \"*.example.net\" ] "
		 "}"),
	    "", mx_two },
	{ __LINE__,
	    TEXT("defaults = { mx = ( \"mx1.example.com\", \"*.example.net\", "
		 "\"Mx1.example.com\" ) }"),
	    "", mx_two },
	{ __LINE__, TEXT("defaults = { mx = [ \"*.com\" ] }"),
	    "1:0: warning: an mx below the root", mx_com },
	{ __LINE__,
	    TEXT("defaults = { mx = "
		 "[\n\"mx1.example.com\",\n\"mx_2.example.com\",\n\"*.example."
		 "net\",\n\"\" ] }"),
	    "3" BAD "defaults.mx \"mx_2.example.com\": an underscore\n5" BAD
	    "defaults.mx \"\": it is empty",
	    mx_two },
	{ __LINE__, TEXT("defaults = { mx = \"mx1.example.com\" }"),
	    "1" BAD
	    "defaults.mx: a text where an array of texts belongs~mx = [ \"",
	    is_default },
	{ __LINE__, TEXT("defaults = { mx = (\n1,\n( ) ) }"),
	    "2" BAD "defaults.mx: a number where\n3" BAD
	    "defaults.mx: a list where",
	    is_default },
	{ __LINE__, TEXT("defaults = { mx = [ \"mx\\x2e\" ] }"),
	    "1" BAD "defaults.mx \"mx.\": a final dot", is_default },

	/* max_age and ttl */
	{ __LINE__, TEXT("defaults = { max_age = 0 }"), "", age_0 },
	{ __LINE__, TEXT("defaults = { max_age = 86400L }"),
	    "1" BAD "number \"86400L\": not 1 to 9 digits", is_default },
	{ __LINE__, TEXT("defaults = { max_age = \"1d\" }"), "", age_day },
	{ __LINE__, TEXT("defaults = { max_age = \"86400\" }"), "", age_day },
	{ __LINE__, TEXT("defaults = { max_age = 31557600 }"), "", age_year },
	{ __LINE__, TEXT("defaults = { max_age = \"1y\" }"), "", age_year },
	{ __LINE__, TEXT("defaults = { max_age = 31557601 }"),
	    "1" BAD "defaults.max_age 31557601: out of range~31557600",
	    is_default },
	{ __LINE__, TEXT("defaults = { max_age = \"53w\" }"),
	    "1" BAD "defaults.max_age \"53w\": out of range", is_default },
	{ __LINE__, TEXT("defaults = { max_age = -1 }"),
	    "1" BAD "defaults.max_age -1: out of range", is_default },
	{ __LINE__, TEXT("defaults = { max_age = \"a week\" }"),
	    "1" BAD "defaults.max_age \"a week\": no duration~\"7d\"",
	    is_default },
	{ __LINE__, TEXT("defaults = { max_age = true }"),
	    "1" BAD "defaults.max_age: true or false where a duration belongs",
	    is_default },
	{ __LINE__, TEXT("defaults = { max_age = 7d }"),
	    "1" BAD "number \"7d\": not~double quotes (\"7d\")", is_default },
	{ __LINE__, TEXT("dns = { ttl = 0 }"), "", ttl_0 },
	{ __LINE__, TEXT("dns = { ttl = +60 }"), "", ttl_60 },
	{ __LINE__, TEXT("dns = { ttl = \"1m\" }"), "", ttl_60 },
	{ __LINE__, TEXT("dns = { ttl = 604800 }"), "", ttl_week },
	{ __LINE__, TEXT("dns = { ttl = \"1w\" }"), "", ttl_week },
	{ __LINE__, TEXT("dns = { ttl = 604801 }"),
	    "1" BAD "dns.ttl 604801: out of range~604800", is_default },
	{ __LINE__, TEXT("dns = { ttl = 999999999 }"),
	    "1" BAD "dns.ttl 999999999: out of range", is_default },
	{ __LINE__, TEXT("dns = { ttl = \"\" }"),
	    "1" BAD "dns.ttl \"\": no duration", is_default },
	{ __LINE__, TEXT("dns = { ttl = [ 1 ] }"),
	    "1" BAD "dns.ttl: an array where a duration belongs", is_default },

	/* host and reports */
	{ __LINE__, TEXT("dns = { host = \"STS.example.com\" }"), "",
	    host_lower },
	{ __LINE__, TEXT("dns = { host = \"sts.example.com.\" }"),
	    "1" BAD "dns.host \"sts.example.com.\": a final dot~such as",
	    is_default },
	{ __LINE__, TEXT("dns = { host = \"\" }"),
	    "1" BAD "dns.host \"\": an empty name", is_default },
	{ __LINE__, TEXT("dns = { host = \"192.0.2.1\" }"),
	    "1" BAD "dns.host~a last label of digits alone", is_default },
	{ __LINE__, TEXT("dns = { host = \"a\\n.example\" }"),
	    "1" BAD "dns.host \"a\\x0a.example\"", is_default },
	{ __LINE__, TEXT("dns = { host = [ ] }"),
	    "1" BAD "dns.host: an array where", is_default },

	/* addresses, which are there instead of a host */
	{ __LINE__,
	    TEXT("dns = { addresses = [ \"192.0.2.1\", \"2001:DB8::1\", "
		 "\"192.0.2.1\" ] }"),
	    "", addresses_two },
	{ __LINE__, TEXT("dns = { addresses = [ \"192.0.2.256\" ] }"),
	    "1" BAD "dns.addresses \"192.0.2.256\": no IP address~192.0.2.1",
	    is_default },
	{ __LINE__, TEXT("dns = { addresses = [ \"2001:db8::1%lo\" ] }"),
	    "1" BAD "dns.addresses \"2001:db8::1%lo\": no IP", is_default },
	{ __LINE__, TEXT("dns = { addresses = \"192.0.2.1\" }"),
	    "1" BAD "dns.addresses: a text where an array of texts",
	    is_default },
	{ __LINE__,
	    TEXT("dns = { host = \"a.example\";\naddresses = [ "
		 "\"192.0.2.1\" ] }"),
	    "2" BAD "dns.host and dns.addresses exclude each other~keep one",
	    anything },
	{ __LINE__,
	    TEXT("dns = { addresses = [ \"192.0.2.1\" ];\nhost = "
		 "\"a.example\" }"),
	    "2" BAD "dns.host and dns.addresses exclude each other", anything },
	{ __LINE__,
	    TEXT("dns = { reports = [ \"mailto:a%2Cb@example.com?subject=x\", "
		 "\"https://example.com:8443/v1?a=b&c#d\", "
		 "\"mailto:a%2Cb@example.com?subject=x\" ] }"),
	    "", reports_two },
	{ __LINE__,
	    TEXT("dns = { reports = "
		 "[\n\"mailto:a,b@c.example\",\n\"https://c.example/"
		 "!\",\n\"https://c.example/;\" ] }"),
	    "2" BAD
	    "dns.reports \"mailto:a,b@c.example\": ~needs encoded~%2C\n3" BAD
	    "~%21\n4" BAD "~%3B",
	    is_default },
	{ __LINE__,
	    TEXT("dns = { reports = [\n\"mailto:a "
		 "b@c.example\",\n\"mailto:\xc3\xa4@c.example\",\n\"https://"
		 "c.example/\\\\\",\n\"mailto:a@c.example\\t\", "
		 "\"https://c.example/\x7f\" ] }"),
	    "2" BAD "dns.reports~a byte that no URI has~%20\n3" BAD
	    "~no URI has\n4" BAD "~no URI has\n5" BAD "~no URI has\n5" BAD
	    "~no URI has",
	    is_default },
	{ __LINE__,
	    TEXT("dns = { reports = "
		 "[\n\"http://c.example/"
		 "\",\n\"tls@c.example\",\n\"\",\n\"MAILTO:a@c.example\" ] }"),
	    "2" BAD "~neither mailto: nor https://\n3" BAD "~neither\n4" BAD
	    "~neither\n5" BAD "~neither",
	    is_default },
	{ __LINE__,
	    TEXT("dns = { reports = "
		 "[\n\"mailto:\",\n\"mailto:a\",\n\"mailto:@c.example\","
		 "\n\"mailto:a@\",\n\"mailto:a@b@c.example\" ] }"),
	    "2" BAD "~no mail address\n3" BAD "~no mail address\n4" BAD
	    "~no mail address\n5" BAD "~an empty name\n6" BAD
	    "~a character that no host name has",
	    is_default },
	{ __LINE__,
	    TEXT("dns = { reports = "
		 "[\n\"https://\",\n\"https:///x\",\n\"https://a_b/"
		 "\",\n\"https://c.example/%4\",\n\"https://c.example/%g0\" ] "
		 "}"),
	    "2" BAD "~an empty name\n3" BAD "~an empty name\n4" BAD
	    "~an underscore\n5" BAD "~two hexadecimal digits~%25\n6" BAD
	    "~two hexadecimal digits",
	    is_default },
	{ __LINE__, TEXT("dns = { reports = \"mailto:a@c.example\" }"),
	    "1" BAD "dns.reports: a text where an array of texts belongs",
	    is_default },
	{ __LINE__, TEXT("dns = { reports = [ true ] }"),
	    "1" BAD "dns.reports: true or false where", is_default },

	/* Unknown keys in each group, groups that are none. */
	{ __LINE__, TEXT("polices = \"/srv/sts\";"),
	    "1" BAD "key \"polices\": there is no such setting here; did you "
	    "mean policies?",
	    is_default },
	{ __LINE__, TEXT("foo = { to = 1; };"),
	    "1" BAD "key \"foo\"~write one of policies, owner, unknown_fields, "
	    "log, defaults, dns, state, sandbox",
	    is_default },
	{ __LINE__, TEXT("log = { lvel = 1; };"),
	    "1" BAD "key \"lvel\"~did you mean level?", is_default },
	{ __LINE__, TEXT("log = { owner = 1; };"),
	    "1" BAD "key \"owner\"~write one of to, level", is_default },
	{ __LINE__, TEXT("defaults = { maxage = 1; };"),
	    "1" BAD "key \"maxage\"~did you mean max_age?", is_default },
	{ __LINE__, TEXT("dns = { mx = []; };"),
	    "1" BAD "key \"mx\"~write one of host, addresses, reports, ttl, id",
	    is_default },
	{ __LINE__, TEXT("dns = { ttl*1 = 5; };"),
	    "1" BAD "key \"ttl*1\": there is no such setting", is_default },
	{ __LINE__, TEXT("a" LONG32 LONG32 " = 5;"),
	    "1" BAD "key \"a" LONG32 "0123456789abcdef", is_default },
	{ __LINE__, TEXT("log = ( { to = \"stderr\"; } );"),
	    "1" BAD "log: a list where a group belongs", is_default },
	{ __LINE__, TEXT("defaults = 5;"),
	    "1" BAD "defaults: a number where a group belongs", is_default },
	{ __LINE__, TEXT("dns = \"\";"),
	    "1" BAD "dns: a text where a group belongs", is_default },
};

#endif
