/*
 * record.c: what is published, and what a sender makes of what is published,
 * against rows and against the ABNF of RFC 8461 section 3.1 as a regular
 * expression.
 */
#include "unit.h"

#include <regex.h>

#include "record.h"

#define TEN  "abcdefghij"
#define ID32 TEN TEN TEN "12"

static struct unit_findings found;

/* A set of up to three records; NULL is none. */
static bool
read_values(const char *const values[3], char id[RECORD_ID_SIZE],
    struct diag_sink *sink)
{
	struct text_span spans[3];
	size_t count = 0;

	while (count < 3 && values[count] != NULL) {
		spans[count] =
		    (struct text_span){ values[count], strlen(values[count]) };
		count++;
	}
	return record_read_sts(spans, count, id, sink);
}

static const struct {
	int line;
	const char *value, *id;
} good[] = {
	{ __LINE__, "v=STSv1; id=20160831085700Z;", "20160831085700Z" },
	{ __LINE__, "v=STSv1; id=1", "1" },
	{ __LINE__, "v=STSv1;id=1;", "1" },
	{ __LINE__, "v=STSv1;\t \tid=1\t ; ", "1" },
	{ __LINE__, "v=STSv1; id=" ID32 ";", ID32 },
	{ __LINE__, "v=STSv1; id=aZ09;", "aZ09" },
};

static void
test_good(void **state)
{
	const __typeof__(good[0]) *row;

	(void)state;
	UNIT_EACH (row, good) {
		const char *const values[3] = { row->value };
		struct diag_sink sink = unit_sink(&found);
		char id[RECORD_ID_SIZE];

		UNIT_EXPECT(row->line, read_values(values, id, &sink));
		UNIT_STRING(row->line, id, row->id);
		UNIT_FINDINGS(row->line, &found, "");
	}
}

/* id is what a sender sees all the same, or NULL. */
static const struct {
	int line;
	const char *values[3];
	const char *id, *findings;
} told[] = {
	/* the set */
	{ __LINE__, { NULL }, NULL, "0:0: error: no record begins~write" },
	{ __LINE__, { "v=spf1 -all" }, NULL,
	    "1:1: warning: no MTA-STS record\n"
	    "0:0: error: no record begins" },
	{ __LINE__, { "" }, NULL,
	    "1:1: warning: no MTA-STS record\n"
	    "0:0: error: no record begins" },
	{ __LINE__, { "v=spf1 -all", "v=STSv1; id=1;" }, "1",
	    "1:1: warning: no MTA-STS record" },
	{ __LINE__, { "v=STSv1; id=1;", "v=STSv1; id=1;" }, NULL,
	    "2:1: error: a second record~none; keep one" },
	{ __LINE__, { "v=STSv1; id=1;", "v=STSv1; id=;" }, NULL,
	    "2:13: error: no id\n"
	    "2:1: error: a second record" },
	{ __LINE__, { "v=STSv1; id=-;", "v=STSv1; id=1;" }, NULL,
	    "1:13: error: an id is of letters\n"
	    "2:1: error: a second record" },
	{ __LINE__, { "v=STSv1; id=1;", "v=STSv1; id=2;", "v=STSv1; id=3;" },
	    NULL,
	    "2:1: error: a second record\n"
	    "3:1: error: a second record" },
	/* the version */
	{ __LINE__, { "v=STSv1 ; id=1;" }, NULL,
	    "1:8: error: white space before~erratum 6285~\"v=STSv1;\"" },
	{ __LINE__, { "v=STSv1\t; id=1;" }, NULL,
	    "1:8: error: white space before" },
	{ __LINE__, { "v=STSv1" }, NULL, "1:8: error: no \";\" right after" },
	{ __LINE__, { "v=STSv1 id=1;" }, NULL,
	    "1:8: error: no \";\" right after" },
	{ __LINE__, { "v=STSv1, id=1;" }, NULL,
	    "1:8: error: no \";\" right after" },
	{ __LINE__, { "v=STSv1 ; id=1;", "v=STSv1; id=2;" }, "2",
	    "1:8: error: white space before" },
	{ __LINE__, { "v=stsv1; id=1;" }, NULL,
	    "1:1: error: the version is case" },
	{ __LINE__, { "V=STSv1; id=1;" }, NULL,
	    "1:1: error: the version is case" },
	{ __LINE__, { " v=STSv1; id=1;" }, NULL,
	    "1:1: error: something before the version~begin with" },
	{ __LINE__, { "id=1; v=STSv1;" }, NULL,
	    "1:1: error: something before the version" },
	{ __LINE__, { "id=1;" }, NULL, "1:1: error: the version is missing" },
	{ __LINE__, { "v=STSv2; id=1;" }, NULL,
	    "1:1: warning: no MTA-STS record\n"
	    "0:0: error: no record begins" },
	{ __LINE__, { "v=STSv1; v=STSv1; id=1" }, "1",
	    "1:10: error: the version is given twice" },
	/* the id */
	{ __LINE__, { "v=STSv1;" }, NULL,
	    "1:9: error: the id is missing; add id=" },
	{ __LINE__, { "v=STSv1; " }, NULL, "1:10: error: the id is missing" },
	{ __LINE__, { "v=STSv1; id=" }, NULL, "1:13: error: no id after" },
	{ __LINE__, { "v=STSv1; id=2016-08" }, NULL,
	    "1:17: error: an id is of letters~1 to 32 letters and digits" },
	{ __LINE__, { "v=STSv1; id=2016_08" }, NULL,
	    "1:17: error: an id is of letters" },
	{ __LINE__, { "v=STSv1; id=" ID32 "3;" }, NULL,
	    "1:45: error: an id longer than 32" },
	{ __LINE__, { "v=STSv1; ID=1;" }, NULL,
	    "1:10: error: senders ignore it: names are case~lower case" },
	{ __LINE__, { "v=STSv1; ID=2; id=1;" }, "1",
	    "1:10: error: senders ignore it" },
	{ __LINE__, { "v=STSv1; id=1; id=2;" }, "1",
	    "1:16: error: id is given twice; senders take the first" },
	{ __LINE__, { "v=STSv1; id=1; id=-;" }, NULL,
	    "1:16: error: id is given twice\n"
	    "1:19: error: an id is of letters" },
	{ __LINE__, { "v=STSv1; id = 1;" }, NULL,
	    "1:12: error: white space within a field" },
	{ __LINE__, { "v=STSv1; id=1 2;" }, NULL,
	    "1:14: error: white space within a field" },
	{ __LINE__, { "v=STSv1; id=\"1\";" }, NULL,
	    "1:13: error: an id is of letters" },
	/* delimiters */
	{ __LINE__, { "v=STSv1; id=1;;" }, NULL,
	    "1:15: error: an empty field; delete one" },
	{ __LINE__, { "v=STSv1;; id=1;" }, NULL, "1:9: error: an empty field" },
	{ __LINE__, { "v=STSv1; ; id=1" }, NULL,
	    "1:10: error: an empty field" },
	{ __LINE__, { "v=STSv1; id=1 " }, NULL,
	    "1:14: error: white space at the end; delete it" },
	{ __LINE__, { "v=STSv1; id" }, NULL, "1:10: error: no \"=\" in it" },
	/* other fields */
	{ __LINE__, { "v=STSv1; id=1; a.b-c_1=x;" }, "1",
	    "1:16: warning: senders know no such field" },
	{ __LINE__, { "v=STSv1; " ID32 "=x; id=1;" }, "1",
	    "1:10: warning: senders know no such field" },
	{ __LINE__, { "v=STSv1; " ID32 "3=x; id=1;" }, NULL,
	    "1:10: error: not the name of a field" },
	{ __LINE__, { "v=STSv1; _a=x; id=1;" }, NULL,
	    "1:10: error: not the name of a field" },
	{ __LINE__, { "v=STSv1; =x; id=1;" }, NULL,
	    "1:10: error: not the name of a field" },
	{ __LINE__, { "v=STSv1; a=; id=1;" }, NULL,
	    "1:12: error: no value after" },
	{ __LINE__, { "v=STSv1; a=b=c; id=1;" }, NULL,
	    "1:13: error: a second \"=\"" },
	{ __LINE__, { "v=STSv1; id=1; v=" }, NULL,
	    "1:18: error: no value after" },
	{ __LINE__, { "v=STSv1; id=1; ID=;" }, NULL,
	    "1:19: error: no value after" },
	{ __LINE__, { "v=STSv1; id=1; Id=a=b" }, NULL,
	    "1:20: error: a second \"=\"" },
	/* bytes */
	{ __LINE__, { "v=STSv1; id=\xc3\xbc;" }, NULL,
	    "1:13: error: a byte outside ASCII" },
	{ __LINE__, { "v=STSv1; id=1\x7f" }, NULL,
	    "1:14: error: a control character" },
	{ __LINE__, { "v=STSv1; id=1\n" }, NULL,
	    "1:14: error: a control character" },
	/* all of one record */
	{ __LINE__, { "v=STSv1;;id;a=;id=-" }, NULL,
	    "1:9: error: an empty field\n"
	    "1:10: error: no \"=\" in it\n"
	    "1:15: error: no value\n"
	    "1:19: error: an id is of letters" },
};

static void
test_told(void **state)
{
	const __typeof__(told[0]) *row;

	(void)state;
	UNIT_EACH (row, told) {
		struct diag_sink sink = unit_sink(&found);
		char id[RECORD_ID_SIZE] = "stale";

		UNIT_EXPECT(row->line,
		    read_values(row->values, id, &sink) == (row->id != NULL));
		UNIT_STRING(row->line, id, row->id ? row->id : "");
		UNIT_FINDINGS(row->line, &found, row->findings);
		UNIT_EXPECT(row->line, sink.errors + sink.warnings > 0);
	}
}

/* Section 3.1, and that a field named id is an sts-id or wrong. */
#define FIELD                                                                  \
	"(id=[A-Za-z0-9]{1,32}|"                                               \
	"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[!-:<>-~]+)"
#define DELIM  "[ \t]*;[ \t]*"
#define RECORD "^v=STSv1(" DELIM FIELD ")+(" DELIM ")?$"
#define HAS_ID ";[ \t]*id=[A-Za-z0-9]{1,32}[ \t]*(;|$)"
#define BAD_ID ";[ \t]*id=([^;]*[^A-Za-z0-9; \t][^;]*)?[ \t]*(;|$)"

static bool
matches(const regex_t *expression, const char *text)
{
	return regexec(expression, text, 0, NULL, 0) == 0;
}

/* Every record of up to six octets after "v=STSv1;" of these. */
static void
test_abnf(void **state)
{
	static const char octets[] = "; =id-a\x80";
	const size_t base = sizeof(octets) - 1;
	regex_t record, has_id, bad_id;
	size_t length, count = 1, n, valid = 0;

	(void)state;
	assert_int_equal(regcomp(&record, RECORD, REG_EXTENDED), 0);
	assert_int_equal(regcomp(&has_id, HAS_ID, REG_EXTENDED), 0);
	assert_int_equal(regcomp(&bad_id, BAD_ID, REG_EXTENDED), 0);
	for (length = 0; length <= 6; length++, count *= base)
		for (n = 0; n < count; n++) {
			char value[32] = "v=STSv1;", id[RECORD_ID_SIZE];
			const char *const values[3] = { value };
			struct diag_sink sink = unit_sink(&found);
			size_t rest = n, i;
			bool want, got;

			for (i = 0; i < length; i++, rest /= base)
				value[8 + i] = octets[rest % base];
			value[8 + length] = '\0';
			want = matches(&record, value) &&
			       matches(&has_id, value) &&
			       !matches(&bad_id, value);
			got = read_values(values, id, &sink);
			if (got != want)
				fail_msg("%s: %d, not %d\n%s", value, got, want,
				    found.text);
			assert_int_equal(got, id[0] != '\0');
			assert_true(got || sink.errors > 0);
			valid += got;
		}
	/* Both answers came up. */
	assert_in_range(valid, 50, count - 1);
	regfree(&record);
	regfree(&has_id);
	regfree(&bad_id);
}

static const struct {
	int line;
	const char *id;
	bool valid;
} ids[] = {
	{ __LINE__, "1", true },
	{ __LINE__, ID32, true },
	{ __LINE__, "aZ09", true },
	{ __LINE__, "", false },
	{ __LINE__, ID32 "3", false },
	{ __LINE__, "a-b", false },
	{ __LINE__, "a ", false },
	{ __LINE__, "\xc3\xbc", false },
};

static void
test_ids(void **state)
{
	const __typeof__(ids[0]) *row;

	(void)state;
	UNIT_EACH (row, ids) {
		struct text_span id = { row->id, strlen(row->id) };

		UNIT_EXPECT(row->line, record_id_is_valid(id) == row->valid);
	}
}

static void
id_of(const char *source, char id[RECORD_ID_SIZE])
{
	static struct policy policy;
	struct diag_sink sink = unit_sink(&found);

	policy_parse(
	    &policy, source, strlen(source), POLICY_UNKNOWN_PASS, &sink);
	policy_validate(&policy, &sink);
	assert_int_equal(sink.errors, 0);
	record_id_of_policy(&policy, id);
}

/* The id is of what is served: sha256sum says the same of these bytes. */
static void
test_id_of_policy(void **state)
{
	char id[RECORD_ID_SIZE], other[RECORD_ID_SIZE];

	(void)state;
	/* printf 'version: STSv1\r\nmode: none\r\nmax_age: 1\r\n' | sha256sum
	 */
	id_of("version: STSv1\nmode: none\nmax_age: 1\n", id);
	assert_string_equal(id, "976d9b542f1a454f6735e51d4b6c184a");
	id_of("# layout does not count\nmax_age:01\nmode:none\nversion:STSv1",
	    other);
	assert_string_equal(other, id);
	id_of("version: STSv1\nmode: none\nmax_age: 2\n", other);
	assert_string_not_equal(other, id);
	id_of("version: STSv1\nmode: none\nmax_age: 1\na: b\n", other);
	assert_string_not_equal(other, id);
	assert_true(record_id_is_valid((struct text_span){ id, strlen(id) }));
}

static void
test_id_of_time(void **state)
{
	char id[RECORD_ID_SIZE];

	(void)state;
	record_id_of_time(0, id);
	assert_string_equal(id, "19700101000000Z");
	record_id_of_time(1795323112, id);
	assert_string_equal(id, "20261122045152Z");
}

static void
test_written(void **state)
{
	static const char *const uris[] = { "mailto:a@b.example",
		"https://c.example/d" };
	char storage[128], small[10];
	struct text text;

	(void)state;
	text_init(&text, storage, sizeof(storage));
	record_add_sts(&text, "1");
	assert_string_equal(storage, "v=STSv1; id=1;");
	text_init(&text, storage, sizeof(storage));
	record_add_tlsrpt(&text, uris, 1);
	assert_string_equal(storage, "v=TLSRPTv1; rua=mailto:a@b.example");
	text_init(&text, storage, sizeof(storage));
	record_add_tlsrpt(&text, uris, 2);
	assert_string_equal(
	    storage, "v=TLSRPTv1; rua=mailto:a@b.example,https://c.example/d");
	text_init(&text, small, sizeof(small));
	record_add_sts(&text, "1");
	assert_true(text.overflow);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_abnf),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_id_of_policy),
		cmocka_unit_test(test_id_of_time),
		cmocka_unit_test(test_written),
	};

	return UNIT_RUN(tests);
}
