/*
 * The findings about a domain as a person reads them; see verify.h.
 */
#include <string.h>

#include "human.h"
#include "verify.h"

#define BOLD    "\033[1m"
#define RED     "\033[1;31m"
#define MAGENTA "\033[1;35m"
#define GREEN   "\033[1;32m"
#define CYAN    "\033[1;36m"
#define PLAIN   "\033[0m"

#define FOLD_WIDTH 78
#define INDENT     ((size_t)4)
#define DAY        86400

struct page {
	FILE *out;
	bool colour;
};

static void
keep_earlier(time_t *first, const struct facts_tls *tls)
{
	if (tls->expires != 0 && (*first == 0 || tls->expires < *first))
		*first = tls->expires;
}

time_t
verify_expires(const struct facts *facts)
{
	const struct facts_fetch *fetch;
	time_t first = 0;
	size_t i;

	for (i = 0; (fetch = facts_fetch(facts, i)) != NULL; i++)
		keep_earlier(&first, &fetch->tls);
	for (i = 0; i < facts->mx_count && i < FACTS_MX_MAX; i++)
		keep_earlier(&first, &facts->mx[i].tls);
	return first;
}

static void
print_coloured(const struct page *page, const char *colour, const char *word)
{
	if (page->colour)
		(void)fprintf(page->out, "%s%s" PLAIN, colour, word);
	else
		(void)fputs(word, page->out);
}

/* Words, folded, from a column on in a line that has been begun. */
static void
print_words(
    const struct page *page, size_t column, size_t indent, const char *word)
{
	bool first = true;

	for (; *word != '\0'; word += strspn(word, " ")) {
		const size_t length = strcspn(word, " ");

		if (!first && column + 1 + length > FOLD_WIDTH) {
			(void)fprintf(page->out, "\n%*s", (int)indent, "");
			column = indent;
			first = true;
		}
		(void)fprintf(
		    page->out, "%s%.*s", first ? "" : " ", (int)length, word);
		column += length + (first ? 0 : 1);
		first = false;
		word += length;
	}
	(void)fputc('\n', page->out);
}

static void
print_paragraph(const struct page *page, size_t indent, const char *words)
{
	(void)fprintf(page->out, "%*s", (int)indent, "");
	print_words(page, indent, indent, words);
}

/* A line to paste is never folded. */
static void
print_mend(const struct page *page, const char *mend)
{
	char line[JUDGE_MEND_SIZE];

	while (*mend != '\0') {
		const size_t length = strcspn(mend, "\n");

		(void)snprintf(line, sizeof(line), "%.*s", (int)length, mend);
		if (strncmp(line, JUDGE_PASTE, strlen(JUDGE_PASTE)) == 0)
			(void)fprintf(
			    page->out, "%*s%s\n", (int)(2 * INDENT), "", line);
		else
			print_paragraph(page, 2 * INDENT, line);
		mend += length;
		mend += strspn(mend, "\n");
	}
}

static void
print_finding(const struct page *page, const struct judge_finding *finding)
{
	static const char *const colours[] = {
		[JUDGE_ERROR] = RED,
		[JUDGE_WARNING] = MAGENTA,
		[JUDGE_NOTE] = CYAN,
	};
	const char *severity = judge_severity_name(finding->severity);
	char words[JUDGE_WHAT_SIZE + JUDGE_SENDER_SIZE + 64];

	(void)fprintf(page->out, "%*s", (int)INDENT, "");
	print_coloured(page, colours[finding->severity], severity);
	(void)snprintf(
	    words, sizeof(words), ": %s [%s]", finding->what, finding->code);
	print_words(page, INDENT + strlen(severity), 2 * INDENT, words);
	(void)snprintf(words, sizeof(words), "A sender %s.%s%s",
	    judge_effect_name(finding->effect),
	    finding->sender[0] != '\0' ? " " : "", finding->sender);
	print_paragraph(page, 2 * INDENT, words);
	print_mend(page, finding->mend);
}

static void
add_count(struct text *text, size_t count, enum judge_severity severity)
{
	if (count > 0)
		text_add_format(text, "%s%zu %s%s",
		    text->length > 0 ? ", " : "", count,
		    judge_severity_name(severity), text_plural(count));
}

/* What there is: mode, max_age, MX hosts, the certificate that ends first. */
static void
add_state(struct text *text, const struct verify_domain *domain)
{
	const time_t expires = verify_expires(domain->facts);
	const long long left =
	    (long long)(expires - domain->facts->looked) / DAY;

	if (domain->policy == NULL) {
		text_add_string(text, "no policy");
		return;
	}
	text_add_format(
	    text, "mode %s for ", policy_mode_name(domain->policy->mode));
	human_add_duration(text, domain->policy->max_age);
	if (domain->facts->mx_count > 0)
		text_add_format(text, ", %zu MX", domain->facts->mx_count);
	if (expires != 0)
		text_add_format(text, ", certificates for %lld day%s",
		    left > 0 ? left : 0, text_plural((uint64_t)left));
	if (domain->facts->sts.answer.secure)
		text_add_string(text, ", DNSSEC");
}

static void
print_verdict(const struct page *page, const struct verify_domain *domain)
{
	static const char *const colours[] = {
		[JUDGE_GOOD] = GREEN,
		[JUDGE_DOUBTFUL] = MAGENTA,
		[JUDGE_BROKEN] = RED,
		[JUDGE_NOTHING] = CYAN,
	};
	char counts[96], state[160];
	struct text text;
	size_t i;

	text_init(&text, counts, sizeof(counts));
	for (i = 0; i <= JUDGE_NOTE; i++)
		add_count(&text, domain->count[i], (enum judge_severity)i);
	text_init(&text, state, sizeof(state));
	add_state(&text, domain);
	print_coloured(page, BOLD, domain->facts->domain);
	(void)fputs(": ", page->out);
	if (domain->verdict == JUDGE_NOTHING) {
		print_coloured(page, colours[JUDGE_NOTHING], "no MTA-STS");
		(void)fprintf(page->out,
		    " (no record at _mta-sts.%s, no policy)\n",
		    domain->facts->domain);
		return;
	}
	print_coloured(page, colours[domain->verdict],
	    judge_verdict_name(domain->verdict));
	(void)fprintf(page->out, ": %s%s%s\n", state,
	    counts[0] != '\0' ? "; " : "", counts);
}

void
verify_print_people(
    FILE *out, const struct verify_domain *domain, bool colour, bool brief)
{
	const struct page page = { out, colour };
	const char *group = "";
	size_t i;

	print_verdict(&page, domain);
	if (domain->verdict == JUDGE_NOTHING)
		return;
	for (i = 0; i < domain->finding_count; i++) {
		const struct judge_finding *finding = &domain->findings[i];

		if (brief && finding->severity == JUDGE_NOTE)
			continue;
		if (strcmp(group, finding->group) != 0) {
			group = finding->group;
			(void)fputs("  ", out);
			print_coloured(&page, BOLD, group);
			(void)fputc('\n', out);
		}
		print_finding(&page, finding);
	}
}
