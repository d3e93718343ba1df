/*
 * TLS reports for programs: CSV and JSON; see tlsrpt_print.h.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "csv.h"
#include "jsonout.h"
#include "tlsrpt.h"
#include "tlsrpt_print.h"

/* Of six names, each octet of which may become two. */
#define CSV_SIZE (12 * TLSRPT_NAME_SIZE + 200)

static void
add_day(struct text *text, time_t time)
{
	char day[TLSRPT_DAY_SIZE];

	csv_add(text, time == TLSRPT_NO_TIME ? "" : tlsrpt_day(time, day));
}

static void
print_csv_row(const struct tlsrpt_row *row)
{
	const struct tlsrpt_fact *sum = &row->sum;
	const bool failure = sum->result[0] != '\0';
	char storage[CSV_SIZE];
	struct text text;

	text_init(&text, storage, sizeof(storage));
	csv_add(&text, failure ? "failure" : "sessions");
	csv_add(&text, sum->domain);
	csv_add(&text, sum->sender);
	csv_add(&text, sum->policy);
	csv_add(&text, sum->result);
	csv_add(&text, sum->mx);
	if (failure)
		csv_add(&text, "");
	else
		csv_add_number(&text, sum->good);
	csv_add_number(&text, sum->failed);
	csv_add_number(&text, row->reports);
	add_day(&text, sum->first);
	add_day(&text, sum->last);
	csv_add(&text, sum->reason);
	(void)puts(storage);
}

void
tlsrpt_print_csv(const struct tlsrpt_row *const *rows, size_t count)
{
	size_t i;

	(void)puts("row,domain,sender,policy_type,result_type,mx,successful,"
		   "failed,reports,first_day,last_day,reason");
	for (i = 0; i < count; i++)
		print_csv_row(rows[i]);
}

static void
set_name(struct json_object *object, const char *key, const char *name)
{
	jsonout_set_string(object, key, name[0] != '\0' ? name : NULL);
}

static void
set_count(struct json_object *object, const char *key, uint64_t count)
{
	(void)json_object_object_add(
	    object, key, json_object_new_int64((int64_t)count));
}

static void
set_day(struct json_object *object, const char *key, time_t time)
{
	char day[TLSRPT_DAY_SIZE];

	jsonout_set_string(
	    object, key, time == TLSRPT_NO_TIME ? NULL : tlsrpt_day(time, day));
}

/* What a summary and a failure have in common. */
static struct json_object *
make_object(const struct tlsrpt_row *row)
{
	struct json_object *object = json_object_new_object();

	set_name(object, "sender", row->sum.sender);
	set_name(object, "policy_type", row->sum.policy);
	set_count(object, "reports", row->reports);
	set_day(object, "first_day", row->sum.first);
	set_day(object, "last_day", row->sum.last);
	set_count(object, "failed", row->sum.failed);
	return object;
}

static struct json_object *
make_summary(const struct tlsrpt_row *row)
{
	struct json_object *object = make_object(row);

	set_count(object, "successful", row->sum.good);
	return object;
}

static struct json_object *
make_failure(const struct tlsrpt_row *row)
{
	const struct tlsrpt_result *result = tlsrpt_result(row->sum.result);
	struct json_object *object = make_object(row);
	struct json_object *commands = json_object_new_array();
	char advice[TLSRPT_ADVICE_SIZE];
	size_t i;

	set_name(object, "result_type", row->sum.result);
	set_name(object, "mx", row->sum.mx);
	set_name(object, "reason", row->sum.reason);
	(void)json_object_object_add(
	    object, "known", json_object_new_boolean(result->name[0] != '\0'));
	jsonout_set_string(object, "meaning", result->meaning);
	jsonout_set_string(object, "mend",
	    tlsrpt_advice(result->mend, row->sum.domain, advice));
	for (i = 0; result->commands[i] != NULL; i++)
		(void)json_object_array_add(commands,
		    json_object_new_string(tlsrpt_advice(
			result->commands[i], row->sum.domain, advice)));
	(void)json_object_object_add(object, "commands", commands);
	return object;
}

static void
print_domain(const struct tlsrpt_row *const *rows, size_t count)
{
	const size_t summaries = tlsrpt_summaries(rows, count);
	struct json_object *object = json_object_new_object();
	struct json_object *senders = json_object_new_array();
	struct json_object *failures = json_object_new_array();
	uint64_t good = 0, failed = 0;
	size_t i;

	for (i = 0; i < summaries; i++) {
		good = tlsrpt_sum(good, rows[i]->sum.good);
		failed = tlsrpt_sum(failed, rows[i]->sum.failed);
		(void)json_object_array_add(senders, make_summary(rows[i]));
	}
	for (; i < count; i++)
		(void)json_object_array_add(failures, make_failure(rows[i]));
	set_name(object, "domain", rows[0]->sum.domain);
	set_count(object, "successful", good);
	set_count(object, "failed", failed);
	(void)json_object_object_add(object, "senders", senders);
	(void)json_object_object_add(object, "failures", failures);
	jsonout_row(object);
}

void
tlsrpt_print_json(const struct tlsrpt_row *const *rows, size_t count)
{
	size_t at, group;

	jsonout_begin();
	for (at = 0; at < count; at += group) {
		group = tlsrpt_group(rows + at, count - at);
		print_domain(rows + at, group);
	}
	jsonout_end();
}
