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

static size_t
rendered_size(const struct policy *policy)
{
	static const char frame[] =
	    "version: STSv1\r\nmode: enforce\r\nmax_age: 31557600\r\n";
	size_t size = sizeof(frame) - 1 + policy->extensions.length, i;

	for (i = 0; i < policy->mx_count; i++)
		size += policy->mx[i].length + strlen("mx: \r\n");
	return size;
}

static void
check_required(const struct policy *policy, struct diag_sink *sink)
{
	if (policy->version_at.line == 0)
		diag_error(sink, (struct diag_place){ 1, 1 },
		    "write \"version: STSv1\" as the first line",
		    "the version is missing");
	if (policy->mode_at.line == 0)
		diag_error(sink, policy->last_line,
		    "write \"mode: testing\", \"mode: enforce\" or "
		    "\"mode: none\"",
		    "the mode is missing");
	if (policy->max_age_at.line == 0)
		diag_error(sink, policy->last_line,
		    "write \"max_age: 604800\" (a week, in seconds)",
		    "max_age is missing");
	if (policy->mode_valid && policy->mode != POLICY_NONE &&
	    policy->mx_at.line == 0)
		diag_error(sink, policy->mode_at,
		    "write \"mx: \" and a host name for each MX of the "
		    "domain, or \"mode: none\"",
		    "mode %s needs an mx, and there is none",
		    policy_mode_name(policy->mode));
}

static void
check_doubtful(const struct policy *policy, struct diag_sink *sink)
{
	if (policy->mode == POLICY_ENFORCE && policy->max_age < DAY)
		diag_warning(sink, policy->max_age_at,
		    "write 604800 (a week) or more",
		    "a max_age under a day protects hardly any mail");
	if (policy->mode == POLICY_NONE && policy->mx_at.line != 0)
		diag_warning(sink, policy->mx_at,
		    "leave the mx lines out, or write another mode",
		    "mx lines mean nothing in mode none");
}

void
policy_validate(const struct policy *policy, struct diag_sink *sink)
{
	check_required(policy, sink);
	if (policy->names.overflow || policy->extensions.overflow ||
	    rendered_size(policy) > POLICY_SIZE_MAX)
		diag_error(sink, DIAG_WHOLE, "name fewer hosts",
		    "the policy is served as more than %d octets",
		    POLICY_SIZE_MAX);
	if (policy->mode_valid && policy->max_age_at.line != 0)
		check_doubtful(policy, sink);
}
