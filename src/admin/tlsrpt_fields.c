/*
 * The values of a TLS report; see tlsrpt_fields.h.
 */
#include "tlsrpt_fields.h"

#include <stdarg.h>
#include <string.h>

#include <json-c/json.h>

#include "diag.h"
#include "tlsrpt_read.h"

#define CUT "..."

/* "policies[1].failure-details[2].": where in the report a value is. */
static void
add_place(const struct tlsrpt_fields *fields, struct text *text)
{
	if (fields->policy > 0)
		text_add_format(text, "policies[%zu].", fields->policy - 1);
	if (fields->detail > 0)
		text_add_format(
		    text, "failure-details[%zu].", fields->detail - 1);
}

static void
tell(struct tlsrpt_fields *fields, const char *key, const char *what,
    const char *hint)
{
	char storage[192];
	struct text place;

	if (++fields->findings > TLSRPT_FINDINGS_MAX)
		return;
	text_init(&place, storage, sizeof(storage));
	add_place(fields, &place);
	text_add_string(&place, key);
	if (key[0] == '\0')
		place.bytes[--place.length] = '\0';
	diag_error(fields->sink, DIAG_WHOLE, hint, "%s %s", place.bytes, what);
}

void
tlsrpt_fields_end(struct tlsrpt_fields *fields)
{
	if (fields->findings > TLSRPT_FINDINGS_MAX)
		diag_error(fields->sink, DIAG_WHOLE, NULL,
		    "and %u more values that are wrong",
		    fields->findings - TLSRPT_FINDINGS_MAX);
}

void
tlsrpt_name(struct text_span span, char name[])
{
	struct text text;
	size_t i;

	if (span.length > 0 && span.at[span.length - 1] == '.')
		span.length--;
	text_init(&text, name, TLSRPT_NAME_SIZE);
	for (i = 0; i < span.length; i++) {
		const char c = text_lower(span.at[i]);

		/* Room for the longest escape and for the dots. */
		if (text.length + 4 + strlen(CUT) >= TLSRPT_NAME_SIZE) {
			text_add_string(&text, CUT);
			return;
		}
		text_add_escaped(&text, &c, 1);
	}
}

/* As tlsrpt_name, upper case left as it is. */
static void
escape(struct text_span span, char words[TLSRPT_NAME_SIZE])
{
	struct text text;
	size_t i;

	span = text_trim(span);
	text_init(&text, words, TLSRPT_NAME_SIZE);
	for (i = 0; i < span.length; i++) {
		if (text.length + 4 + strlen(CUT) >= TLSRPT_NAME_SIZE) {
			text_add_string(&text, CUT);
			return;
		}
		text_add_escaped(&text, span.at + i, 1);
	}
}

static struct json_object *
member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (object != NULL)
		(void)json_object_object_get_ex(object, key, &value);
	return value;
}

/* A member that is an object; NULL, and told of, for anything else. */
static struct json_object *
object_member(
    struct tlsrpt_fields *fields, struct json_object *object, const char *key)
{
	struct json_object *value = member(object, key);

	if (value == NULL || json_object_is_type(value, json_type_object))
		return value;
	tell(fields, key, "is no object", NULL);
	return NULL;
}

/* The text of a string or a number, or the first one of an array of such. */
static struct text_span
string_member(
    struct tlsrpt_fields *fields, struct json_object *object, const char *key)
{
	struct json_object *value = member(object, key);
	const char *string;

	if (json_object_is_type(value, json_type_array))
		value = json_object_array_get_idx(value, 0);
	switch (json_object_get_type(value)) {
	case json_type_null:
		break;
	case json_type_string:
		return (struct text_span){ json_object_get_string(value),
			(size_t)json_object_get_string_len(value) };
	case json_type_int:
	case json_type_double:
		string = json_object_get_string(value);
		if (string != NULL)
			return (struct text_span){ string, strlen(string) };
		break;
	default:
		tell(fields, key, "is no string", NULL);
		break;
	}
	return (struct text_span){ "", 0 };
}

/* Whether there is a count; false, and 0, if there is none that can be one. */
static bool
count_member(struct tlsrpt_fields *fields, struct json_object *object,
    const char *key, uint64_t *count)
{
	struct json_object *value = member(object, key);
	double number = 0;
	uint64_t digits;

	*count = 0;
	switch (json_object_get_type(value)) {
	case json_type_null:
		return false;
	case json_type_int:
	case json_type_double:
		number = json_object_get_double(value);
		break;
	case json_type_string:
		if (text_decimal(text_trim(string_member(fields, object, key)),
			18, &digits)) {
			number = (double)digits;
			break;
		}
		/* fall through */
	default:
		tell(fields, key, "is no number", NULL);
		return false;
	}
	if (number >= 0 && number <= (double)TLSRPT_COUNT_MAX) {
		*count = (uint64_t)number;
		return true;
	}
	tell(fields, key, number < 0 ? "is below zero" : "is above 2^53",
	    "it does not count");
	return false;
}

static time_t
time_member(
    struct tlsrpt_fields *fields, struct json_object *object, const char *key)
{
	const struct text_span span = string_member(fields, object, key);
	time_t time;

	if (span.length == 0)
		return TLSRPT_NO_TIME;
	if (tlsrpt_time(span, &time))
		return time;
	tell(fields, key, "is no time", "it is like 2026-11-22T00:00:00Z");
	return TLSRPT_NO_TIME;
}

/* How many there are: none for null, one for an object. */
static size_t
array_length(
    struct tlsrpt_fields *fields, struct json_object *object, const char *key)
{
	struct json_object *value = member(object, key);

	if (json_object_is_type(value, json_type_array))
		return json_object_array_length(value);
	if (json_object_is_type(value, json_type_object))
		return 1;
	if (value != NULL)
		tell(fields, key, "is no array", NULL);
	return 0;
}

/* Number i; NULL, and told of, if it is no object. */
static struct json_object *
array_object(struct tlsrpt_fields *fields, struct json_object *object,
    const char *key, size_t i)
{
	struct json_object *value = member(object, key);

	if (json_object_is_type(value, json_type_array))
		value = json_object_array_get_idx(value, i);
	if (json_object_is_type(value, json_type_object))
		return value;
	tell(fields, "", "is no object", NULL);
	return NULL;
}

static void
add(struct tlsrpt_fields *fields, const struct tlsrpt_fact *fact)
{
	if (!fields->out_of_memory && !tlsrpt_add(fields->tlsrpt, fact))
		fields->out_of_memory = true;
}

/* One of failure-details; where none has a count, it has them all. */
static void
read_detail(struct tlsrpt_fields *fields, struct json_object *detail,
    const struct tlsrpt_fact *summary, bool alone)
{
	char result[TLSRPT_NAME_SIZE], mx[TLSRPT_NAME_SIZE],
	    reason[TLSRPT_NAME_SIZE];
	struct tlsrpt_fact fact = *summary;
	struct text_span host =
	    string_member(fields, detail, "receiving-mx-hostname");

	if (host.length == 0)
		host = string_member(fields, detail, "receiving-mx-helo");
	tlsrpt_name(text_trim(host), mx);
	tlsrpt_name(
	    text_trim(string_member(fields, detail, "result-type")), result);
	escape(string_member(fields, detail, "failure-reason-code"), reason);
	fact.result = result[0] != '\0' ? result : "unknown";
	fact.mx = mx;
	fact.reason = reason;
	fact.good = 0;
	if (!count_member(
		fields, detail, "failed-session-count", &fact.failed) &&
	    alone)
		fact.failed = summary->failed;
	add(fields, &fact);
}

static uint64_t
read_details(struct tlsrpt_fields *fields, struct json_object *policy,
    const struct tlsrpt_fact *summary, bool count_only)
{
	const size_t count = array_length(fields, policy, "failure-details");
	uint64_t sum = 0, failed;
	size_t i;

	for (i = 0; i < count; i++) {
		struct json_object *detail;

		fields->detail = i + 1;
		detail = array_object(fields, policy, "failure-details", i);
		if (detail == NULL)
			continue;
		if (!count_only) {
			read_detail(fields, detail, summary, count == 1);
			continue;
		}
		(void)count_member(
		    fields, detail, "failed-session-count", &failed);
		sum = tlsrpt_sum(sum, failed);
	}
	fields->detail = 0;
	return sum;
}

static void
read_policy(struct tlsrpt_fields *fields, struct json_object *policy)
{
	struct json_object *about = object_member(fields, policy, "policy");
	struct json_object *summary = object_member(fields, policy, "summary");
	char domain[TLSRPT_NAME_SIZE], type[TLSRPT_NAME_SIZE];
	struct tlsrpt_fact fact = { .domain = domain,
		.sender = fields->sender,
		.policy = type,
		.result = "",
		.mx = "",
		.reason = "",
		.first = fields->first,
		.last = fields->last };

	tlsrpt_name(
	    text_trim(string_member(fields, about, "policy-domain")), domain);
	if (domain[0] == '\0')
		tlsrpt_name((struct text_span){ fields->domain,
				strlen(fields->domain) },
		    domain);
	if (!tlsrpt_wants(fields->tlsrpt, domain))
		return;
	tlsrpt_name(
	    text_trim(string_member(fields, about, "policy-type")), type);
	/* Not in the sums; whoever sends something else is to know. */
	(void)string_member(fields, about, "mx-host");
	(void)count_member(
	    fields, summary, "total-successful-session-count", &fact.good);
	if (!count_member(
		fields, summary, "total-failure-session-count", &fact.failed))
		fact.failed = read_details(fields, policy, &fact, true);
	add(fields, &fact);
	(void)read_details(fields, policy, &fact, false);
}

/* Whether the report is one that has not been counted. */
static bool
note(struct tlsrpt_fields *fields, struct json_object *report,
    struct text_span text)
{
	char id[TLSRPT_NAME_SIZE];

	escape(string_member(fields, report, "report-id"), id);
	switch (tlsrpt_note(fields->tlsrpt, fields->sender, id, text)) {
	case TLSRPT_NEW:
		return true;
	case TLSRPT_SAME:
		return false;
	case TLSRPT_OTHER:
		diag_warning(fields->sink, DIAG_WHOLE, NULL,
		    "another report of %s has the same report-id, %s, and "
		    "counts; this one does not",
		    fields->sender[0] != '\0' ? fields->sender : "nobody", id);
		return false;
	default:
		fields->out_of_memory = true;
		return false;
	}
}

void
tlsrpt_fields_read(struct tlsrpt_fields *fields, struct json_object *report,
    struct text_span text)
{
	struct json_object *range;
	size_t i, count;

	fields->policy = fields->detail = 0;
	escape(
	    string_member(fields, report, "organization-name"), fields->sender);
	range = object_member(fields, report, "date-range");
	fields->first = time_member(fields, range, "start-datetime");
	fields->last = time_member(fields, range, "end-datetime");
	/* A day ends where the next one begins. */
	if (fields->last > fields->first && fields->last > 0)
		fields->last--;
	if (fields->last == TLSRPT_NO_TIME)
		fields->last = fields->first;
	if (fields->first == TLSRPT_NO_TIME)
		fields->first = fields->last;
	if (!note(fields, report, text))
		return;
	if (fields->tlsrpt->since != TLSRPT_NO_TIME &&
	    fields->last != TLSRPT_NO_TIME &&
	    fields->last < fields->tlsrpt->since) {
		fields->tlsrpt->before++;
		return;
	}
	count = array_length(fields, report, "policies");
	for (i = 0; i < count; i++) {
		struct json_object *policy;

		fields->policy = i + 1;
		policy = array_object(fields, report, "policies", i);
		if (policy != NULL)
			read_policy(fields, policy);
	}
	fields->policy = 0;
}
