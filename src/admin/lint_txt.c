/*
 * mta-sts lint-txt: what a sender makes of the TXT records at _mta-sts, given
 * as they are or as a zone file and dig write them: in quotes, perhaps in
 * several strings. The rules are record's. Asks no DNS.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "admin.h"
#include "jsonout.h"
#include "record.h"
#include "report.h"

#define SET_SIZE   65536 /* no answer of the DNS is longer */
#define SET_MAX    1024
#define STRING_MAX 255 /* octets, RFC 1035 section 3.3.14 */

/* The set of records. */
struct set {
	struct text_span values[SET_MAX];
	size_t count;
	struct text text; /* the values, one after the other */
	struct report report;
	bool overflow;
	bool unreadable; /* one is not what a zone file can have */
	struct json_object *findings;
};

/* What cannot be read is shown as it was written. */
static void
unreadable(struct set *set, struct text_span written, const char *at,
    const char *hint, const char *message)
{
	set->unreadable = true;
	set->values[set->count] = written;
	report_lines(&set->report, set->values, set->count + 1);
	diag_error(&set->report.sink,
	    (struct diag_place){
		(unsigned)set->count + 1, (unsigned)(at - written.at) + 1 },
	    hint, "%s", message);
}

/* One byte of a quoted string: itself, \X or \DDD. False: a bad escape. */
static bool
unescape(struct text_span *rest, char *byte)
{
	struct text_span digits = { rest->at + 1, 3 };
	uint64_t number;
	size_t length = 1;

	*byte = rest->at[0];
	if (*byte == '\\') {
		if (rest->length < 2)
			return false;
		*byte = rest->at[1];
		length = 2;
		if (text_is_digit(*byte)) {
			if (rest->length < 4 ||
			    !text_decimal(digits, 3, &number) || number > 255)
				return false;
			*byte = (char)number;
			length = 4;
		}
	}
	rest->at += length;
	rest->length -= length;
	return true;
}

/* Appends the string that rest begins with; false, and told, if it is none. */
static bool
read_string(struct set *set, struct text_span written, struct text_span *rest)
{
	const size_t start = set->text.length;
	const char *quote = rest->at;
	char byte;

	rest->at++;
	rest->length--;
	while (rest->length > 0 && rest->at[0] != '"') {
		const char *at = rest->at;

		if (!unescape(rest, &byte)) {
			unreadable(set, written, at,
			    "write \\ and a character, or \\ and three digits "
			    "up to 255",
			    "an escape that zone files do not have");
			return false;
		}
		text_add(&set->text, &byte, 1);
	}
	if (rest->length == 0) {
		unreadable(set, written, quote, "add it",
		    "the closing quote is missing");
		return false;
	}
	rest->at++;
	rest->length--;
	if (set->text.length - start > STRING_MAX) {
		unreadable(set, written, quote, "divide it in two",
		    "a string longer than 255 octets");
		return false;
	}
	return true;
}

static bool
read_quoted(struct set *set, struct text_span written)
{
	struct text_span rest = text_trim(written);

	while (rest.length > 0) {
		if (rest.at[0] != '"') {
			unreadable(set, written, rest.at,
			    "put every string in quotes",
			    "something outside the quotes");
			return false;
		}
		if (!read_string(set, written, &rest))
			return false;
		rest = text_trim(rest);
	}
	return true;
}

static void
add_value(struct set *set, struct text_span written)
{
	const struct text_span trimmed = text_trim(written);
	const size_t start = set->text.length;

	if (set->count == SET_MAX || set->text.overflow) {
		set->overflow = true;
		return;
	}
	if (trimmed.length > 0 && trimmed.at[0] == '"') {
		if (!read_quoted(set, written))
			return;
	} else {
		text_add(&set->text, written.at, written.length);
	}
	set->overflow = set->text.overflow;
	set->values[set->count++] = (struct text_span){ set->text.bytes + start,
		set->text.length - start };
}

static enum admin_exit
add_lines(struct set *set)
{
	static char storage[SET_SIZE];
	struct text line = { .bytes = storage, .size = sizeof(storage) };

	while (admin_line(&line)) {
		while (line.length > 0 && storage[line.length - 1] == '\r')
			line.length--;
		if (line.length > 0)
			add_value(
			    set, (struct text_span){ storage, line.length });
		set->overflow |= line.overflow;
	}
	if (ferror(stdin))
		return admin_fail(ADMIN_SYSTEM, "cannot read the values: %s",
		    strerror(errno));
	return ADMIN_DONE;
}

static void
keep_finding(void *context, const struct diag *diag)
{
	struct set *set = context;

	(void)json_object_array_add(set->findings, jsonout_finding(diag));
}

/* id is "" when a sender sees nothing. */
static void
tell(const struct admin *admin, struct set *set, const char *id)
{
	struct json_object *row;

	if (admin->json) {
		row = json_object_new_object();
		(void)json_object_object_add(
		    row, "valid", json_object_new_boolean(id[0] != '\0'));
		jsonout_set_string(row, "id", id[0] != '\0' ? id : NULL);
		(void)json_object_object_add(row, "findings", set->findings);
		jsonout_begin();
		jsonout_row(row);
		jsonout_end();
	} else if (id[0] != '\0') {
		(void)printf(
		    "A sender sees MTA-STS with the id %s, and fetches "
		    "the policy unless it has the one of that id.\n",
		    id);
	} else {
		(void)puts("A sender sees no MTA-STS: it looks for no policy, "
			   "and keeps to one that it has until that runs out.");
	}
}

static enum admin_exit
read_set(const struct admin *admin, struct set *set)
{
	enum admin_exit result = ADMIN_DONE;
	size_t i;

	for (i = 0; i < admin->operand_count && result == ADMIN_DONE; i++) {
		const char *operand = admin->operands[i];

		if (strcmp(operand, "-") == 0)
			result = add_lines(set);
		else
			add_value(set,
			    (struct text_span){ operand, strlen(operand) });
	}
	if (set->overflow)
		return admin_fail(
		    ADMIN_FINDINGS, "more than an answer of the DNS can hold");
	return result;
}

enum admin_exit
admin_lint_txt(struct admin *admin)
{
	static char storage[SET_SIZE];
	static struct set set;
	char id[RECORD_ID_SIZE] = "";
	enum admin_exit result;

	text_init(&set.text, storage, sizeof(storage));
	report_init(&set.report, admin);
	set.report.sink.file = "TXT";
	if (admin->json) {
		set.findings = json_object_new_array();
		report_instead(&set.report, keep_finding, &set);
	}
	result = read_set(admin, &set);
	if (result != ADMIN_DONE)
		return result;
	if (!set.unreadable) {
		report_lines(&set.report, set.values, set.count);
		(void)record_read_sts(
		    set.values, set.count, id, &set.report.sink);
	}
	tell(admin, &set, id);
	return (enum admin_exit)report_exit(&set.report, false);
}
