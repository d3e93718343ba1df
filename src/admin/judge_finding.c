/*
 * How a finding is put together: its words, escaped and bounded, and the
 * records and commands that several of them paste.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "judge_part.h"

#define LINE_SIZE 1024

void
judge_begin(struct judge_finding *finding, enum judge_code code)
{
	const struct judge_rule *rule = &judge_rules[code];

	finding->code = rule->code;
	finding->group = rule->group;
	finding->severity = rule->severity;
	finding->what[0] = finding->mend[0] = '\0';
	judge_sender(finding, rule->effect, rule->sender);
}

/* Appends as much as there is room for. */
static void
append(char *storage, size_t size, const char *bytes)
{
	struct text text = { storage, strlen(storage), size, false };

	for (; *bytes != '\0' && !text.overflow; bytes++)
		text_add_escaped(&text, bytes, 1);
}

void
judge_sender(
    struct judge_finding *finding, enum judge_effect effect, const char *text)
{
	finding->effect = effect;
	finding->sender[0] = '\0';
	append(finding->sender, sizeof(finding->sender), text);
}

void
judge_what(struct judge_finding *finding, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	append(finding->what, sizeof(finding->what), line);
}

/* A line goes in whole or not at all: half a command does harm. */
static void __attribute__((format(printf, 3, 0)))
add_line(struct judge_finding *finding, const char *before, const char *format,
    va_list arguments)
{
	const size_t length = strlen(finding->mend);
	char line[LINE_SIZE], escaped[LINE_SIZE];
	struct text mend = { finding->mend, length, sizeof(finding->mend),
		false };
	int wanted = vsnprintf(line, sizeof(line), format, arguments);

	if (wanted < 0 || (size_t)wanted >= sizeof(line))
		return;
	escaped[0] = '\0';
	append(escaped, sizeof(escaped), line);
	text_add_format(
	    &mend, "%s%s%s", length > 0 ? "\n" : "", before, escaped);
}

void
judge_mend(struct judge_finding *finding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_line(finding, "", format, arguments);
	va_end(arguments);
}

void
judge_paste(struct judge_finding *finding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_line(finding, JUDGE_PASTE, format, arguments);
	va_end(arguments);
}

void
judge_send(struct judging *judging, const struct judge_finding *finding)
{
	judging->count[finding->severity]++;
	judging->judge->take(judging->judge->context, finding);
}

bool
judge_is_host(const char *name)
{
	size_t at;

	return hostname_fault((struct text_span){ name, strlen(name) }, &at) ==
	       NULL;
}

void
judge_mend_alias(struct judge_finding *finding, const char *label,
    const char *domain, const struct facts_answer *answer)
{
	if (answer->chain > 0 && answer->canonical[0] != '\0')
		judge_mend(finding,
		    "%s%s is an alias (CNAME) that leads to %s, and no other "
		    "record can stand beside it: put this in its place, or "
		    "mend what it leads to.",
		    label, domain, answer->canonical);
}

/*
 * The id of the policy, where there is one: of the file here, else of what is
 * served; else the time of the look, which will do for any policy.
 */
void
judge_paste_record(const struct judging *judging, struct judge_finding *finding,
    const char *id)
{
	const struct facts *facts = judging->facts;
	char made[RECORD_ID_SIZE], storage[64];
	struct text record;

	if (id == NULL && facts->local.known)
		id = facts->local.id;
	if (id == NULL || id[0] == '\0') {
		if (judging->served)
			record_id_of_policy(judging->policy, made);
		else
			record_id_of_time(facts->looked, made);
		id = made;
	}
	text_init(&record, storage, sizeof(storage));
	record_add_sts(&record, id);
	judge_mend_alias(
	    finding, "_mta-sts.", facts->domain, &facts->sts.answer);
	judge_paste(finding, "_mta-sts.%s. %u IN TXT \"%s\"", facts->domain,
	    judging->judge->ttl, storage);
}

void
judge_paste_host(const struct judging *judging, struct judge_finding *finding)
{
	const char *host = judging->judge->host;
	const struct facts *facts = judging->facts;

	judge_mend_alias(finding, HOSTNAME_POLICY_LABEL, facts->domain,
	    facts->host4.chain > 0 ? &facts->host4 : &facts->host6);
	if (host != NULL && host[0] != '\0' && strcmp(host, judging->host) != 0)
		judge_paste(finding, "%s. %u IN CNAME %s.", judging->host,
		    judging->judge->ttl, host);
	else
		judge_mend(finding,
		    "Publish an A and an AAAA record at %s with the addresses "
		    "of the web server that serves the policy.",
		    judging->host);
}

/* set does not change an alias, but what it is one of. */
void
judge_paste_set(const struct judging *judging, struct judge_finding *finding,
    const char *arguments)
{
	const char *domain = judging->facts->domain;
	const char *alias = judging->facts->local.alias;
	const bool shared = judge_is_host(alias + (alias[0] == '_' ? 1 : 0));

	if (shared)
		judge_mend(finding,
		    "%s is an alias: it has the policy of %s, and so may "
		    "others, for which this counts, too.",
		    domain, alias);
	judge_paste(
	    finding, "mta-sts set %s %s", shared ? alias : domain, arguments);
	judge_paste(finding, "mta-sts dns %s", domain);
}

void
judge_paste_change(const struct judging *judging, struct judge_finding *finding,
    const char *arguments, const char *line)
{
	if (judging->facts->local.known || judging->facts->local.broken) {
		judge_paste_set(judging, finding, arguments);
	} else {
		judge_mend(finding, "In the policy, and with a new id in the "
				    "TXT record after that:");
		judge_paste(finding, "%s", line);
	}
}
