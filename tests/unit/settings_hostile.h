/*
 * Texts that libconfig would give up at, or do something unwanted with, and
 * what becomes of them; for test_settings.c.
 */
#ifndef MTASTS_SETTINGS_HOSTILE_H
#define MTASTS_SETTINGS_HOSTILE_H

#include "settings_rows.h"

static const struct row hostile[] = {
	/* Twice, also in another case. */
	{ __LINE__,
	    TEXT("owner = \"root\";\n\nowner = \"root\";\nowner = \"root\";"),
	    "3" BAD
	    "owner is given twice, the first time on line 1; keep one\n4" BAD
	    "owner is given twice, the first time on line 1",
	    is_default },
	{ __LINE__,
	    TEXT("dns = { ttl = 3600;\nTTL = 3600; };\nDns = { ttl = 5000000; "
		 "};"),
	    "2" BAD "key \"TTL\": keys are in lower case; write ttl\n2" BAD
	    "dns.ttl is given twice, the first time on line 1\n3" BAD
	    "key \"Dns\": keys are in lower case\n3" BAD
	    "dns is given twice, the first time on line 1\n3" BAD
	    "dns.ttl 5000000: out of range",
	    is_default },
	{ __LINE__, TEXT("TRUE = 1;"), "1" BAD "syntax error", is_default },

	/* All that is wrong, in one run; what is good counts nevertheless. */
	{ __LINE__,
	    TEXT(
		"policy = \"/x\";\nowner = 5;\nlog = { to = \"x\";\nlevel = "
		"\"debug\"; };\ndns = { ttl = 60;\nid = 99999999999; };\nowner "
		"= \"root\"; unknown_fields = \"x\" x = ;\nfoo = 1;"),
	    "6" BAD "number \"99999999999\"\n1" BAD "key \"policy\"\n2" BAD
	    "owner: a number\n3" BAD "log.to \"x\"\n7" BAD
	    "owner is given twice, the first time on line 2\n7" BAD
	    "unknown_fields \"x\"\n7" BAD "key \"x\"\n7" BAD
	    "syntax error~key = value;",
	    ttl_60_level_debug },

	/* Numbers that libconfig wraps, converts or reads by another base. */
	{ __LINE__, TEXT("dns = {\nttl = 4294967296 }"),
	    "2" BAD "number \"4294967296\": not 1 to 9 digits", is_default },
	{ __LINE__, TEXT("dns = { ttl = -4294967236 }"),
	    "1" BAD "number \"4294967236\"", is_default },
	{ __LINE__, TEXT("dns = { ttl = 18446744073709551676 }"),
	    "1" BAD "number \"18446744073709551676\"", is_default },
	{ __LINE__, TEXT("dns = { ttl = 0x3c }"), "1" BAD "number \"0x3c\"",
	    is_default },
	{ __LINE__, TEXT("dns = { ttl = 0xFFFFFFFF1 }"),
	    "1" BAD "number \"0xFFFFFFFF1\"", is_default },
	{ __LINE__, TEXT("dns = { ttl = 0b111100 }"),
	    "1" BAD "number \"0b111100\"", is_default },
	{ __LINE__, TEXT("dns = { ttl = 060 }"), "1" BAD "number \"060\"",
	    is_default },
	{ __LINE__, TEXT("dns = { ttl = 60. }"), "1" BAD "number \"60.\"",
	    is_default },
	{ __LINE__, TEXT("dns = { ttl = .6e+2 }"), "1" BAD "number \".6e+2\"",
	    is_default },
	{ __LINE__, TEXT("dns = { ttl = 60 } # 0x1 1234567890\n/* 0x2 */"), "",
	    ttl_60 },
	{ __LINE__, TEXT("dns = { x1234567890 = 1 }"),
	    "1" BAD "key \"x1234567890\": there is no such setting",
	    is_default },
	{ __LINE__, TEXT("defaults = { mx = [ 1, 12345678901 ] }"),
	    "1" BAD "number~\n1" BAD "defaults.mx: a number\n1" BAD
	    "mismatched element type",
	    is_default },

	/* libconfig's own errors. */
	{ __LINE__, TEXT("\n\nowner root;"), "3" BAD "syntax error",
	    is_default },
	{ __LINE__, TEXT("log = {\nto = \"stderr\";"), "2" BAD "syntax error",
	    to_stderr },
	{ __LINE__,
	    TEXT("defaults = { mx = [ \"mx1.example.com\", "
		 "\"*.example.net\",\n] }"),
	    "2" BAD "syntax error~no comma after the last", mx_two },
	{ __LINE__, TEXT("owner = root;"), "1" BAD "syntax error~double quotes",
	    is_default },
	{ __LINE__, TEXT("owner = \xe2\x80\x9croot\xe2\x80\x9d;"),
	    "1" BAD "syntax error", is_default },
	{ __LINE__, TEXT("defaults = { mx = [ \"mx1.example.com\", 5 ] }"),
	    "1" BAD "mismatched element type", anything },

	/* Strings that would be taken for a part of the one before. */
	{ __LINE__,
	    TEXT("defaults = { mx = [ \"mx1.example.com\", \"*.example.\" "
		 "/* , */ \"net\",\n\"*.example.net\" \"*/\\\"\\\\\" ] }"),
	    "1" BAD "a text~without = or a comma before it\n2" BAD
	    "a text~without\n1" BAD "defaults.mx \"*.example.\": a final dot",
	    mx_two },
	{ __LINE__, TEXT("owner\n\"daemon\";"),
	    "2" BAD "a text~without = or a comma\n2" BAD "syntax error",
	    is_default },
	{ __LINE__, TEXT("\"owner\" owner = \"daemon\"; \"owner\n"),
	    "1" BAD "a text~without\n1" BAD "a text~without\n1" BAD
	    "a text~not closed",
	    owner_daemon },
	{ __LINE__, TEXT("\"owner\nowner = \"daemon\";"),
	    "1" BAD "a text~without\n1" BAD "a text~not closed", owner_daemon },
	{ __LINE__, TEXT("owner\r\n= /* ; */ // ;\n\f\t\"daemon\";"), "",
	    owner_daemon },
	{ __LINE__,
	    TEXT("defaults = { mx = ( \"mx1.example.com\" ,\n"
		 "\"*.example.net\" ) }"),
	    "", mx_two },

	/* Strings and comments that hide what follows. */
	{ __LINE__, TEXT("policies = \"/srv/sts\n;owner = \"x y\";"),
	    "1" BAD "a text in double quotes is not closed on its line\n2" BAD
	    "owner \"x y\"",
	    policies_srv },
	{ __LINE__,
	    TEXT("policies = \"/srv/sts\\\r\ndns = { ttl = 5000000; };"),
	    "1" BAD "a text~not closed\n2" BAD "dns.ttl 5000000",
	    policies_srv },
	{ __LINE__, TEXT("policies = \"/srv/sts\\"),
	    "1" BAD "a text~not closed", policies_srv },
	{ __LINE__, TEXT("policies = \"/srv/sts"), "1" BAD "a text~not closed",
	    policies_srv },
	{ __LINE__, TEXT("policies = \"/srv/sts\";\n/*/\nowner = \"x y\";"),
	    "2" BAD "the comment that begins here has no end", policies_srv },
	{ __LINE__,
	    TEXT("policies = \"/srv/sts\"; /**/ /*/ \" */ // \"\n# /* \"\nlog "
		 "= { };"),
	    "", policies_srv },
	{ __LINE__,
	    TEXT("policies = \"/srv/sts\" # \\\n;owner = \"\\\\\"; // \\"),
	    "2" BAD "owner \"\\~\": there is", policies_srv },

	{ __LINE__,
	    TEXT("# a\rpolicies = \"/x\";\r// b\r\rsandbox = 5;\nowner = "
		 "\"65534\"; # c\rpolicies = \"/y\";"),
	    "1" BAD "a comment that goes on after a CR; end the lines with LF",
	    owner_65534 },
	{ __LINE__,
	    TEXT("# a\r\r\n// b\r\nowner =\r\"65534\"; /* c\rd */\r# e\r"), "",
	    owner_65534 },

	/* NUL, as it is and spelled out. */
	{ __LINE__, TEXT("policies = \"/srv/sts\";\n\0owner = 5;\n\0"),
	    "2" BAD "a NUL byte\n2" BAD "owner: a number", policies_srv },
	{ __LINE__, TEXT("# \0\npolicies = \"/srv/sts\";"),
	    "1" BAD "a NUL byte", policies_srv },
	{ __LINE__, TEXT("policies = \"/srv\0\\\0/sts\";"),
	    "1" BAD "a NUL byte", anything },
	{ __LINE__, TEXT("policies = \"/srv\\x00/sts\";"),
	    "1" BAD "\\x00 stands for a NUL byte", policies_srv },
	{ __LINE__, TEXT("policies = \"/srv/sts\\X2\\d\\x\";"), "", anything },

	/* @include, wherever it may stand. */
	{ __LINE__, TEXT("@include \".\"\n"),
	    "1" BAD
	    "@include is not allowed, not even as a line of a comment; write",
	    is_default },
	{ __LINE__, TEXT("@include \".\""), "1" BAD "@include", is_default },
	{ __LINE__, TEXT("@include \"/etc/passwd\"\nowner = \"65534\";"),
	    "1" BAD "@include", owner_65534 },
	{ __LINE__, TEXT("\n \t @include\t \".\"\n"), "2" BAD "@include",
	    is_default },
	{ __LINE__, TEXT("\xef\xbb\xbf@include \".\"\n"), "1" BAD "@include",
	    is_default },
	{ __LINE__, TEXT("owner = \"65534\"; @include \".\"\n"),
	    "1" BAD "@include", owner_65534 },
	{ __LINE__, TEXT("owner = \"65534\";\r@include \".\"\n"),
	    "1" BAD "@include", owner_65534 },
	{ __LINE__, TEXT("owner = \"65534\";\f@include \".\"\n"),
	    "1" BAD "@include", owner_65534 },
	{ __LINE__, TEXT("owner = \"65534\";\r\n@include \".\"\r\n"),
	    "2" BAD "@include", owner_65534 },
	{ __LINE__, TEXT("/* */@include \".\"\n"), "1" BAD "@include",
	    is_default },
	{ __LINE__, TEXT("/*\n@include \".\"\n*/ owner = \"65534\";"),
	    "2" BAD "@include", owner_65534 },
	{ __LINE__, TEXT("owner = \"\n@include \".\"\n"),
	    "1" BAD "a text~not closed\n2" BAD "@include\n1" BAD "owner \"\"",
	    is_default },
	{ __LINE__, TEXT("log = {\n@include \".\"\n};"), "2" BAD "@include",
	    is_default },
	{ __LINE__,
	    TEXT(
		"@include \".\"\n@INCLUDE \".\"\n@include_dir \".\"\n@include"),
	    "1" BAD "@include\n2" BAD "@include\n3" BAD "@include\n4" BAD
	    "@include",
	    is_default },
	{ __LINE__, TEXT("\0@include \".\"\n"),
	    "1" BAD "a NUL byte\n1" BAD "@include", is_default },
	{ __LINE__,
	    TEXT("# @include \".\"\n// @include \".\"\nowner = \"65534\";"), "",
	    owner_65534 },
	{ __LINE__, TEXT("@inc\\\nlude\n"), "1" BAD "syntax error",
	    is_default },
	{ __LINE__,
	    TEXT("dns = { reports = [ \"mailto:a@include.example\", "
		 "\"mailto:@include \" ] }"),
	    "1" BAD "dns.reports \"mailto:@include \"", anything },
};

#endif
