/*
 * The policy as a whole: what must be there, and the canonical text. Reading
 * its lines is in policy_parse.c.
 */
#include "policy.h"

#include <string.h>

#define DAY 86400

static const char *const mode_names[] = {
	[POLICY_ENFORCE] = "enforce",
	[POLICY_TESTING] = "testing",
	[POLICY_NONE] = "none",
};

const char *
policy_mode_name(enum policy_mode mode)
{
	return mode_names[mode];
}

bool
policy_mode_parse(struct text_span span, enum policy_mode *mode)
{
	size_t i;

	for (i = 0; i < sizeof(mode_names) / sizeof(mode_names[0]); i++) {
		if (!text_equals(span, mode_names[i]))
			continue;
		*mode = (enum policy_mode)i;
		return true;
	}
	return false;
}

const char *
policy_mx_name(const struct policy *policy, size_t i)
{
	return policy->names.bytes + policy->mx[i].offset;
}

void
policy_render(const struct policy *policy, struct text *text)
{
	size_t i;

	text_add_string(text, "version: STSv1\r\nmode: ");
	text_add_string(text, policy_mode_name(policy->mode));
	text_add_string(text, "\r\n");
	for (i = 0; i < policy->mx_count; i++) {
		text_add_string(text, "mx: ");
		text_add(text, policy_mx_name(policy, i), policy->mx[i].length);
		text_add_string(text, "\r\n");
	}
	text_add_string(text, "max_age: ");
	text_add_decimal(text, policy->max_age);
	text_add_string(text, "\r\n");
	text_add(text, policy->extensions.bytes, policy->extensions.length);
}

/* What policy_render would append, were there room. */
static size_t
rendered_size(const struct policy *policy)
{
	size_t size = strlen("version: STSv1\r\nmode: \r\nmax_age: \r\n");
	char digits[16];
	struct text max_age;
	size_t i;

	text_init(&max_age, digits, sizeof(digits));
	text_add_decimal(&max_age, policy->max_age);
	size += strlen(policy_mode_name(policy->mode)) + max_age.length;
	for (i = 0; i < policy->mx_count; i++)
		size += strlen("mx: \r\n") + policy->mx[i].length;
	return size + policy->extensions.length;
}

static bool
is_missing(const struct policy *policy, enum policy_known field)
{
	return policy->at[field].line == 0 && !policy->excused[field];
}

static void
check_required(const struct policy *policy, struct diag_sink *sink)
{
	if (is_missing(policy, POLICY_VERSION))
		diag_error(sink, (struct diag_place){ 1, 1 },
		    "write \"version: STSv1\" as the first line",
		    "the version is missing");
	if (is_missing(policy, POLICY_MODE))
		diag_error(sink, policy->last_line,
		    "write \"mode: testing\", \"mode: enforce\" or "
		    "\"mode: none\"",
		    "the mode is missing");
	if (is_missing(policy, POLICY_MAX_AGE))
		diag_error(sink, policy->last_line,
		    "write \"max_age: 604800\" (a week, in seconds)",
		    "max_age is missing");
	if (is_missing(policy, POLICY_MX) && policy->valid[POLICY_MODE] &&
	    policy->mode != POLICY_NONE)
		diag_error(sink, policy->at[POLICY_MODE],
		    "write \"mx: \" and a host name for each MX of the "
		    "domain, or \"mode: none\"",
		    "mode %s needs an mx, and there is none",
		    policy_mode_name(policy->mode));
}

static void
check_doubtful(const struct policy *policy, struct diag_sink *sink)
{
	if (!policy->valid[POLICY_MODE])
		return;
	if (policy->mode == POLICY_ENFORCE && policy->valid[POLICY_MAX_AGE] &&
	    policy->max_age < DAY)
		diag_warning(sink, policy->at[POLICY_MAX_AGE],
		    "write 604800 (a week) or more",
		    "a max_age under a day protects hardly any mail");
	if (policy->mode == POLICY_NONE && policy->at[POLICY_MX].line != 0)
		diag_warning(sink, policy->at[POLICY_MX],
		    "leave the mx lines out, or write another mode",
		    "mx lines mean nothing in mode none");
}

void
policy_validate(const struct policy *policy, struct diag_sink *sink)
{
	check_required(policy, sink);
	if (policy->names.overflow || policy->extensions.overflow ||
	    rendered_size(policy) > POLICY_SIZE_MAX)
		diag_error(sink, DIAG_WHOLE,
		    "name fewer hosts, or leave fields out",
		    "the policy is served as more than %d octets",
		    POLICY_SIZE_MAX);
	check_doubtful(policy, sink);
}
