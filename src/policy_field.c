/*
 * The fields of a policy and their values; see policy_field.h.
 */
#include "policy_field.h"

#include <string.h>

#include "mxpattern.h"

#define MAX_AGE_DIGITS 10
#define QUOTED_SIZE    320

struct diag_place
policy_field_place(const struct policy_reader *reader, const char *at)
{
	return (struct diag_place){ reader->number,
		(unsigned)(at - reader->line) + 1 };
}

void
policy_field_error(struct policy_reader *reader, const char *at,
    const char *name, struct text_span span, const char *message,
    const char *hint)
{
	char storage[QUOTED_SIZE];
	struct text quoted;

	text_init(&quoted, storage, sizeof(storage));
	text_add_quoted(&quoted, span);
	diag_error(reader->sink, policy_field_place(reader, at), hint,
	    "%s %s: %s", name, storage, message);
}

static bool
read_version(struct policy_reader *reader, struct text_span value)
{
	if (text_equals(value, "STSv1"))
		return true;
	policy_field_error(reader, value.at, "version", value,
	    "there is no such version", "write \"version: STSv1\"");
	return false;
}

static bool
read_mode(struct policy_reader *reader, struct text_span value)
{
	if (policy_mode_parse(value, &reader->policy->mode))
		return true;
	policy_field_error(reader, value.at, "mode", value,
	    "there is no such mode",
	    "write enforce, testing or none, in lower case");
	return false;
}

/* A duration is worth translating: "7d" is what people mean. */
static const char *
max_age_hint(struct text_span value, struct text *hint)
{
	uint64_t seconds;

	if (!text_duration(value, &seconds) || seconds > POLICY_MAX_AGE_MAX)
		return "write seconds in digits alone, such as 604800 (a week)";
	text_add_string(hint, "write ");
	text_add_decimal(hint, seconds);
	return hint->bytes;
}

static bool
read_max_age(struct policy_reader *reader, struct text_span value)
{
	char storage[64];
	struct text hint;
	uint64_t seconds;

	text_init(&hint, storage, sizeof(storage));
	if (!text_decimal(value, MAX_AGE_DIGITS, &seconds)) {
		policy_field_error(reader, value.at, "max_age", value,
		    "not a number of 1 to 10 digits",
		    max_age_hint(value, &hint));
		return false;
	}
	if (seconds > POLICY_MAX_AGE_MAX) {
		policy_field_error(reader, value.at, "max_age", value,
		    "longer than a year", "write 31557600 or less");
		return false;
	}
	reader->policy->max_age = (uint32_t)seconds;
	return true;
}

/* FNV-1a, so that finding an mx given twice compares numbers, not names. */
static uint32_t
hash_of(const char *bytes, size_t length)
{
	uint32_t hash = 2166136261U;

	while (length-- > 0)
		hash = (hash ^ (unsigned char)*bytes++) * 16777619U;
	return hash;
}

static bool
mx_is_known(const struct policy *policy, const struct policy_mx *mx)
{
	const char *name = policy->names.bytes + mx->offset;
	size_t i;

	for (i = 0; i < policy->mx_count; i++)
		if (policy->mx[i].hash == mx->hash &&
		    strcmp(policy_mx_name(policy, i), name) == 0)
			return true;
	return false;
}

/* Keeps a pattern in lower case, unless the policy has it already. */
static void
mx_add(struct policy *policy, struct text_span value)
{
	struct text *names = &policy->names;
	struct policy_mx *mx = &policy->mx[policy->mx_count];
	size_t offset = names->length, i;
	char *name = names->bytes + offset;

	text_add(names, value.at, value.length);
	text_add(names, "", 1);
	if (names->overflow || policy->mx_count == POLICY_MX_MAX)
		return;
	for (i = 0; i < value.length; i++)
		name[i] = text_lower(name[i]);
	mx->hash = hash_of(name, value.length);
	mx->offset = (uint16_t)offset;
	mx->length = (uint16_t)value.length;
	if (mx_is_known(policy, mx))
		names->length = offset;
	else
		policy->mx_count++;
}

static bool
read_mx(struct policy_reader *reader, struct text_span value)
{
	struct mxpattern_fault fault;

	if (!mxpattern_check(value, &fault)) {
		policy_field_error(reader, value.at + fault.at, "mx", value,
		    fault.message, fault.hint);
		return false;
	}
	if (mxpattern_is_wide(value))
		diag_warning(reader->sink, policy_field_place(reader, value.at),
		    "write the full host name of the MX",
		    "mx \"%.*s\": a bare host name or a top-level domain is "
		    "hardly ever meant",
		    (int)value.length, value.at);
	mx_add(reader->policy, value);
	return true;
}

static const struct policy_field fields[] = {
	{ "version", "write \"version: STSv1\"", POLICY_VERSION, false,
	    read_version },
	{ "mode",
	    "write \"mode: testing\", \"mode: enforce\" or \"mode: none\"",
	    POLICY_MODE, false, read_mode },
	{ "mx", "write \"mx: mx1.example.com\"", POLICY_MX, true, read_mx },
	{ "max_age", "write \"max_age: 604800\"", POLICY_MAX_AGE, false,
	    read_max_age },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

const struct policy_field *
policy_field_find(
    struct text_span key, bool (*same)(struct text_span, const char *))
{
	size_t i;

	for (i = 0; i < FIELDS; i++)
		if (same(key, fields[i].name))
			return &fields[i];
	return NULL;
}

bool
policy_field_note(struct policy_reader *reader,
    const struct policy_field *field, const char *at)
{
	struct diag_place *given = &reader->policy->at[field->number];

	if (given->line == 0) {
		*given = policy_field_place(reader, at);
		return true;
	}
	if (field->repeats)
		return true;
	diag_error(reader->sink, policy_field_place(reader, at),
	    "keep one of the two lines",
	    "%s is given twice, the first time on line %u", field->name,
	    given->line);
	return false;
}

void
policy_field_excuse(
    struct policy_reader *reader, const struct policy_field *field)
{
	if (field != NULL)
		reader->policy->excused[field->number] = true;
}
