/*
 * TLS reports for people; see tlsrpt_print.h.
 */
#include "tlsrpt_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hostname.h"
#include "human.h"
#include "tlsrpt.h"

#define NO_NAME     "-"
#define NO_DOMAIN   "(no domain)"
#define FOLD_WIDTH  78
#define INDENT      4
#define RESULTS_MAX 12 /* one for each known type, and one for all others */

size_t
tlsrpt_group(const struct tlsrpt_row *const *rows, size_t count)
{
	size_t i = 0;

	while (
	    i < count && strcmp(rows[i]->sum.domain, rows[0]->sum.domain) == 0)
		i++;
	return i;
}

size_t
tlsrpt_summaries(const struct tlsrpt_row *const *rows, size_t count)
{
	size_t i = 0;

	while (i < count && rows[i]->sum.result[0] == '\0')
		i++;
	return i;
}

const char *
tlsrpt_day(long long time, char day[TLSRPT_DAY_SIZE])
{
	struct text text;

	text_init(&text, day, TLSRPT_DAY_SIZE);
	if (time == TLSRPT_NO_TIME)
		text_add_string(&text, NO_NAME);
	else
		human_add_date(&text, (time_t)time);
	return day;
}

const char *
tlsrpt_advice(
    const char *advice, const char *domain, char copy[TLSRPT_ADVICE_SIZE])
{
	static const char word[] = "DOMAIN";
	const char *found;
	struct text text;
	size_t i;

	if (hostname_fault((struct text_span){ domain, strlen(domain) }, &i) !=
	    NULL)
		domain = word;
	text_init(&text, copy, TLSRPT_ADVICE_SIZE);
	while ((found = strstr(advice, word)) != NULL) {
		text_add(&text, advice, (size_t)(found - advice));
		text_add_string(&text, domain);
		advice = found + strlen(word);
	}
	text_add_string(&text, advice);
	return copy;
}

static const char *
or_dash(const char *name)
{
	return name[0] != '\0' ? name : NO_NAME;
}

static void
widen(int *width, const char *name)
{
	const int length = (int)strlen(or_dash(name));

	if (length > *width)
		*width = length;
}

static void
print_heading(const struct tlsrpt_row *const *rows, size_t count)
{
	const char *domain = rows[0]->sum.domain;
	char first_day[TLSRPT_DAY_SIZE], last_day[TLSRPT_DAY_SIZE];
	time_t first = TLSRPT_NO_TIME, last = TLSRPT_NO_TIME;
	uint64_t good = 0, failed = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct tlsrpt_fact *sum = &rows[i]->sum;

		good = tlsrpt_sum(good, sum->good);
		failed = tlsrpt_sum(failed, sum->failed);
		if (sum->first != TLSRPT_NO_TIME &&
		    (first == TLSRPT_NO_TIME || sum->first < first))
			first = sum->first;
		if (sum->last > last)
			last = sum->last;
	}
	(void)printf("%s: %" PRIu64 " session%s, ",
	    domain[0] != '\0' ? domain : NO_DOMAIN, tlsrpt_sum(good, failed),
	    text_plural(tlsrpt_sum(good, failed)));
	if (failed == 0)
		(void)printf("none failed");
	else
		(void)printf("%" PRIu64 " failed (%.1f %%)", failed,
		    100 * (double)failed / ((double)good + (double)failed));
	(void)printf(", %s to %s\n", tlsrpt_day(first, first_day),
	    tlsrpt_day(last, last_day));
}

static void
print_senders(const struct tlsrpt_row *const *rows, size_t count)
{
	char first[TLSRPT_DAY_SIZE], last[TLSRPT_DAY_SIZE];
	int sender = (int)strlen("SENDER"), policy = (int)strlen("POLICY");
	size_t i;

	for (i = 0; i < count; i++) {
		widen(&sender, rows[i]->sum.sender);
		widen(&policy, rows[i]->sum.policy);
	}
	(void)printf("\n  %-*s  %-*s  REPORTS  SUCCESSFUL      FAILED  %-10s  "
		     "LAST DAY\n",
	    sender, "SENDER", policy, "POLICY", "FIRST DAY");
	for (i = 0; i < count; i++)
		(void)printf("  %-*s  %-*s  %7" PRIu64 "  %10" PRIu64
			     "  %10" PRIu64 "  %-10s  %s\n",
		    sender, or_dash(rows[i]->sum.sender), policy,
		    or_dash(rows[i]->sum.policy), rows[i]->reports,
		    rows[i]->sum.good, rows[i]->sum.failed,
		    tlsrpt_day(rows[i]->sum.first, first),
		    tlsrpt_day(rows[i]->sum.last, last));
}

static void
print_failures(const struct tlsrpt_row *const *rows, size_t count)
{
	int result = (int)strlen("RESULT"), mx = (int)strlen("MX");
	int sender = (int)strlen("SENDER");
	size_t i;

	if (count == 0)
		return;
	for (i = 0; i < count; i++) {
		widen(&result, rows[i]->sum.result);
		widen(&mx, rows[i]->sum.mx);
		widen(&sender, rows[i]->sum.sender);
	}
	(void)printf("\n  %10s  %-*s  %-*s  %-*s  REASON\n", "FAILED", result,
	    "RESULT", mx, "MX", sender, "SENDER");
	for (i = 0; i < count; i++)
		(void)printf("  %10" PRIu64 "  %-*s  %-*s  %-*s  %s\n",
		    rows[i]->sum.failed, result, rows[i]->sum.result, mx,
		    or_dash(rows[i]->sum.mx), sender,
		    or_dash(rows[i]->sum.sender), or_dash(rows[i]->sum.reason));
}

/* Words, folded and indented. */
static void
print_words(const char *word)
{
	int column = 0;

	for (; *word != '\0'; word += strspn(word, " ")) {
		const int length = (int)strcspn(word, " ");

		if (column > 0 && column + 1 + length > FOLD_WIDTH) {
			(void)putchar('\n');
			column = 0;
		}
		column += column == 0
			      ? printf("%*s%.*s", INDENT, "", length, word)
			      : printf(" %.*s", length, word);
		word += length;
	}
	(void)putchar('\n');
}

/* A result type that occurs, and the domain that has it, or "" for several. */
struct legend {
	const struct tlsrpt_result *result;
	const char *domain;
};

static void
print_legend(const struct legend *legend)
{
	const struct tlsrpt_result *result = legend->result;
	char advice[TLSRPT_ADVICE_SIZE];
	size_t i;

	(void)printf("\n%s\n",
	    result->name[0] != '\0' ? result->name : "other result types");
	print_words(result->meaning);
	print_words(tlsrpt_advice(result->mend, legend->domain, advice));
	for (i = 0; result->commands[i] != NULL; i++)
		(void)printf("%*s%s\n", 2 * INDENT, "",
		    tlsrpt_advice(result->commands[i], legend->domain, advice));
}

/* What is to be said of the types, in the order in which they occur. */
static void
print_legends(const struct tlsrpt_row *const *rows, size_t count)
{
	struct legend legends[RESULTS_MAX] = { 0 };
	size_t i, j, used = 0;

	for (i = 0; i < count; i++) {
		const struct tlsrpt_fact *sum = &rows[i]->sum;
		const struct tlsrpt_result *result;

		if (sum->result[0] == '\0')
			continue;
		result = tlsrpt_result(sum->result);
		for (j = 0; j < used && legends[j].result != result; j++)
			;
		if (j == used)
			legends[used++] =
			    (struct legend){ result, sum->domain };
		else if (strcmp(legends[j].domain, sum->domain) != 0)
			legends[j].domain = "";
	}
	for (j = 0; j < used; j++)
		print_legend(&legends[j]);
}

bool
tlsrpt_has_failed(const struct tlsrpt_row *const *rows, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (rows[i]->sum.failed > 0 || rows[i]->sum.result[0] != '\0')
			return true;
	return false;
}

void
tlsrpt_print_table(
    const struct tlsrpt_row *const *rows, size_t count, bool failed_only)
{
	bool any = false;
	size_t at, group, summaries;

	for (at = 0; at < count; at += group) {
		group = tlsrpt_group(rows + at, count - at);
		if (failed_only && !tlsrpt_has_failed(rows + at, group))
			continue;
		if (any)
			(void)putchar('\n');
		any = true;
		summaries = tlsrpt_summaries(rows + at, group);
		print_heading(rows + at, summaries);
		print_senders(rows + at, summaries);
		print_failures(rows + at + summaries, group - summaries);
	}
	print_legends(rows, count);
}
