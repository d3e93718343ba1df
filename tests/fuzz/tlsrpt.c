/*
 * A file of TLS reports, after an octet that tells whether it lies in a folder:
 * JSON, gzip, mail or mbox. Whatever it is, what gets into the sums is text
 * that any terminal can show, within its bounds; and the same file once more
 * changes nothing.
 */
#include "fuzz.h"

#include "tlsrpt.h"
#include "tlsrpt_read.h"
#include "tlsrpt_unpack.h"

static bool
take(void *context, struct text_span text, const char *domain)
{
	struct tlsrpt *tlsrpt = context;
	struct diag_sink sink = fuzz_sink();

	FUZZ_EXPECT(strlen(domain) < TLSRPT_NAME_SIZE);
	FUZZ_EXPECT(tlsrpt_read(tlsrpt, text, domain, &sink));
	/* One for each value, and one that counts the rest of them. */
	FUZZ_EXPECT(sink.errors <= TLSRPT_FINDINGS_MAX + 2);
	return true;
}

static void
check_string(const char *string)
{
	size_t i;

	for (i = 0; string[i] != '\0'; i++)
		FUZZ_EXPECT(string[i] >= ' ' && string[i] <= '~');
	FUZZ_EXPECT(i < TLSRPT_NAME_SIZE);
}

static void
check_row(const struct tlsrpt_row *row, const struct tlsrpt *tlsrpt)
{
	const struct tlsrpt_fact *sum = &row->sum;

	check_string(sum->domain);
	check_string(sum->sender);
	check_string(sum->policy);
	check_string(sum->result);
	check_string(sum->mx);
	check_string(sum->reason);
	FUZZ_EXPECT(
	    sum->good <= TLSRPT_SUM_MAX && sum->failed <= TLSRPT_SUM_MAX);
	FUZZ_EXPECT(row->reports >= 1 && row->reports <= tlsrpt->reports);
	FUZZ_EXPECT(sum->result[0] == '\0'
			? sum->mx[0] == '\0' && sum->reason[0] == '\0'
			: sum->good == 0);
	FUZZ_EXPECT(
	    (sum->first == TLSRPT_NO_TIME) == (sum->last == TLSRPT_NO_TIME));
}

struct totals {
	uint64_t good, failed;
	size_t rows, reports;
};

static struct totals
check(const struct tlsrpt *tlsrpt)
{
	const struct tlsrpt_row **rows = tlsrpt_rows(tlsrpt);
	struct totals totals = { 0, 0, tlsrpt->row_count, tlsrpt->reports };
	size_t i;

	for (i = 0; i < tlsrpt->row_count; i++) {
		check_row(rows[i], tlsrpt);
		if (i > 0)
			FUZZ_EXPECT(strcmp(rows[i - 1]->sum.domain,
					rows[i]->sum.domain) <= 0);
		totals.good = tlsrpt_sum(totals.good, rows[i]->sum.good);
		totals.failed = tlsrpt_sum(totals.failed, rows[i]->sum.failed);
	}
	free(rows);
	return totals;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag_sink sink = fuzz_sink();
	struct tlsrpt tlsrpt;
	struct tlsrpt_unpack unpack = {
		.take = take, .context = &tlsrpt, .sink = &sink
	};
	struct totals once, twice;
	struct text_span bytes;

	if (size == 0)
		return 0;
	unpack.folder = data[0] % 2 == 1;
	bytes = (struct text_span){ (const char *)data + 1, size - 1 };
	tlsrpt_init(&tlsrpt);
	tlsrpt_unpack(&unpack, bytes, "s.example!d.example!1!2.json");
	FUZZ_EXPECT(!unpack.stopped && !unpack.no_gmime);
	once = check(&tlsrpt);
	tlsrpt_unpack(&unpack, bytes, "s.example!d.example!1!2.json");
	twice = check(&tlsrpt);
	FUZZ_EXPECT(once.good == twice.good && once.failed == twice.failed &&
		    once.rows == twice.rows && once.reports == twice.reports);
	tlsrpt_free(&tlsrpt);
	return 0;
}
