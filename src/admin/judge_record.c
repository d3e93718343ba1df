/*
 * The record at _mta-sts, and those that were meant to be it.
 */
#include <string.h>

#include "human.h"
#include "judge_part.h"

#define STS_VERSION "v=STSv1"
#define DAY         86400

static bool
begins_with(const char *bytes, const char *beginning)
{
	return strncmp(bytes, beginning, strlen(beginning)) == 0;
}

/* Takes the records that were kept whole; how many of them. */
static size_t
whole_records(
    const struct facts_txt *txt, struct text_span spans[FACTS_TXT_MAX])
{
	size_t i, count = 0;

	for (i = 0; i < txt->count && i < FACTS_TXT_MAX; i++)
		if (txt->at[i].length < FACTS_TXT_SIZE)
			spans[count++] = (struct text_span){ txt->at[i].bytes,
				txt->at[i].length };
	return count;
}

/* Those beginning like a record that are longer than what was kept. */
static size_t
long_records(const struct facts_txt *txt)
{
	size_t i, count = 0;

	for (i = 0; i < txt->count && i < FACTS_TXT_MAX; i++)
		if (txt->at[i].length >= FACTS_TXT_SIZE &&
		    begins_with(txt->at[i].bytes, STS_VERSION))
			count++;
	return count;
}

/* How many a sender would take for the record. */
static size_t
claims(const struct facts_txt *txt)
{
	size_t i, count = 0;

	for (i = 0; i < txt->count && i < FACTS_TXT_MAX; i++)
		if (begins_with(txt->at[i].bytes, STS_VERSION ";"))
			count++;
	return count;
}

static void
count_meant(void *context, const struct diag *diag)
{
	size_t *meant = context;

	if (diag->severity == DIAG_ERROR && diag->place.line > 0)
		++*meant;
}

enum judge_signal
judge_signal(const struct facts *facts, char id[RECORD_ID_SIZE])
{
	struct text_span spans[FACTS_TXT_MAX];
	size_t count, meant = 0;
	struct diag_sink sink = {
		.take = count_meant, .context = &meant, .file = ""
	};

	id[0] = '\0';
	switch (facts->sts.answer.dns) {
	case FACTS_DNS_BOGUS:
	case FACTS_DNS_FAILED:
		return JUDGE_SIGNAL_UNKNOWN;
	case FACTS_DNS_FOUND:
		break;
	case FACTS_DNS_UNASKED:
	case FACTS_DNS_NO_DATA:
	case FACTS_DNS_NO_NAME:
		return JUDGE_SIGNAL_NONE;
	}
	count = whole_records(&facts->sts, spans);
	if (long_records(&facts->sts) > 0)
		return JUDGE_SIGNAL_BAD;
	if (record_read_sts(spans, count, id, &sink))
		return JUDGE_SIGNAL_GOOD;
	return meant > 0 ? JUDGE_SIGNAL_BAD : JUDGE_SIGNAL_NONE;
}

bool
judge_id(const struct facts *facts, char id[RECORD_ID_SIZE])
{
	return judge_signal(facts, id) == JUDGE_SIGNAL_GOOD;
}

/* Findings about records, on their way to be findings about a domain. */
struct records {
	struct judging *judging;
	const struct text_span *spans;
	bool several;
	bool good;
};

static void
take_record(void *context, const struct diag *diag)
{
	const struct records *records = context;
	const bool error = diag->severity == DIAG_ERROR;
	struct judge_finding finding;
	struct text_span span;

	/* That there is none, or one too many, has words of its own. */
	if (diag->place.line == 0)
		return;
	span = records->spans[diag->place.line - 1];
	if (records->several && error && diag->place.column == 1 &&
	    begins_with(span.at, STS_VERSION ";"))
		return;
	judge_begin(&finding,
	    error && !records->good ? JUDGE_TXT_INVALID : JUDGE_TXT_DOUBTFUL);
	if (error && records->good)
		finding.severity = JUDGE_WARNING;
	judge_what(&finding, "_mta-sts.%s, octet %u of \"%.*s\": %s",
	    records->judging->facts->domain, diag->place.column,
	    span.length < 120 ? (int)span.length : 120, span.at, diag->message);
	judge_mend(&finding, "%s%s", diag->hint,
	    error ? "; with this record all is well:" : ".");
	if (error)
		judge_paste_record(records->judging, &finding,
		    records->good ? records->judging->id : NULL);
	judge_send(records->judging, &finding);
}

static void
send_several(struct judging *judging, size_t count)
{
	struct judge_finding finding;

	judge_begin(&finding, JUDGE_TXT_SEVERAL);
	judge_what(&finding,
	    "_mta-sts.%s: %zu records begin with \"" STS_VERSION
	    ";\", and one may",
	    judging->facts->domain, count);
	judge_mend(&finding, "Delete all but this one:");
	judge_paste_record(judging, &finding, NULL);
	judge_send(judging, &finding);
}

static void
send_long(struct judging *judging)
{
	struct judge_finding finding;

	judge_begin(&finding, JUDGE_TXT_LONG);
	judge_what(&finding, "_mta-sts.%s: a record of more than %d octets",
	    judging->facts->domain, FACTS_TXT_SIZE - 1);
	judge_mend(&finding, "Publish in its place:");
	judge_paste_record(judging, &finding, NULL);
	judge_send(judging, &finding);
}

/* A record that stands where nobody looks; the good one may be there too. */
static void
send_misplaced(
    struct judging *judging, const struct facts_txt *txt, const char *label)
{
	const char *domain = judging->facts->domain;
	struct judge_finding finding;
	size_t i;

	for (i = 0; i < txt->count && i < FACTS_TXT_MAX; i++)
		if (begins_with(txt->at[i].bytes, STS_VERSION))
			break;
	if (i == txt->count || i == FACTS_TXT_MAX)
		return;
	judge_begin(&finding, JUDGE_TXT_MISPLACED);
	if (judging->signal != JUDGE_SIGNAL_NONE) {
		finding.severity = JUDGE_NOTE;
		judge_sender(
		    &finding, JUDGE_DELIVERS, "It does not look there.");
		judge_mend(&finding, "Delete that record.");
	} else {
		judge_mend(&finding, "Delete that record and publish:");
		judge_paste_record(judging, &finding, NULL);
	}
	judge_what(&finding,
	    "the MTA-STS record stands at %s%s and belongs at _mta-sts.%s",
	    label, domain, domain);
	judge_send(judging, &finding);
}

static void
send_txt_missing(struct judging *judging)
{
	struct judge_finding finding;

	judge_begin(&finding, JUDGE_TXT_MISSING);
	judge_what(&finding, "no record at _mta-sts.%s%s",
	    judging->facts->domain,
	    judging->served ? ", though there is a policy" : "");
	judge_mend(&finding, "Publish:");
	judge_paste_record(judging, &finding, NULL);
	judge_send(judging, &finding);
}

static void
send_records(struct judging *judging)
{
	const struct facts_txt *txt = &judging->facts->sts;
	const size_t before = judging->count[JUDGE_ERROR];
	struct text_span spans[FACTS_TXT_MAX];
	struct records records = { judging, spans, claims(txt) > 1,
		judging->signal == JUDGE_SIGNAL_GOOD };
	struct diag_sink sink = {
		.take = take_record, .context = &records, .file = ""
	};
	char id[RECORD_ID_SIZE];

	send_misplaced(judging, &judging->facts->apex, "");
	send_misplaced(judging, &judging->facts->misnamed, "_mta_sts.");
	if (judging->signal == JUDGE_SIGNAL_UNKNOWN)
		return;
	if (judging->signal == JUDGE_SIGNAL_NONE &&
	    judging->count[JUDGE_ERROR] == before)
		send_txt_missing(judging);
	if (records.several)
		send_several(judging, claims(txt));
	if (long_records(txt) > 0)
		send_long(judging);
	if (txt->answer.dns == FACTS_DNS_FOUND)
		(void)record_read_sts(
		    spans, whole_records(txt, spans), id, &sink);
}

static void
send_id(struct judging *judging)
{
	const struct facts *facts = judging->facts;
	struct judge_finding finding;

	if (judging->signal != JUDGE_SIGNAL_GOOD || !facts->local.known ||
	    strcmp(judging->id, facts->local.id) == 0)
		return;
	judge_begin(&finding, JUDGE_TXT_ID);
	judge_what(&finding,
	    "the record has the id %s, and the policy on this machine %s",
	    judging->id, facts->local.id);
	judge_mend(&finding, "Publish, once the policy is served everywhere:");
	judge_paste_record(judging, &finding, NULL);
	judge_send(judging, &finding);
}

static void
send_ttl(struct judging *judging)
{
	const struct facts_answer *answer = &judging->facts->sts.answer;
	struct judge_finding finding;
	char storage[32];
	struct text words;

	if (judging->signal != JUDGE_SIGNAL_GOOD || answer->ttl <= DAY)
		return;
	text_init(&words, storage, sizeof(storage));
	human_add_duration(&words, answer->ttl);
	judge_begin(&finding, JUDGE_TXT_TTL);
	judge_what(&finding, "_mta-sts.%s: a TTL of %s", judging->facts->domain,
	    storage);
	judge_mend(&finding, "Publish it with a shorter one:");
	judge_paste_record(judging, &finding, judging->id);
	judge_send(judging, &finding);
}

void
judge_record(struct judging *judging)
{
	send_records(judging);
	send_id(judging);
	send_ttl(judging);
}
