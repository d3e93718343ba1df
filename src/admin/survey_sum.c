/*
 * The sums of a survey; see survey.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "survey.h"

#define CODES_MAX  160
#define FIRST_MAX  3
#define WORD_WIDTH 24

struct count {
	size_t domains;
	uint64_t mails;
};

/* A code of errors, and the first domains that have it. */
struct code {
	size_t count;
	const char *first[FIRST_MAX];
};

static struct {
	struct count all, status[SURVEY_STATUSES], tlsrpt[SURVEY_TLSRPTS];
	struct code codes[CODES_MAX]; /* by the number that judge has for it */
} sum;

static void
add(struct count *count, uint32_t mails)
{
	count->domains++;
	count->mails += mails;
}

static void
add_code(struct text_span word, const char *domain)
{
	const char *name;
	struct code *code;
	size_t i;

	/* One that is not known is a newer version's. */
	for (i = 0; (name = judge_code_name(i)) != NULL && i < CODES_MAX; i++) {
		code = &sum.codes[i];
		if (!text_equals(word, name))
			continue;
		if (code->count < FIRST_MAX)
			code->first[code->count] = domain;
		code->count++;
	}
}

void
survey_sum_add(const struct survey_row *row, const struct survey_name *name)
{
	const char *at = row->errors;

	add(&sum.all, name->mails);
	add(&sum.status[row->status], name->mails);
	add(&sum.tlsrpt[row->tlsrpt], name->mails);
	if (row->status != SURVEY_BROKEN)
		return;
	while (*at != '\0') {
		const size_t length = strcspn(at, " ");

		add_code((struct text_span){ at, length }, name->domain);
		at += length + strspn(at + length, " ");
	}
}

static double
percent(uint64_t part, uint64_t all)
{
	return all > 0 ? 100 * (double)part / (double)all : 0;
}

static void
print_counts(const char *heading, const struct count *counts,
    const char *(*name_of)(size_t value), bool mails)
{
	size_t i;

	(void)printf("\n%-*s  %8s", WORD_WIDTH, heading, "DOMAINS");
	if (mails)
		(void)printf("  %7s  %12s", "", "MAILS");
	(void)putchar('\n');
	for (i = 0; name_of(i) != NULL; i++) {
		if (counts[i].domains == 0)
			continue;
		(void)printf("%-*s  %8zu  %5.1f %%", WORD_WIDTH, name_of(i),
		    counts[i].domains,
		    percent(counts[i].domains, sum.all.domains));
		if (mails)
			(void)printf("  %12" PRIu64 "  %5.1f %%",
			    counts[i].mails,
			    percent(counts[i].mails, sum.all.mails));
		(void)putchar('\n');
	}
}

static int
compare_codes(const void *a, const void *b)
{
	const size_t one = *(const size_t *)a, other = *(const size_t *)b;

	if (sum.codes[one].count != sum.codes[other].count)
		return sum.codes[one].count > sum.codes[other].count ? -1 : 1;
	return one < other ? -1 : 1;
}

static void
print_code(size_t number)
{
	const struct code *code = &sum.codes[number];
	size_t i;

	(void)printf(
	    "%-*s  %8zu  ", WORD_WIDTH, judge_code_name(number), code->count);
	for (i = 0; i < FIRST_MAX && i < code->count; i++)
		(void)printf("%s%s", i > 0 ? ", " : "", code->first[i]);
	(void)puts(code->count > FIRST_MAX ? ", ..." : "");
}

static void
print_codes(void)
{
	size_t found[CODES_MAX], count = 0, i;

	for (i = 0; i < CODES_MAX; i++)
		if (sum.codes[i].count > 0)
			found[count++] = i;
	if (count == 0)
		return;
	qsort(found, count, sizeof(found[0]), compare_codes);
	(void)printf(
	    "\n%-*s  %8s  FIRST\n", WORD_WIDTH, "BROKEN BY", "DOMAINS");
	for (i = 0; i < count; i++)
		print_code(found[i]);
}

void
survey_sum_print(size_t total, bool mails)
{
	if (sum.all.domains < total)
		(void)printf("%zu of %zu domains, then it was stopped",
		    sum.all.domains, total);
	else
		(void)printf("%zu domain%s", total, text_plural(total));
	if (mails)
		(void)printf(", %" PRIu64 " mail%s", sum.all.mails,
		    text_plural(sum.all.mails));
	(void)putchar('\n');
	if (sum.all.domains == 0)
		return;
	print_counts("MTA-STS", sum.status, survey_status_name, mails);
	print_counts("TLSRPT", sum.tlsrpt, survey_tlsrpt_name, mails);
	print_codes();
}
