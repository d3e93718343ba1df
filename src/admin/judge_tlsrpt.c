/*
 * The record that tells where reports of failures go (RFC 8460 section 3). It
 * is missed most while the mode is testing, which is all about reports.
 */
#include <string.h>

#include "judge_part.h"
#include "reporturi.h"

#define TLSRPT_VERSION "v=TLSRPTv1"

static void
paste(const struct judging *judging, struct judge_finding *finding)
{
	const char *value = judging->judge->tlsrpt;
	const char *domain = judging->facts->domain;
	const unsigned ttl = judging->judge->ttl;

	judge_mend_alias(
	    finding, "_smtp._tls.", domain, &judging->facts->tlsrpt.answer);
	if (value != NULL && value[0] != '\0')
		judge_paste(finding, "_smtp._tls.%s. %u IN TXT \"%s\"", domain,
		    ttl, value);
	else
		judge_paste(finding,
		    "_smtp._tls.%s. %u IN TXT \"" TLSRPT_VERSION
		    "; rua=mailto:tls-reports@%s\"",
		    domain, ttl, domain);
}

/* Whether a sender takes it for the record, blanks before the ";" or not. */
static bool
is_record(const char *value)
{
	const size_t length = strlen(TLSRPT_VERSION);

	if (strncmp(value, TLSRPT_VERSION, length) != 0)
		return false;
	value += length;
	return value[strspn(value, " \t")] == ';';
}

static struct text_span
take_part(struct text_span *rest, char divider)
{
	const char *end = memchr(rest->at, divider, rest->length);
	struct text_span part = { rest->at, rest->length };

	if (end != NULL)
		part.length = (size_t)(end - rest->at);
	rest->at += part.length + (end != NULL ? 1 : 0);
	rest->length -= part.length + (end != NULL ? 1 : 0);
	return text_trim(part);
}

/* What is wrong with one of the addresses, or NULL. */
static const char *
addresses_fault(struct text_span list, struct reporturi_fault *fault)
{
	char uri[FACTS_TXT_SIZE];
	struct text_span part;
	struct text text;

	do {
		part = take_part(&list, ',');
		text_init(&text, uri, sizeof(uri));
		text_add(&text, part.at, part.length);
		if (strlen(uri) != part.length)
			return "a NUL octet";
		if (!reporturi_check(uri, fault))
			return fault->message;
	} while (list.length > 0);
	return NULL;
}

/* What is wrong with a record, as a constant phrase; NULL for nothing. */
static const char *
record_fault(struct text_span rest, const char **hint)
{
	struct reporturi_fault fault = { NULL, NULL };
	const char *message;
	bool found = false;

	(void)take_part(&rest, ';');
	while (rest.length > 0) {
		struct text_span field = take_part(&rest, ';');

		if (field.length == 0 && rest.length > 0)
			return "an empty field";
		if (field.length < 4 || memcmp(field.at, "rua=", 4) != 0)
			continue;
		found = true;
		message = addresses_fault(
		    (struct text_span){ field.at + 4, field.length - 4 },
		    &fault);
		*hint = fault.hint;
		if (message != NULL)
			return message;
	}
	return found ? NULL : "no rua= with the address for reports";
}

static void
send_missing(struct judging *judging)
{
	const bool testing =
	    judging->served && judging->policy->mode == POLICY_TESTING;
	struct judge_finding finding;

	if (judging->served && judging->policy->mode == POLICY_NONE)
		return;
	judge_begin(&finding, JUDGE_TLSRPT_MISSING);
	if (testing)
		finding.severity = JUDGE_WARNING;
	judge_what(&finding, "no record at _smtp._tls.%s%s",
	    judging->facts->domain,
	    testing ? ": testing brings no reports" : "");
	judge_mend(&finding, "Publish:");
	paste(judging, &finding);
	judge_send(judging, &finding);
}

static void
send_one(struct judging *judging, struct text_span record)
{
	const char *hint = NULL, *fault = record_fault(record, &hint);
	struct judge_finding finding;

	if (fault == NULL)
		return;
	judge_begin(&finding, JUDGE_TLSRPT_INVALID);
	judge_what(&finding, "_smtp._tls.%s: %s in \"%.*s\"",
	    judging->facts->domain, fault,
	    record.length < 160 ? (int)record.length : 160, record.at);
	judge_mend(&finding, "%s%s", hint != NULL ? hint : "Publish",
	    hint != NULL ? "; or publish:" : ":");
	paste(judging, &finding);
	judge_send(judging, &finding);
}

void
judge_tlsrpt(struct judging *judging)
{
	const struct facts_txt *txt = &judging->facts->tlsrpt;
	size_t i, count = 0, last = 0;
	struct judge_finding finding;

	if (txt->answer.dns != FACTS_DNS_FOUND &&
	    txt->answer.dns != FACTS_DNS_NO_DATA &&
	    txt->answer.dns != FACTS_DNS_NO_NAME)
		return;
	for (i = 0; i < txt->count && i < FACTS_TXT_MAX; i++)
		if (is_record(txt->at[i].bytes)) {
			count++;
			last = i;
		}
	if (count == 0) {
		send_missing(judging);
	} else if (count > 1) {
		judge_begin(&finding, JUDGE_TLSRPT_SEVERAL);
		judge_what(&finding,
		    "_smtp._tls.%s: %zu records begin with \"" TLSRPT_VERSION
		    ";\", and one may",
		    judging->facts->domain, count);
		judge_mend(&finding, "Delete all but one, such as:");
		paste(judging, &finding);
		judge_send(judging, &finding);
	} else if (txt->at[last].length < FACTS_TXT_SIZE) {
		send_one(judging, (struct text_span){ txt->at[last].bytes,
				      txt->at[last].length });
	}
}
