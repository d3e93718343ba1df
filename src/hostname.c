/*
 * DNS host names and policy domains; see hostname.h.
 */
#include "hostname.h"

#include <string.h>

#define LABEL_MAX 63
#define PORT_MAX  5 /* digits */

static const char *
label_fault(struct text_span label, size_t *at)
{
	size_t i;

	*at = 0;
	if (label.length == 0)
		return "an empty label";
	for (i = 0; i < label.length; i++) {
		char c = label.at[i];

		*at = i;
		if ((unsigned char)c >= 0x80)
			return "a character outside ASCII";
		if (c == '_')
			return "an underscore";
		if (!text_is_letter(c) && !text_is_digit(c) && c != '-')
			return "a character that no host name has";
	}
	*at = 0;
	if (label.at[0] == '-')
		return "a label that begins with a hyphen";
	if (label.length > LABEL_MAX)
		return "a label longer than 63 octets";
	*at = label.length - 1;
	return label.at[*at] == '-' ? "a label that ends with a hyphen" : NULL;
}

static bool
label_is_numeric(struct text_span label)
{
	size_t i;

	for (i = 0; i < label.length; i++)
		if (!text_is_digit(label.at[i]))
			return false;
	return true;
}

const char *
hostname_fault(struct text_span name, size_t *at)
{
	struct text_span label = { name.at, 0 };
	const char *fault, *dot, *end = name.at + name.length;

	*at = 0;
	if (name.length == 0)
		return "an empty name";
	if (name.length > 1 && end[-1] == '.' && end[-2] != '.') {
		*at = name.length - 1;
		return "a final dot";
	}
	for (;; label.at = dot + 1) {
		dot = memchr(label.at, '.', (size_t)(end - label.at));
		label.length = (size_t)((dot ? dot : end) - label.at);
		fault = label_fault(label, at);
		*at += (size_t)(label.at - name.at);
		if (fault != NULL)
			return fault;
		if (dot == NULL)
			break;
	}
	*at = 0;
	if (label_is_numeric(label))
		return "a last label of digits alone, as in an IP address";
	return name.length > HOSTNAME_MAX ? "longer than 253 octets" : NULL;
}

/* The host without port and final dot; whether the port is one. */
static bool
host_without_port(const char *host, struct text_span *name)
{
	size_t length = strcspn(host, ":"), i;
	const char *port = host + length;

	if (*port == ':')
		port++;
	for (i = 0; port[i] != '\0'; i++)
		if (i == PORT_MAX || !text_is_digit(port[i]))
			return false;
	if (length > 1 && host[length - 1] == '.')
		length--;
	name->at = host;
	name->length = length;
	return true;
}

enum hostname_host
hostname_policy_domain(const char *host, char domain[HOSTNAME_SIZE])
{
	const size_t prefix = strlen(HOSTNAME_POLICY_LABEL);
	struct text_span name, label;
	size_t at, i;

	domain[0] = '\0';
	if (host == NULL || !host_without_port(host, &name) ||
	    hostname_fault(name, &at) != NULL)
		return HOSTNAME_INVALID;
	label = (struct text_span){ name.at, prefix };
	if (name.length <= prefix ||
	    !text_equals_fold(label, HOSTNAME_POLICY_LABEL))
		return HOSTNAME_OTHER_HOST;
	for (i = prefix; i < name.length; i++)
		domain[i - prefix] = text_lower(name.at[i]);
	domain[name.length - prefix] = '\0';
	return HOSTNAME_POLICY_HOST;
}
