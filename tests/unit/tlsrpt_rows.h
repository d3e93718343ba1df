/*
 * Reports and what is made of them: the rows for test_tlsrpt.c.
 */
#define ORG     "\"organization-name\":\"Org\",\"report-id\":\"1\""
#define SUMMARY "\"summary\":{\"total-successful-session-count\":7}"
#define ABOUT                                                                  \
	"\"policy\":{\"policy-type\":\"sts\",\"policy-domain\":\"a.example\"}"
#define POLICY ABOUT "," SUMMARY
#define REPORT "{" ORG ",\"policies\":[{" POLICY "}]}"
#define SEEN   "a.example Org sts - - 7 0 1 - - -\n"

/* One policy, with something more in it. */
#define WITH(more)    "{" ORG ",\"policies\":[{" POLICY "," more "}]}"
#define DETAILS(more) WITH("\"failure-details\":" more)
#define RANGE(start, end)                                                      \
	"{" ORG ",\"date-range\":{\"start-datetime\":" start                   \
	",\"end-datetime\":" end "},\"policies\":[{" POLICY "}]}"

/* Each row of sums: domain sender policy result mx good failed reports, first
 * and last day, reason; "-" for what is not known. */
static const struct {
	int line;
	const char *text, *sums, *findings;
} reads[] = {
	/* what is there, and what is not */
	{ __LINE__, REPORT, SEEN, "" },
	{ __LINE__, "\xef\xbb\xbf \r\n" REPORT "\r\n \n", SEEN, "" },
	{ __LINE__, REPORT "\n" REPORT, SEEN, "" },
	{ __LINE__, "{" ORG "}", "", "" },
	{ __LINE__, "{" ORG ",\"policies\":null}", "", "" },
	{ __LINE__, "{" ORG ",\"policies\":[]}", "", "" },
	{ __LINE__, "{" ORG ",\"policies\":{" POLICY "}}", SEEN, "" },
	{ __LINE__,
	    "{" ORG ",\"contact-info\":null,\"policies\":[{" POLICY "}]}", SEEN,
	    "" },
	{ __LINE__, "{\"policies\":[{}]}", "hint.example - - - - 0 0 1 - - -\n",
	    "" },
	{ __LINE__, "{\"policies\":[{\"policy\":null,\"summary\":null}]}",
	    "hint.example - - - - 0 0 1 - - -\n", "" },
	{ __LINE__,
	    "{\"report-id\":\"x\",\"policies\":[{\"policy\":{\"policy-type\":"
	    "\"no-policy-found\"}}]}",
	    "hint.example - no-policy-found - - 0 0 1 - - -\n", "" },
	/* a domain is one, however it is written */
	{ __LINE__,
	    "{" ORG ",\"policies\":[{" POLICY
	    "},{\"policy\":{\"policy-type\":\"STS\","
	    "\"policy-domain\":\" A.Example. \"}," SUMMARY "}]}",
	    "a.example Org sts - - 14 0 1 - - -\n", "" },
	/* days */
	{ __LINE__,
	    RANGE("\"2026-11-20T00:00:00Z\"", "\"2026-11-20T23:59:59Z\""),
	    "a.example Org sts - - 7 0 1 2026-11-20 2026-11-20 -\n", "" },
	{ __LINE__,
	    RANGE("\"2026-11-20T00:00:00Z\"", "\"2026-11-21T00:00:00Z\""),
	    "a.example Org sts - - 7 0 1 2026-11-20 2026-11-20 -\n", "" },
	{ __LINE__, RANGE("null", "\"2026-11-21\""),
	    "a.example Org sts - - 7 0 1 2026-11-20 2026-11-20 -\n", "" },
	{ __LINE__, RANGE("\"2026-11-20\"", "null"),
	    "a.example Org sts - - 7 0 1 2026-11-20 2026-11-20 -\n", "" },
	{ __LINE__, RANGE("\"yesterday\"", "true"), SEEN,
	    "0:0: error: start-datetime is no time~2026-11-22T00:00:00Z\n"
	    "0:0: error: end-datetime is no string" },
	/* counts */
	{ __LINE__,
	    "{" ORG ",\"policies\":[{" ABOUT ",\"summary\":{"
	    "\"total-successful-session-count\":\" 7 \","
	    "\"total-failure-session-count\":2.0}}]}",
	    "a.example Org sts - - 7 2 1 - - -\n", "" },
	{ __LINE__,
	    "{" ORG ",\"policies\":[{" ABOUT ",\"summary\":{"
	    "\"total-successful-session-count\":9007199254740991,"
	    "\"total-failure-session-count\":9007199254740992}}]}",
	    "a.example Org sts - - 9007199254740991 0 1 - - -\n",
	    "0:0: error: policies[0].total-failure-session-count is above "
	    "2^53~does not count" },
	{ __LINE__,
	    "{" ORG ",\"policies\":[{" ABOUT ",\"summary\":{"
	    "\"total-successful-session-count\":-1,"
	    "\"total-failure-session-count\":99999999999999999999999999}}]}",
	    "a.example Org sts - - 0 0 1 - - -\n",
	    "0:0: error: policies[0].total-successful-session-count is below\n"
	    "0:0: error: policies[0].total-failure-session-count is above" },
	{ __LINE__,
	    "{" ORG ",\"policies\":[{" ABOUT ",\"summary\":{"
	    "\"total-successful-session-count\":\"7x\","
	    "\"total-failure-session-count\":[]}}]}",
	    "a.example Org sts - - 0 0 1 - - -\n",
	    "0:0: error: policies[0].total-successful-session-count is no "
	    "number\n"
	    "0:0: error: policies[0].total-failure-session-count is no "
	    "number" },
	/* failures */
	{ __LINE__,
	    DETAILS("[{\"result-type\":\"Certificate-Expired\","
		    "\"receiving-mx-hostname\":\"MX.a.example.\","
		    "\"failed-session-count\":3,"
		    "\"failure-reason-code\":\"Has Expired\"},"
		    "{\"result-type\":\"certificate-expired\","
		    "\"receiving-mx-hostname\":[\"mx.a.example\"],"
		    "\"failed-session-count\":\"2\"}]"),
	    "a.example Org sts - - 7 5 1 - - -\n"
	    "a.example Org sts certificate-expired mx.a.example 0 5 1 - - "
	    "Has Expired\n",
	    "" },
	{ __LINE__,
	    DETAILS("{\"result-type\":\"x\",\"receiving-mx-helo\":\"h\"}"),
	    "a.example Org sts - - 7 0 1 - - -\n"
	    "a.example Org sts x h 0 0 1 - - -\n",
	    "" },
	{ __LINE__,
	    "{" ORG ",\"policies\":[{" ABOUT ",\"summary\":{"
	    "\"total-failure-session-count\":4},\"failure-details\":[{}]}]}",
	    "a.example Org sts - - 0 4 1 - - -\n"
	    "a.example Org sts unknown - 0 4 1 - - -\n",
	    "" },
	{ __LINE__, DETAILS("null"), SEEN, "" },
	{ __LINE__, DETAILS("[]"), SEEN, "" },
	{ __LINE__, DETAILS("\"none\""), SEEN,
	    "0:0: error: policies[0].failure-details is no array\n"
	    "0:0: error: policies[0].failure-details is no array" },
	{ __LINE__,
	    DETAILS("[7,{\"result-type\":{},\"failed-session-count\":1}]"),
	    "a.example Org sts - - 7 1 1 - - -\n"
	    "a.example Org sts unknown - 0 1 1 - - -\n",
	    "0:0: error: policies[0].failure-details[0] is no object\n"
	    "0:0: error: policies[0].failure-details[0] is no object\n"
	    "0:0: error: policies[0].failure-details[1].result-type is no "
	    "string" },
	/* other types than these */
	{ __LINE__,
	    "{\"organization-name\":{},\"date-range\":[],\"report-id\":true,"
	    "\"policies\":7}",
	    "",
	    "0:0: error: organization-name is no string\n"
	    "0:0: error: date-range is no object\n"
	    "0:0: error: report-id is no string\n"
	    "0:0: error: policies is no array" },
	{ __LINE__,
	    "{\"organization-name\":12,\"policies\":[7,{\"policy\":[],"
	    "\"summary\":"
	    "1},{\"policy\":{\"mx-host\":{},\"policy-domain\":[\"b.example\"]}}"
	    "]}",
	    "b.example 12 - - - 0 0 1 - - -\n"
	    "hint.example 12 - - - 0 0 1 - - -\n",
	    "0:0: error: policies[0] is no object\n"
	    "0:0: error: policies[1].policy is no object\n"
	    "0:0: error: policies[1].summary is no object\n"
	    "0:0: error: policies[2].mx-host is no string" },
	/* nothing that a terminal would take for more than text */
	{ __LINE__,
	    "{\"organization-name\":\"a\\u0000b\\u001b[2J\\n\xc3\xa9\x80\","
	    "\"policies\":[{" POLICY "}]}",
	    "a.example a\\x00b\\x1b[2J\\x0a\\xc3\\xa9\\x80 sts - - 7 0 1 - - "
	    "-\n",
	    "" },
	/* no report */
	{ __LINE__, "", "", "0:0: error: there is nothing in it" },
	{ __LINE__, " \n\xef\xbb\xbf", "", "2:1: error: no TLS report" },
	{ __LINE__, "[" REPORT "]", "", "1:1: error: no TLS report~with {" },
	{ __LINE__, "{}", "", "1:1: error: JSON, and no TLS report" },
	{ __LINE__, "\n {\"a\":1}", "", "2:2: error: JSON, and no TLS report" },
	{ __LINE__, REPORT "\n\nx", SEEN, "3:1: error: no TLS report" },
	{ __LINE__, REPORT ",", SEEN, "1:165: error: no TLS report" },
	{ __LINE__, "{\n  \"policies\": [,]}", "", "2:16: error: no JSON: " },
	{ __LINE__, "{'policies':[]}", "", "1:2: error: no JSON: ~outside" },
	{ __LINE__, "{/* \" */}", "", "1:2: error: no JSON: ~outside" },
	{ __LINE__, "{\"policies\":[\n{\"policy\":", "",
	    "2:11: error: the report ends too soon~again" },
};
