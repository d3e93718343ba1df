/*
 * tlsrpt*.c: TLS reports as senders write them and as nobody should, read and
 * summed up. The times, names and result types in them are in
 * test_tlsrpt_words.c.
 */
#include "unit.h"

#include "tlsrpt.h"
#include "tlsrpt_read.h"
#include "text.h"

#include "tlsrpt_rows.h"

static struct unit_findings found;

static const char *
or_dash(const char *name)
{
	return name[0] != '\0' ? name : "-";
}

static void
add_day(struct text *text, time_t time)
{
	struct tm *utc = gmtime(&time);

	if (time == TLSRPT_NO_TIME)
		text_add_string(text, " -");
	else
		text_add_format(text, " %d-%02d-%02d", utc->tm_year + 1900,
		    utc->tm_mon + 1, utc->tm_mday);
}

/* All rows, a line each; see tlsrpt_rows.h. */
static const char *
dump(const struct tlsrpt *tlsrpt)
{
	static char storage[65536];
	const struct tlsrpt_row **rows = tlsrpt_rows(tlsrpt);
	struct text text;
	size_t i;

	text_init(&text, storage, sizeof(storage));
	for (i = 0; i < tlsrpt->row_count; i++) {
		const struct tlsrpt_fact *sum = &rows[i]->sum;

		text_add_format(&text, "%s %s %s %s %s %llu %llu %llu",
		    or_dash(sum->domain), or_dash(sum->sender),
		    or_dash(sum->policy), or_dash(sum->result),
		    or_dash(sum->mx), (unsigned long long)sum->good,
		    (unsigned long long)sum->failed,
		    (unsigned long long)rows[i]->reports);
		add_day(&text, sum->first);
		add_day(&text, sum->last);
		text_add_format(&text, " %s\n", or_dash(sum->reason));
	}
	free(rows);
	return storage;
}

static bool
read_string(struct tlsrpt *tlsrpt, const char *string, struct diag_sink *sink)
{
	return tlsrpt_read(tlsrpt, (struct text_span){ string, strlen(string) },
	    "hint.example", sink);
}

static void
test_reads(void **state)
{
	const __typeof__(reads[0]) *row;

	(void)state;
	unit_rows = "tlsrpt_rows.h";
	UNIT_EACH (row, reads) {
		struct diag_sink sink = unit_sink(&found);
		struct tlsrpt tlsrpt;

		tlsrpt_init(&tlsrpt);
		UNIT_EXPECT(row->line, read_string(&tlsrpt, row->text, &sink));
		UNIT_STRING(row->line, dump(&tlsrpt), row->sums);
		UNIT_FINDINGS(row->line, &found, row->findings);
		tlsrpt_free(&tlsrpt);
	}
}

#define TOLD(id, count)                                                        \
	"{\"organization-name\":\"Org\",\"report-id\":" id ",\"policies\":"    \
	"[{\"policy\":{\"policy-domain\":\"a.example\"},\"summary\":{"         \
	"\"total-successful-session-count\":" count "}}]}"

/* Reports one after the other: how many count, and what is told. */
static const struct {
	int line;
	const char *texts[3];
	const char *sums;
	size_t reports, duplicates;
	const char *findings;
} sets[] = {
	{ __LINE__, { TOLD("\"1\"", "1"), TOLD("\"1\"", "1") },
	    "a.example Org - - - 1 0 1 - - -\n", 1, 1, "" },
	{ __LINE__, { TOLD("\"1\"", "1"), "\n" TOLD("\"1\"", "1") " " },
	    "a.example Org - - - 1 0 1 - - -\n", 1, 1, "" },
	{ __LINE__, { TOLD("\"1\"", "1"), TOLD("\"1\"", "2") },
	    "a.example Org - - - 1 0 1 - - -\n", 1, 1,
	    "0:0: warning: another report of Org has the same report-id, 1" },
	{ __LINE__, { TOLD("\"1\"", "1"), TOLD("\"2\"", "2") },
	    "a.example Org - - - 3 0 2 - - -\n", 2, 0, "" },
	{ __LINE__, { TOLD("null", "1"), TOLD("null", "2"), TOLD("null", "1") },
	    "a.example Org - - - 3 0 2 - - -\n", 2, 1, "" },
	{ __LINE__,
	    { TOLD("\"1\"", "1"),
		"{\"organization-name\":\"Other\",\"report-id\":\"1\"}" },
	    "a.example Org - - - 1 0 1 - - -\n", 2, 0, "" },
};

static void
test_sets(void **state)
{
	const __typeof__(sets[0]) *row;

	(void)state;
	UNIT_EACH (row, sets) {
		struct diag_sink sink = unit_sink(&found);
		struct tlsrpt tlsrpt;
		size_t i;

		tlsrpt_init(&tlsrpt);
		for (i = 0; i < 3 && row->texts[i] != NULL; i++)
			UNIT_EXPECT(row->line,
			    read_string(&tlsrpt, row->texts[i], &sink));
		UNIT_STRING(row->line, dump(&tlsrpt), row->sums);
		UNIT_EXPECT(row->line, tlsrpt.reports == row->reports);
		UNIT_EXPECT(row->line, tlsrpt.duplicates == row->duplicates);
		UNIT_FINDINGS(row->line, &found, row->findings);
		tlsrpt_free(&tlsrpt);
	}
}

static void
test_filters(void **state)
{
	static const char domains[][TLSRPT_NAME_SIZE] = { "b.example",
		"hint.example" };
	struct diag_sink sink = unit_sink(&found);
	struct tlsrpt tlsrpt;

	(void)state;
	tlsrpt_init(&tlsrpt);
	tlsrpt.domains = domains;
	tlsrpt.domain_count = 2;
	UNIT_EXPECT(__LINE__, read_string(&tlsrpt, REPORT, &sink));
	UNIT_EXPECT(
	    __LINE__, read_string(&tlsrpt, "{\"policies\":[{}]}", &sink));
	UNIT_STRING(
	    __LINE__, dump(&tlsrpt), "hint.example - - - - 0 0 1 - - -\n");
	tlsrpt_free(&tlsrpt);

	tlsrpt.since = 1795305600; /* 2026-11-22 */
	UNIT_EXPECT(__LINE__,
	    read_string(&tlsrpt,
		RANGE("\"2026-11-21\"", "\"2026-11-21T23:59:59Z\""), &sink));
	UNIT_STRING(__LINE__, dump(&tlsrpt), "");
	UNIT_EXPECT(__LINE__, tlsrpt.before == 1);
	UNIT_EXPECT(__LINE__,
	    read_string(&tlsrpt,
		"{\"organization-name\":\"2\",\"date-range\":{\"end-datetime\":"
		"\"2026-11-22T23:59:59Z\"},\"policies\":[{}]}",
		&sink));
	/* One that does not say from when it is counts. */
	UNIT_EXPECT(__LINE__, read_string(&tlsrpt, TOLD("null", "2"), &sink));
	UNIT_STRING(__LINE__, dump(&tlsrpt),
	    "a.example Org - - - 2 0 1 - - -\n"
	    "hint.example 2 - - - 0 0 1 2026-11-22 2026-11-22 -\n");
	UNIT_FINDINGS(__LINE__, &found, "");
	tlsrpt_free(&tlsrpt);
	UNIT_DONE();
}

static void
test_sums_stop(void **state)
{
	struct tlsrpt tlsrpt;
	struct tlsrpt_fact fact = { "a.example", "", "", "", "", "",
		TLSRPT_SUM_MAX - 1, 1, TLSRPT_NO_TIME, TLSRPT_NO_TIME };

	(void)state;
	tlsrpt_init(&tlsrpt);
	UNIT_EXPECT(__LINE__, tlsrpt_add(&tlsrpt, &fact));
	fact.good = 1;
	UNIT_EXPECT(__LINE__, tlsrpt_add(&tlsrpt, &fact));
	UNIT_EXPECT(__LINE__, tlsrpt_add(&tlsrpt, &fact));
	UNIT_STRING(__LINE__, dump(&tlsrpt),
	    "a.example - - - - 9223372036854775807 3 1 - - -\n");
	UNIT_EXPECT(
	    __LINE__, tlsrpt_sum(UINT64_MAX, UINT64_MAX) == TLSRPT_SUM_MAX);
	tlsrpt_free(&tlsrpt);
	UNIT_DONE();
}

/* Reads a beginning, so many times a middle, and an end. */
static void
read_much(const char *beginning, const char *middle, size_t times_,
    const char *end, struct tlsrpt *tlsrpt)
{
	const size_t length = strlen(middle);
	struct diag_sink sink = unit_sink(&found);
	const size_t size =
	    strlen(beginning) + times_ * length + strlen(end) + 1;
	char *text = malloc(size), *at = stpcpy(text, beginning);
	size_t i;

	for (i = 0; i < times_; i++)
		at = mempcpy(at, middle, length);
	memcpy(at, end, strlen(end) + 1);
	tlsrpt_init(tlsrpt);
	UNIT_EXPECT(__LINE__, read_string(tlsrpt, text, &sink));
	free(text);
}

static void
test_bounds(void **state)
{
	struct tlsrpt tlsrpt;

	(void)state;
	UNIT_SKIP_LARGE();
	read_much(
	    "{\"policies\":[{}", ",{}", TLSRPT_OBJECTS_MAX - 2, "]}", &tlsrpt);
	UNIT_FINDINGS(__LINE__, &found, "");
	UNIT_STRING(
	    __LINE__, dump(&tlsrpt), "hint.example - - - - 0 0 1 - - -\n");
	tlsrpt_free(&tlsrpt);

	read_much(
	    "{\"policies\":[{}", ",{}", TLSRPT_OBJECTS_MAX - 1, "]}", &tlsrpt);
	UNIT_FINDINGS(__LINE__, &found,
	    "1:300011: error: more than 100000 objects~no sender");
	tlsrpt_free(&tlsrpt);

	read_much("{\"policies\":[0", ",0", TLSRPT_VALUES_MAX, "]}", &tlsrpt);
	UNIT_FINDINGS(__LINE__, &found,
	    "1:2000009: error: more than~1000000 values~no sender");
	tlsrpt_free(&tlsrpt);

	read_much("{\"policies\":", "[", TLSRPT_DEPTH_MAX, "", &tlsrpt);
	UNIT_FINDINGS(
	    __LINE__, &found, "1:44: error: nested more than 32 deep");
	tlsrpt_free(&tlsrpt);

	/* What is in strings opens and divides nothing. */
	read_much(
	    "{\"policies\":\"", "{[,\\\"", TLSRPT_VALUES_MAX, "\"}", &tlsrpt);
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: policies is no array");
	tlsrpt_free(&tlsrpt);

	/* White space at the end is none of it. */
	read_much("{\"policies\":[]}", " ", TLSRPT_TEXT_MAX, "", &tlsrpt);
	UNIT_FINDINGS(__LINE__, &found, "");
	tlsrpt_free(&tlsrpt);

	read_much("{", " ", TLSRPT_TEXT_MAX, "}", &tlsrpt);
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: a report of more than");
	tlsrpt_free(&tlsrpt);
	UNIT_DONE();
}

static void
test_many_findings(void **state)
{
	struct tlsrpt tlsrpt;

	(void)state;
	read_much("{\"policies\":[0", ",0", 499, "]}", &tlsrpt);
	UNIT_EXPECT(__LINE__, found.count == TLSRPT_FINDINGS_MAX + 1);
	UNIT_EXPECT(__LINE__,
	    strstr(found.text, "and 480 more values that are wrong") != NULL);
	tlsrpt_free(&tlsrpt);
	UNIT_DONE();
}

static void
test_nul(void **state)
{
	struct diag_sink sink = unit_sink(&found);
	struct tlsrpt tlsrpt;

	(void)state;
	tlsrpt_init(&tlsrpt);
	UNIT_EXPECT(
	    __LINE__, tlsrpt_read(&tlsrpt,
			  (struct text_span){ "{\n\"policies\":\0[]}\0\0", 18 },
			  "", &sink));
	UNIT_FINDINGS(__LINE__, &found, "2:12: error: a NUL octet~UTF-8");
	tlsrpt_free(&tlsrpt);
	UNIT_DONE();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_sums_stop),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_many_findings),
		cmocka_unit_test(test_nul),
	};

	return UNIT_RUN(tests);
}
