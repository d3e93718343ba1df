/*
 * Texts and what becomes of them, for test_policy.c: every bullet of what a
 * policy may be and may not.
 */
#ifndef MTASTS_POLICY_ROWS_H
#define MTASTS_POLICY_ROWS_H

#include "policy.h"

#define V "version: STSv1\n"
#define E "mode: enforce\n"
#define X "mx: mx.example\n"
#define A "max_age: 604800\n"

#define RV   "version: STSv1\r\n"
#define RE   "mode: enforce\r\n"
#define RX   "mx: mx.example\r\n"
#define RA   "max_age: 604800\r\n"
#define GOOD RV RE RX RA

#define TEN     "abcdefghij"
#define LABEL63 TEN TEN TEN TEN TEN TEN "abc"
#define NAME253 LABEL63 "." LABEL63 "." LABEL63 "." TEN TEN TEN TEN TEN TEN "x"

/* Where the rows are, for the messages about them. */
static const char rows_file[] = __FILE__;

#define TEXT(literal) literal, sizeof(literal) - 1
#define REFUSE        POLICY_UNKNOWN_REFUSE
#define PASS          POLICY_UNKNOWN_PASS

struct row {
	int line;
	enum policy_unknown unknown;
	const char *source;
	size_t length;
	const char *want; /* the rendering, or the findings */
};

static const struct row good[] = {
	{ __LINE__, REFUSE, TEXT(V E X A), GOOD },
	{ __LINE__, PASS, TEXT(V E X A), GOOD },
	/* line ends, a missing last one, blank lines, comments */
	{ __LINE__, REFUSE, TEXT(GOOD), GOOD },
	{ __LINE__, REFUSE,
	    TEXT("version: STSv1\rmode: enforce\rmx: mx.example\r"
		 "max_age: 604800\r"),
	    GOOD },
	{ __LINE__, REFUSE, TEXT(V RE X "max_age: 604800"), GOOD },
	{ __LINE__, REFUSE, TEXT("\n" V "\r\n\r\n" E " \t\n" X "\r\r" A "\n"),
	    GOOD },
	{ __LINE__, REFUSE,
	    TEXT("# x\n" V "#\n" E "#mode: none\n" X A "# \xc3\xbc\\r\\n"),
	    GOOD },
	/* white space at the end of a line and after the colon */
	{ __LINE__, REFUSE,
	    TEXT("version:STSv1 \nmode:\tenforce\t\nmx:  mx.example \t \n"
		 "max_age: \t 604800\t"),
	    GOOD },
	/* a byte order mark; order of the fields; case; zeros; twice an mx */
	{ __LINE__, REFUSE, TEXT("\xef\xbb\xbf" V E X A), GOOD },
	{ __LINE__, REFUSE, TEXT(A X E V), GOOD },
	{ __LINE__, REFUSE, TEXT(V E "mx: Mx.EXAMPLE\n" A), GOOD },
	{ __LINE__, REFUSE, TEXT(V E X "max_age: 0000604800\n"), GOOD },
	{ __LINE__, REFUSE, TEXT(V E X "mx: MX.example\n" X A), GOOD },
	/* the mx lines' own order */
	{ __LINE__, REFUSE,
	    TEXT("mx: b.example\nmx: *.a.example\n" V E A X "mx: b.example\n"),
	    RV RE "mx: b.example\r\nmx: *.a.example\r\n" RX RA },
	/* modes */
	{ __LINE__, REFUSE, TEXT(V "mode: testing\n" X A),
	    RV "mode: testing\r\n" RX RA },
	{ __LINE__, REFUSE, TEXT(V "mode: none\n" A), RV "mode: none\r\n" RA },
	/* the ends of max_age */
	{ __LINE__, REFUSE, TEXT(V "mode: testing\n" X "max_age: 0\n"),
	    RV "mode: testing\r\n" RX "max_age: 0\r\n" },
	{ __LINE__, REFUSE, TEXT(V "mode: testing\n" X "max_age: 0000000000"),
	    RV "mode: testing\r\n" RX "max_age: 0\r\n" },
	{ __LINE__, REFUSE, TEXT(V E X "max_age: 31557600\n"),
	    RV RE RX "max_age: 31557600\r\n" },
	{ __LINE__, REFUSE, TEXT(V E X "max_age: 0031557600\n"),
	    RV RE RX "max_age: 31557600\r\n" },
	/* the longest names */
	{ __LINE__, REFUSE, TEXT(V E "mx: " LABEL63 ".a\n" A),
	    RV RE "mx: " LABEL63 ".a\r\n" RA },
	{ __LINE__, REFUSE, TEXT(V E "mx: " NAME253 "\n" A),
	    RV RE "mx: " NAME253 "\r\n" RA },
	{ __LINE__, REFUSE, TEXT(V E "mx: xn--bcher-kva.example\n" A),
	    RV RE "mx: xn--bcher-kva.example\r\n" RA },
	/* fields passed through: last, in their order, as they are */
	{ __LINE__, PASS, TEXT("b: 2\n" V "A:1\n" E X A),
	    GOOD "b: 2\r\nA: 1\r\n" },
	{ __LINE__, PASS, TEXT(V E X A "x-y_z.1: \t a: b  c \t\n"),
	    GOOD "x-y_z.1: a: b  c\r\n" },
	{ __LINE__, PASS, TEXT(V E X A "9: !x ~"), GOOD "9: !x ~\r\n" },
	{ __LINE__, PASS, TEXT(V E X A "a: b\nA: b\naa: b\nb: a: b\n"),
	    GOOD "a: b\r\nA: b\r\naa: b\r\nb: a: b\r\n" },
	{ __LINE__, PASS, TEXT(V E X A TEN TEN TEN "12: x"),
	    GOOD TEN TEN TEN "12: x\r\n" },
	{ __LINE__, PASS, TEXT(V E X A "modes: x\n"), GOOD "modes: x\r\n" },
};

static const struct row warned[] = {
	{ __LINE__, REFUSE, TEXT(V E X "max_age: 86399\n"),
	    "4:10: warning: a max_age under a day~write 604800" },
	{ __LINE__, REFUSE, TEXT(V E X "max_age: 86400\n"), "" },
	{ __LINE__, REFUSE, TEXT(V "mode: testing\n" X "max_age: 86399"), "" },
	{ __LINE__, REFUSE, TEXT(V E "mx: localhost\n" A),
	    "3:5: warning: mx~write the full host name" },
	{ __LINE__, REFUSE, TEXT(V E X "mx: *.com\n" A),
	    "4:5: warning: mx~write the full host name" },
	{ __LINE__, REFUSE, TEXT(V "mode: none\n" X X A),
	    "3:5: warning: mx lines mean nothing~leave the mx lines out" },
};

static const struct row bad[] = {
	/* missing, or given twice */
	{ __LINE__, REFUSE, TEXT(""),
	    "1:1: error: version is missing~write \"version: STSv1\"\n"
	    "1:1: error: mode is missing~write \"mode: testing\"\n"
	    "1:1: error: max_age is missing~write \"max_age: 604800\"" },
	{ __LINE__, REFUSE, TEXT("\xef\xbb\xbf"),
	    "1:1: error: version is missing\n"
	    "1:1: error: mode is missing\n1:1: error: max_age is missing" },
	{ __LINE__, REFUSE, TEXT("\n#\n"),
	    "1:1: error: version is missing\n"
	    "2:1: error: mode is missing\n2:1: error: max_age is missing" },
	{ __LINE__, REFUSE, TEXT(E X A),
	    "1:1: error: version is missing~write \"version: STSv1\"" },
	{ __LINE__, REFUSE, TEXT(V X A),
	    "3:1: error: mode is missing~\"mode: testing\"" },
	{ __LINE__, REFUSE, TEXT(V E X),
	    "3:1: error: max_age is missing~write \"max_age: 604800\"" },
	{ __LINE__, REFUSE, TEXT(V E A),
	    "2:7: error: mode enforce needs an mx~write \"mx: \"" },
	{ __LINE__, REFUSE, TEXT(V "mode: testing\n" A),
	    "2:7: error: mode testing needs an mx~write \"mx: \"" },
	{ __LINE__, REFUSE, TEXT(V V E X A),
	    "2:10: error: version is given twice, the first time on line 1~"
	    "keep one" },
	{ __LINE__, REFUSE, TEXT(V E "mode: none\n" X A),
	    "3:7: error: mode is given twice, the first time on line 2~keep" },
	{ __LINE__, REFUSE, TEXT(V E E E X A),
	    "3:7: error: mode is given twice, the first time on line 2\n"
	    "4:7: error: mode is given twice, the first time on line 2" },
	{ __LINE__, REFUSE, TEXT(V E X A "\n" A),
	    "6:10: error: max_age is given twice, the first time on line 4" },
	/* a key in the wrong case */
	{ __LINE__, REFUSE, TEXT("Version: STSv1\n" E X A),
	    "1:1: error: key \"Version\": ~lower case~write \"version:" },
	{ __LINE__, REFUSE, TEXT(V "MODE: enforce\n" X A),
	    "2:1: error: key \"MODE\": ~lower case~write \"mode:" },
	{ __LINE__, REFUSE, TEXT(V E "Mx: a.example\n" A),
	    "3:1: error: key \"Mx\": ~lower case~write \"mx:" },
	{ __LINE__, PASS, TEXT(V E X "Max_Age: 1234567\n"),
	    "4:1: error: key \"Max_Age\": ~lower case~write \"max_age:" },
	{ __LINE__, REFUSE, TEXT(V "Mode: Enforce\n" X A),
	    "2:1: error: key \"Mode\": ~lower case\n"
	    "2:7: error: mode \"Enforce\": ~write enforce" },
	/* white space before the key or the colon */
	{ __LINE__, REFUSE, TEXT(V " mode: enforce\n" X A),
	    "2:1: error: line \"mode: enforce\": white space before~begin" },
	{ __LINE__, REFUSE, TEXT(V E "\tmx: a.example\n" A),
	    "3:1: error: line \"mx: a.example\": white space before~begin" },
	{ __LINE__, REFUSE, TEXT(V "mode : enforce\n" X A),
	    "2:5: error: key \"mode\": white space before the colon~write" },
	{ __LINE__, REFUSE, TEXT(V E X "max_age \t:604800\n"),
	    "4:8: error: key \"max_age\": white space before the colon" },
	{ __LINE__, REFUSE, TEXT(V E X A "  # indented\n"),
	    "5:1: error: white space before" },
	{ __LINE__, REFUSE, TEXT(V E X A "  # indented: this too\n"),
	    "5:1: error: white space before" },
	{ __LINE__, PASS, TEXT(V E X A " # indented: this too\n"),
	    "5:1: error: white space before" },
	/* a line without a colon, an empty value, an empty key */
	{ __LINE__, REFUSE, TEXT("version=STSv1\n" E X A),
	    "1:1: error: line \"version=STSv1\": no colon~write \"version: " },
	{ __LINE__, REFUSE, TEXT(V "mode enforce\n" X A),
	    "2:1: error: line \"mode enforce\": no colon~write \"mode: " },
	{ __LINE__, REFUSE, TEXT(V E "MX mx.example\n" A),
	    "3:1: error: line \"MX mx.example\": no colon~write \"mx: " },
	{ __LINE__, REFUSE, TEXT(V E X "max_age\n"),
	    "4:1: error: line \"max_age\": no colon~write \"max_age: " },
	{ __LINE__, REFUSE, TEXT(V E X A "what\n"),
	    "5:1: error: line \"what\": no colon~write \"key: value\"" },
	{ __LINE__, PASS, TEXT(V E X A "what\n"),
	    "5:1: error: line \"what\": no colon~write \"key: value\"" },
	{ __LINE__, REFUSE, TEXT("version:\n" E X A),
	    "1:9: error: key \"version\": no value~write \"version: STSv1" },
	{ __LINE__, REFUSE, TEXT(V "mode: \t\n" X A),
	    "2:6: error: key \"mode\": no value~write \"mode: " },
	{ __LINE__, REFUSE, TEXT(V E "mx:\n" A),
	    "3:4: error: key \"mx\": no value~write \"mx: " },
	{ __LINE__, REFUSE, TEXT(V E X "mx:\n" A),
	    "4:4: error: key \"mx\": no value~write \"mx: " },
	{ __LINE__, REFUSE, TEXT(V E X "max_age:"),
	    "4:9: error: key \"max_age\": no value~write \"max_age: 604800" },
	{ __LINE__, REFUSE, TEXT(V E X A "other:\n"),
	    "5:7: error: key \"other\": no value~leave the line out" },
	{ __LINE__, REFUSE, TEXT(V E X A ": x\n"), "5:1: error: key \"\"" },
	{ __LINE__, PASS, TEXT(V E X A ": x\n"), "5:1: error: key \"\"" },
	/* version and mode */
	{ __LINE__, REFUSE, TEXT("version: STSv2\n" E X A),
	    "1:10: error: version \"STSv2\": ~write \"version: STSv1\"" },
	{ __LINE__, REFUSE, TEXT("version: stsv1\n" E X A),
	    "1:10: error: version \"stsv1\": ~write \"version: STSv1\"" },
	{ __LINE__, REFUSE, TEXT("version: STSv1;\n" E X A),
	    "1:10: error: version \"STSv1;\": ~write \"version: STSv1\"" },
	{ __LINE__, REFUSE, TEXT("version: \"STSv1\"\n" E X A),
	    "1:10: error: version \"\"STSv1\"\": ~write \"version: STSv1\"" },
	{ __LINE__, REFUSE, TEXT(V "mode: enforced\n" X A),
	    "2:7: error: mode \"enforced\": ~write enforce, testing or none" },
	{ __LINE__, REFUSE, TEXT(V "mode:  Testing\n" X A),
	    "2:8: error: mode \"Testing\": ~lower case" },
	{ __LINE__, REFUSE, TEXT(V "mode: bogus\n" A),
	    "2:7: error: mode \"bogus\": ~write enforce" },
	/* max_age */
	{ __LINE__, REFUSE, TEXT(V E X "max_age: 31557601\n"),
	    "4:10: error: max_age \"31557601\": longer~write 31557600" },
	{ __LINE__, REFUSE, TEXT(V E X "max_age: 9999999999\n"),
	    "4:10: error: max_age \"9999999999\": longer~write 31557600" },
	{ __LINE__, REFUSE, TEXT(V E X "max_age: 4294967297\n"),
	    "4:10: error: max_age \"4294967297\": longer~write 31557600" },
	{ __LINE__, REFUSE, TEXT(V E X "max_age: 00000604800\n"),
	    "4:10: error: max_age \"00000604800\": ~1 to 10 digits~write" },
	{ __LINE__, REFUSE, TEXT(V E X "max_age: 7d\n"),
	    "4:10: error: max_age \"7d\": ~1 to 10 digits; write 604800" },
	{ __LINE__, REFUSE, TEXT(V E X "max_age: 2y\n"),
	    "4:10: error: max_age \"2y\": ~1 to 10 digits~write seconds" },
	{ __LINE__, REFUSE, TEXT(V E X "max_age: -1\n"),
	    "4:10: error: max_age \"-1\": ~1 to 10 digits~write seconds" },
	{ __LINE__, REFUSE, TEXT(V E X "max_age: 604800 # week\n"),
	    "4:10: error: max_age \"604800 # week\": ~digits~write seconds" },
	{ __LINE__, REFUSE, TEXT(V E X "max_age: 604800;\n"),
	    "4:10: error: max_age \"604800;\": ~1 to 10 digits~write" },
	/* mx: one of each kind; the rest is in test_mxpattern.c */
	{ __LINE__, REFUSE, TEXT(V E "mx: mx.example.\n" A),
	    "3:15: error: mx \"mx.example.\": a final dot~leave" },
	{ __LINE__, REFUSE, TEXT(V E "mx: m_x.example\n" A),
	    "3:6: error: mx \"m_x.example\": an underscore~write" },
	{ __LINE__, REFUSE,
	    TEXT(V E "mx: b\xc3\xbc"
		     "cher.example\n" A),
	    "3:6: error: mx \"b\\xc3\\xbccher.example\": ~A-label" },
	{ __LINE__, REFUSE, TEXT(V E "mx: a.*.example\n" A),
	    "3:7: error: mx \"a.*.example\": ~wildcard~write *.example.com" },
	{ __LINE__, REFUSE, TEXT(V E "mx: *mx.example\n" A),
	    "3:5: error: mx \"*mx.example\": ~wildcard~write *.example.com" },
	{ __LINE__, REFUSE, TEXT(V E "mx: 192.0.2.1\n" A),
	    "3:5: error: mx \"192.0.2.1\": ~address~write the host name" },
	{ __LINE__, REFUSE, TEXT(V E "mx: mx.example:25\n" A),
	    "3:15: error: mx \"mx.example:25\": ~port~write the host name" },
	{ __LINE__, REFUSE, TEXT(V E "mx: a.example, b.example\n" A),
	    "3:14: error: mx \"a.example, b.example\": ~list~for each" },
	{ __LINE__, REFUSE, TEXT(V E "mx: https://a.example/\n" A),
	    "3:10: error: mx \"https://a.example/\": ~URL~the host name" },
	{ __LINE__, REFUSE, TEXT(V E "mx: a..example\n" A),
	    "3:7: error: mx \"a..example\": an empty label~write" },
	{ __LINE__, REFUSE, TEXT(V E "mx: " LABEL63 "d.a\n" A),
	    "3:5: error: mx \"" TEN TEN TEN TEN TEN TEN "...\": ~63 octets" },
	{ __LINE__, REFUSE, TEXT(V E "mx: " NAME253 "y\n" A),
	    "3:5: error: mx \"" TEN TEN TEN TEN TEN TEN "...\": ~253 octets" },
	{ __LINE__, REFUSE, TEXT(V E "mx: a_.b\nmx: b.\n" X A),
	    "3:6: error: mx \"a_.b\"\n4:6: error: mx \"b.\"" },
	/* an unknown key */
	{ __LINE__, REFUSE, TEXT(V E X A "comment: x\n"),
	    "5:1: error: key \"comment\": ~leave the line out" },
	{ __LINE__, REFUSE, TEXT("versoin: STSv1\n" E X A),
	    "1:1: error: key \"versoin\": ~did you mean version?" },
	{ __LINE__, REFUSE, TEXT(V "mod: enforce\n" X A),
	    "2:1: error: key \"mod\": ~did you mean mode?" },
	{ __LINE__, REFUSE, TEXT(V E "mxs: a.example\n" A),
	    "3:1: error: key \"mxs\": ~did you mean mx?" },
	{ __LINE__, REFUSE, TEXT(V E X "max-age: 604800\n"),
	    "4:1: error: key \"max-age\": ~did you mean max_age?" },
	{ __LINE__, REFUSE, TEXT(V E X "Max-Age: 604800\n"),
	    "4:1: error: key \"Max-Age\": ~did you mean max_age?" },
	{ __LINE__, REFUSE, TEXT(V E X "MAXAGE: 604800\n"),
	    "4:1: error: key \"MAXAGE\": ~did you mean max_age?" },
	{ __LINE__, REFUSE, TEXT(V E "modes: x\n" X A),
	    "3:1: error: key \"modes\": ~did you mean mode?" },
	{ __LINE__, REFUSE, TEXT(V "modes: x\n" E X A),
	    "2:1: error: key \"modes\": ~did you mean mode?" },
	{ __LINE__, REFUSE, TEXT(V E X A "\xc3\xa4: x\n"),
	    "5:1: error: key \"\\xc3\\xa4\": " },
	{ __LINE__, REFUSE, TEXT(V E X A TEN TEN TEN "123: x\n"),
	    "5:1: error: key \"" TEN TEN TEN "123\": ~leave the line out" },
	{ __LINE__, REFUSE, TEXT(V E X A "moot: x\n"),
	    "5:1: error: key \"moot\": ~leave the line out" },
	/* bytes */
	{ __LINE__, REFUSE, TEXT(V E X A "#\0\n"),
	    "5:2: error: control character U+0000; save the file as UTF-8" },
	{ __LINE__, REFUSE, TEXT(V "mode: enforce\0\n" X A),
	    "2:14: error: control character U+0000; save the file as UTF-8" },
	{ __LINE__, REFUSE, TEXT(V E X "max_age: 604800\x1a\n"),
	    "4:16: error: control character U+001A; delete it" },
	{ __LINE__, REFUSE, TEXT(V E "mx: a.example\x7f\n" A),
	    "3:14: error: control character U+007F; delete it" },
	{ __LINE__, REFUSE, TEXT(V E X A "# a\vb\fc\n"),
	    "5:4: error: control character U+000B; delete it" },
	{ __LINE__, REFUSE, TEXT(V E X A "# \xc2\x80\n"),
	    "5:3: error: control character~80; delete it" },
	{ __LINE__, PASS, TEXT(V E X A "a: b\xc2\x9f\n"),
	    "5:5: error: control character U+009F; delete it" },
	{ __LINE__, REFUSE, TEXT(V E X A "# \xff\n# \x80\n"),
	    "5:3: error: byte 0xff~save the file as UTF-8\n"
	    "6:3: error: byte 0x80~save the file as UTF-8" },
	{ __LINE__, REFUSE, TEXT(V E X A "# \xc0\xaf\n"),
	    "5:3: error: byte 0xc0~save the file as UTF-8" },
	{ __LINE__, REFUSE, TEXT(V E X A "# \xe0\x80\xaf\n"),
	    "5:3: error: byte 0xe0~save the file as UTF-8" },
	{ __LINE__, REFUSE, TEXT(V E X A "# \xed\xa0\x80\n"),
	    "5:3: error: byte 0xed~save the file as UTF-8" },
	{ __LINE__, REFUSE, TEXT(V E X A "# \xf4\x90\x80\x80\n"),
	    "5:3: error: byte 0xf4~save the file as UTF-8" },
	{ __LINE__, REFUSE, TEXT(V E X A "# \xc3\n\xbc"),
	    "5:3: error: byte 0xc3~UTF-8\n6:1: error: byte 0xbc~UTF-8" },
	{ __LINE__, REFUSE,
	    TEXT(V E "mx: b\xfc"
		     "cher.example\n" A),
	    "3:6: error: byte 0xfc~save the file as UTF-8" },
	{ __LINE__, REFUSE, TEXT(V "mode: enforce\xc2\xa0\n" X A),
	    "2:7: error: mode \"enforce\\xc2\\xa0\": ~write enforce" },
	/* a line end spelled out: at its place, and read as it was meant */
	{ __LINE__, REFUSE, TEXT("version: STSv1\\r\\n\n" E X A),
	    "1:15: error: ~line end spelled out~begin a new line" },
	{ __LINE__, REFUSE,
	    TEXT("version: STSv1\\r\\nmode: enforce\\r\\nmx: mx.example\\r\\n"
		 "max_age: 604800\\r\\n"),
	    "1:15: error: ~line end spelled out\n"
	    "1:32: error: ~line end spelled out\n"
	    "1:50: error: ~line end spelled out\n"
	    "1:69: error: ~line end spelled out" },
	{ __LINE__, REFUSE, TEXT(V E X A "\\r\\n\\r\\n\n"),
	    "5:1: error: ~line end spelled out\n5:5: error: ~line end" },
	{ __LINE__, REFUSE, TEXT(V "mode: Enforce\\r\\nmx: b.\\r\\n\n" A),
	    "2:7: error: mode \"Enforce\"\n2:14: error: ~line end spelled out\n"
	    "2:23: error: mx \"b.\"\n2:24: error: ~line end spelled out" },
	{ __LINE__, REFUSE, TEXT(V E X "max_age: 604800\\r\\n# x\n"),
	    "4:16: error: ~line end spelled out" },
	{ __LINE__, REFUSE, TEXT(V E X A "# backup\\r\\nmx: b.example\n"),
	    "5:9: error: ~line end spelled out~begin a new line" },
	{ __LINE__, PASS, TEXT(V E X A "a: b\\r\\n\n"),
	    "5:5: error: ~line end spelled out" },
	/* fields passed through */
	{ __LINE__, PASS, TEXT(V E X A "a: b\nc: d\na: e\n"),
	    "7:1: error: key \"a\": given twice~keep one" },
	{ __LINE__, PASS, TEXT(V E X A TEN TEN TEN "123: x\n"),
	    "5:1: error: key \"" TEN TEN TEN "123\": ~1 to 32" },
	{ __LINE__, PASS, TEXT(V E X A "_a: x\n"),
	    "5:1: error: key \"_a\": ~1 to 32 letters" },
	{ __LINE__, PASS, TEXT(V E X A "a b: x\n"),
	    "5:1: error: key \"a b\": ~1 to 32 letters" },
	{ __LINE__, PASS, TEXT(V E X A "\xc3\xa4: x\n"),
	    "5:1: error: key \"\\xc3\\xa4\": ~1 to 32 letters" },
	{ __LINE__, PASS, TEXT(V E X A "a: b\tc\n"),
	    "5:4: error: value \"b\\x09c\": a tab~write single spaces" },
	{ __LINE__, PASS, TEXT(V E X A "a: \xc3\xbc\n"),
	    "5:4: error: value \"\\xc3\\xbc\": ~outside ASCII" },
	{ __LINE__, PASS,
	    TEXT(V E X A "a: b\xc2\xa0"
			 "c\n"),
	    "5:4: error: value \"b\\xc2\\xa0c\": ~outside ASCII" },
	{ __LINE__, PASS,
	    TEXT(V E X A "a: b\xe2\x80\xa8"
			 "c\n"),
	    "5:4: error: value \"b\\xe2\\x80\\xa8c\": ~outside ASCII" },
	{ __LINE__, PASS, TEXT(V E X A "a: \xe2\x80\xa9\n"),
	    "5:4: error: value \"\\xe2\\x80\\xa9\": ~outside ASCII" },
	{ __LINE__, PASS, TEXT(V E X A "a:\n"),
	    "5:3: error: key \"a\": no value~leave the line out" },
	{ __LINE__, PASS, TEXT(V E X A "a : b\n"),
	    "5:2: error: key \"a\": white space before the colon" },
	/* all errors of a text in one run */
	{ __LINE__, REFUSE,
	    TEXT("\xef\xbb\xbfVersion: STSv2\r\n mode: on\r"
		 "mx: a b\n\nmx: c.\nmaxage: 1\n"),
	    "1:1: error: key \"Version\"\n1:10: error: version \"STSv2\"\n"
	    "2:1: error: ~white space before\n2:8: error: mode \"on\"\n"
	    "3:6: error: mx \"a b\"\n5:6: error: mx \"c.\"\n"
	    "6:1: error: key \"maxage\"" },
};
#endif
