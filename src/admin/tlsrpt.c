/*
 * TLS reports summed up; see tlsrpt.h. The trees are balanced ones, since who
 * writes a report may choose the names in it so that a hash table is no use.
 */
#include "tlsrpt.h"

#include <search.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST_SIZE 16 /* of SHA-256: no two are alike */
#define STRINGS     6

/* A report that has been noted. */
struct note {
	uint8_t name[DIGEST_SIZE];
	uint8_t text[DIGEST_SIZE];
};

void
tlsrpt_init(struct tlsrpt *tlsrpt)
{
	*tlsrpt = (struct tlsrpt){ .since = TLSRPT_NO_TIME };
}

void
tlsrpt_free(struct tlsrpt *tlsrpt)
{
	tdestroy(tlsrpt->rows, free);
	tdestroy(tlsrpt->seen, free);
	tlsrpt_init(tlsrpt);
}

static int
compare_notes(const void *a, const void *b)
{
	return memcmp(((const struct note *)a)->name,
	    ((const struct note *)b)->name, DIGEST_SIZE);
}

static void
digest(const char *sender, const char *id, struct text_span text,
    uint8_t result[DIGEST_SIZE])
{
	uint8_t whole[SHA256_DIGEST_LENGTH];
	SHA2_CTX context;
	const char *end;

	SHA256Init(&context);
	SHA256Update(&context, (const uint8_t *)sender, strlen(sender) + 1);
	SHA256Update(&context, (const uint8_t *)id, strlen(id) + 1);
	/* A mail has CRLF on its way, and LF in most mailboxes. */
	while ((end = memchr(text.at, '\r', text.length)) != NULL) {
		const size_t length = (size_t)(end - text.at);

		SHA256Update(&context, (const uint8_t *)text.at, length);
		text.at += length + 1;
		text.length -= length + 1;
	}
	SHA256Update(&context, (const uint8_t *)text.at, text.length);
	SHA256Final(whole, &context);
	memcpy(result, whole, DIGEST_SIZE);
}

enum tlsrpt_seen
tlsrpt_note(struct tlsrpt *tlsrpt, const char *sender, const char *id,
    struct text_span report)
{
	const struct text_span none = { "", 0 };
	struct note *note = malloc(sizeof(*note));
	const struct note *seen;
	void *const *found;

	if (note == NULL)
		return TLSRPT_NO_MEMORY;
	digest(sender, id, id[0] != '\0' ? none : report, note->name);
	digest("", "", report, note->text);
	found = tsearch(note, &tlsrpt->seen, compare_notes);
	if (found == NULL) {
		free(note);
		return TLSRPT_NO_MEMORY;
	}
	if (*found == note) {
		tlsrpt->reports++;
		return TLSRPT_NEW;
	}
	seen = *found;
	tlsrpt->duplicates++;
	if (memcmp(seen->text, note->text, DIGEST_SIZE) == 0) {
		free(note);
		return TLSRPT_SAME;
	}
	free(note);
	return TLSRPT_OTHER;
}

bool
tlsrpt_wants(const struct tlsrpt *tlsrpt, const char *domain)
{
	size_t i;

	for (i = 0; i < tlsrpt->domain_count; i++)
		if (strcmp(tlsrpt->domains[i], domain) == 0)
			return true;
	return tlsrpt->domain_count == 0;
}

static int
compare_rows(const void *a, const void *b)
{
	const struct tlsrpt_fact *one = &((const struct tlsrpt_row *)a)->sum;
	const struct tlsrpt_fact *two = &((const struct tlsrpt_row *)b)->sum;
	int order = strcmp(one->domain, two->domain);

	if (order == 0)
		order = (one->result[0] != '\0') - (two->result[0] != '\0');
	if (order == 0)
		order = strcmp(one->sender, two->sender);
	if (order == 0)
		order = strcmp(one->policy, two->policy);
	if (order == 0)
		order = strcmp(one->result, two->result);
	if (order == 0)
		order = strcmp(one->mx, two->mx);
	return order;
}

/* A row of its own memory, without anything counted yet. */
static struct tlsrpt_row *
make_row(const struct tlsrpt_fact *fact)
{
	const char *const strings[STRINGS] = { fact->domain, fact->sender,
		fact->policy, fact->result, fact->mx, fact->reason };
	size_t sizes[STRINGS], size = sizeof(struct tlsrpt_row), i;
	const char *copies[STRINGS];
	struct tlsrpt_row *row;
	char *at;

	for (i = 0; i < STRINGS; i++)
		size += sizes[i] = strlen(strings[i]) + 1;
	row = malloc(size);
	if (row == NULL)
		return NULL;
	for (i = 0, at = row->storage; i < STRINGS; at += sizes[i++])
		copies[i] = memcpy(at, strings[i], sizes[i]);
	row->sum = (struct tlsrpt_fact){ copies[0], copies[1], copies[2],
		copies[3], copies[4], copies[5], 0, 0, TLSRPT_NO_TIME,
		TLSRPT_NO_TIME };
	row->reports = 0;
	row->last_report = 0;
	return row;
}

/* The row that a fact belongs to; NULL without memory. */
static struct tlsrpt_row *
row_of(struct tlsrpt *tlsrpt, const struct tlsrpt_fact *fact)
{
	const struct tlsrpt_row wanted = { .sum = *fact };
	struct tlsrpt_row *row;
	void *const *found;

	found = tfind(&wanted, &tlsrpt->rows, compare_rows);
	if (found != NULL)
		return *found;
	row = make_row(fact);
	if (row == NULL || tsearch(row, &tlsrpt->rows, compare_rows) == NULL) {
		free(row);
		return NULL;
	}
	tlsrpt->row_count++;
	return row;
}

uint64_t
tlsrpt_sum(uint64_t a, uint64_t b)
{
	return a > TLSRPT_SUM_MAX || b > TLSRPT_SUM_MAX - a ? TLSRPT_SUM_MAX
							    : a + b;
}

bool
tlsrpt_add(struct tlsrpt *tlsrpt, const struct tlsrpt_fact *fact)
{
	struct tlsrpt_row *row = row_of(tlsrpt, fact);
	struct tlsrpt_fact *sum;

	if (row == NULL)
		return false;
	sum = &row->sum;
	sum->good = tlsrpt_sum(sum->good, fact->good);
	sum->failed = tlsrpt_sum(sum->failed, fact->failed);
	if (fact->first != TLSRPT_NO_TIME &&
	    (sum->first == TLSRPT_NO_TIME || fact->first < sum->first))
		sum->first = fact->first;
	if (fact->last != TLSRPT_NO_TIME &&
	    (sum->last == TLSRPT_NO_TIME || fact->last > sum->last))
		sum->last = fact->last;
	if (row->last_report != tlsrpt->reports || row->reports == 0)
		row->reports++;
	row->last_report = tlsrpt->reports;
	return true;
}

struct list {
	const struct tlsrpt_row **rows;
	size_t count;
};

static void
append(const void *node, VISIT visit, void *context)
{
	struct list *list = context;

	if (visit == postorder || visit == leaf)
		list->rows[list->count++] = *(struct tlsrpt_row *const *)node;
}

/* As compare_rows, but among a domain's failures the greater ones first. */
static int
compare_for_print(const void *a, const void *b)
{
	const struct tlsrpt_row *one = *(const struct tlsrpt_row *const *)a;
	const struct tlsrpt_row *two = *(const struct tlsrpt_row *const *)b;

	if (one->sum.result[0] != '\0' && two->sum.result[0] != '\0' &&
	    one->sum.failed != two->sum.failed &&
	    strcmp(one->sum.domain, two->sum.domain) == 0)
		return one->sum.failed < two->sum.failed ? 1 : -1;
	return compare_rows(one, two);
}

const struct tlsrpt_row **
tlsrpt_rows(const struct tlsrpt *tlsrpt)
{
	struct list list = { NULL, 0 };

	if (tlsrpt->row_count > 0)
		list.rows = calloc(tlsrpt->row_count, sizeof(void *));
	if (list.rows == NULL)
		return NULL;
	twalk_r(tlsrpt->rows, append, &list);
	qsort(list.rows, list.count, sizeof(void *), compare_for_print);
	return list.rows;
}
