/*
 * The policy that is served: by the responder's own parser, against the file on
 * this machine, and in the form that every sender reads the same way.
 */
#include <string.h>

#include "human.h"
#include "judge_part.h"
#include "lines.h"

#define FILE_NAME  "mta-sts.txt"
#define MARK       "\xef\xbb\xbf"
#define DAY        86400
#define GOOD_AGE   (14 * DAY)
#define ERRORS_MAX 5 /* a web page in the policy's place has hundreds */

static void
count_only(void *context, const struct diag *diag)
{
	(void)context;
	(void)diag;
}

/* Fields that RFC 8461 does not know are no fault: senders pass over them. */
static void
parse(const struct facts_fetch *fetch, struct policy *policy,
    struct diag_sink *sink)
{
	policy_parse(
	    policy, fetch->body, fetch->length, POLICY_UNKNOWN_PASS, sink);
	policy_validate(policy, sink);
}

bool
judge_read_text(const struct facts_fetch *fetch, struct policy *policy)
{
	struct diag_sink sink = { .take = count_only, .file = "" };

	parse(fetch, policy, &sink);
	return sink.errors == 0;
}

/* What the parser finds, on its way to be findings about a domain. */
struct reading {
	struct judging *judging;
	unsigned errors;
};

static void
take_text(void *context, const struct diag *diag)
{
	struct reading *reading = context;
	const struct policy *policy = reading->judging->policy;
	const struct diag_place age = policy->at[POLICY_MAX_AGE];
	const bool error = diag->severity == DIAG_ERROR;
	struct judge_finding finding;

	if (error && ++reading->errors > ERRORS_MAX)
		return;
	/* A short max_age has a code of its own. */
	if (!error && age.line != 0 && diag->place.line == age.line &&
	    diag->place.column == age.column)
		return;
	judge_begin(
	    &finding, error ? JUDGE_POLICY_INVALID : JUDGE_POLICY_DOUBTFUL);
	judge_what(&finding, FILE_NAME);
	if (diag->place.line != 0)
		judge_what(
		    &finding, ":%u:%u", diag->place.line, diag->place.column);
	judge_what(&finding, ": %s", diag->message);
	judge_mend(&finding, "%s.", diag->hint);
	judge_send(reading->judging, &finding);
}

static void
send_parsed(struct judging *judging)
{
	struct reading reading = { judging, 0 };
	struct diag_sink sink = {
		.take = take_text, .context = &reading, .file = ""
	};
	struct judge_finding finding;

	parse(judging->text, judging->policy, &sink);
	if (reading.errors <= ERRORS_MAX)
		return;
	judge_begin(&finding, JUDGE_POLICY_INVALID);
	judge_what(&finding, FILE_NAME ": %u more errors",
	    reading.errors - ERRORS_MAX);
	judge_mend(&finding, "See what it is that is served there:");
	judge_paste(&finding, "curl %s", judging->url);
	judge_send(judging, &finding);
}

/* How the text is laid out. */
struct form {
	bool mark;
	size_t crlf, lf, cr, comments, blanks;
};

static void
read_form(const struct facts_fetch *fetch, struct form *form)
{
	struct text_span rest = { fetch->body, fetch->length }, line;

	*form = (struct form){ .mark = fetch->length >= strlen(MARK) &&
				       memcmp(fetch->body, MARK,
					   strlen(MARK)) == 0 };
	lines_begin(&rest);
	while (lines_next(&rest, &line)) {
		const char *end = line.at + line.length;

		if (end + 1 < rest.at)
			form->crlf++;
		else if (end < rest.at && *end == '\n')
			form->lf++;
		else if (end < rest.at)
			form->cr++;
		if (text_trim(line).length == 0)
			form->blanks++;
		else if (line.at[0] == '#')
			form->comments++;
	}
}

/* Whether a field stands before the version. */
static bool
is_out_of_order(const struct policy *policy)
{
	size_t i;

	for (i = 0; i < POLICY_KNOWN; i++)
		if (policy->at[i].line != 0 &&
		    policy->at[i].line < policy->at[POLICY_VERSION].line)
			return true;
	return false;
}

static void
send_form(struct judging *judging)
{
	struct form form;
	size_t i;

	read_form(judging->text, &form);
	const struct {
		bool found;
		enum judge_code code;
		const char *what, *mend;
	} rows[] = {
		{ form.mark, JUDGE_TEXT_MARK, "begins with a byte order mark",
		    "Save the file as ASCII, or as UTF-8 without it." },
		{ form.cr > 0, JUDGE_TEXT_BARE_CR,
		    "has a line that ends with CR alone",
		    "End every line with CR and LF." },
		{ form.comments > 0, JUDGE_TEXT_COMMENT, "has a comment",
		    "Serve it without lines that begin with #." },
		{ form.blanks > 0, JUDGE_TEXT_BLANK, "has a blank line",
		    "Serve it without blank lines." },
		{ form.lf > 0, JUDGE_TEXT_LINE_ENDS,
		    form.crlf > 0 ? "mixes lines that end with CR and LF with "
				    "such that end with LF alone"
				  : "has lines that end with LF alone",
		    "End every line with CR and LF." },
		{ is_out_of_order(judging->policy), JUDGE_TEXT_ORDER,
		    "does not begin with the version",
		    "Write \"version: STSv1\" as the first line." },
		{ judging->policy->extensions.length > 0, JUDGE_TEXT_EXTENSION,
		    "has a field that RFC 8461 does not know",
		    "Leave it out unless you know who reads it." },
	};

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct judge_finding finding;

		if (!rows[i].found)
			continue;
		judge_begin(&finding, rows[i].code);
		judge_what(&finding, FILE_NAME " %s", rows[i].what);
		judge_mend(&finding, "%s", rows[i].mend);
		if (judging->facts->local.known)
			judge_mend(&finding,
			    "mta-sts.fcgi does not send it so: something in "
			    "front of it changes the text, or answers in its "
			    "place.");
		judge_send(judging, &finding);
	}
}

static void
send_age(struct judging *judging)
{
	const struct policy *policy = judging->policy;
	const bool enforce = policy->mode == POLICY_ENFORCE;
	struct judge_finding finding;
	char storage[32];
	struct text age;

	if (policy->mode == POLICY_NONE ||
	    policy->max_age >= (enforce ? GOOD_AGE : DAY))
		return;
	text_init(&age, storage, sizeof(storage));
	human_add_duration(&age, policy->max_age);
	judge_begin(&finding, JUDGE_MAX_AGE_SHORT);
	if (policy->max_age < DAY) {
		finding.severity = enforce ? JUDGE_ERROR : JUDGE_WARNING;
		finding.effect = JUDGE_UNPROTECTED;
	}
	judge_what(&finding, "a max_age of %s in mode %s", storage,
	    policy_mode_name(policy->mode));
	judge_mend(&finding, "Two weeks or more protect best:");
	judge_paste_change(
	    judging, &finding, "--max-age 14d", "max_age: 1209600");
	judge_send(judging, &finding);
}

static bool
is_same(const struct facts_fetch *fetch, const char *bytes, size_t length)
{
	return fetch->length == length &&
	       memcmp(fetch->body, bytes, length) == 0;
}

/* Whether a text comes to the policy on this machine, whatever its layout. */
static bool
is_local(const struct judging *judging, const struct facts_fetch *fetch)
{
	static char storage[POLICY_SIZE_MAX + 1];
	static struct policy policy;
	const struct facts_local *local = &judging->facts->local;
	struct text text;

	if (is_same(fetch, local->text, local->length))
		return true;
	if (!judge_read_text(fetch, &policy))
		return false;
	text_init(&text, storage, sizeof(storage));
	policy_render(&policy, &text);
	return text.length == local->length &&
	       memcmp(text.bytes, local->text, text.length) == 0;
}

static void
add_address(struct text *text, const struct facts_fetch *fetch)
{
	text_add_format(
	    text, "%s%s", text->length > 0 ? " and " : "", fetch->address);
}

/* Whether it is not the policy of this machine that is served. */
static bool
send_differs(struct judging *judging)
{
	const struct facts_fetch *const fetches[] = { &judging->facts->fetch4,
		&judging->facts->fetch6 };
	char storage[2 * FACTS_ADDRESS_SIZE + 8];
	struct judge_finding finding;
	struct text addresses;
	size_t i;

	text_init(&addresses, storage, sizeof(storage));
	for (i = 0; i < 2; i++)
		if (judge_has_text(fetches[i]) &&
		    !is_local(judging, fetches[i]))
			add_address(&addresses, fetches[i]);
	if (addresses.length == 0)
		return false;
	judge_begin(&finding, JUDGE_TEXT_DIFFERS);
	judge_what(&finding,
	    "%s, by %s, does not serve the policy of this machine%s",
	    judging->host, storage,
	    judging->served ? "" : ", and what it serves is none");
	judge_mend(&finding,
	    "If it is another machine's turn, give that one the policy that "
	    "this one has; if it is this one's, let the name lead here and the "
	    "web server pass on the path. What it should be:");
	judge_paste(&finding, "mta-sts show %s", judging->facts->domain);
	judge_send(judging, &finding);
	return true;
}

static void
send_families(struct judging *judging)
{
	const struct facts_fetch *four = &judging->facts->fetch4;
	const struct facts_fetch *six = &judging->facts->fetch6;
	struct judge_finding finding;

	if (!judge_has_text(four) || !judge_has_text(six) ||
	    is_same(four, six->body, six->length))
		return;
	judge_begin(&finding, JUDGE_FAMILIES_DIFFER);
	judge_what(&finding, "%s serves one text by %s and another by %s",
	    judging->host, four->address, six->address);
	if (four->id[0] != '\0' && strcmp(four->id, six->id) == 0) {
		finding.severity = JUDGE_NOTE;
		judge_sender(&finding, JUDGE_DELIVERS,
		    "They are the same policy, laid out otherwise.");
	}
	judge_mend(&finding, "Have all web servers of the name serve the same "
			     "policy.");
	judge_send(judging, &finding);
}

static void
send_broken(struct judging *judging)
{
	struct judge_finding finding;

	judge_begin(&finding, JUDGE_LOCAL_BROKEN);
	if (judging->served) {
		finding.severity = JUDGE_WARNING;
		judge_sender(&finding, JUDGE_DELIVERS,
		    "It goes by what is served, which this file is not.");
	}
	judge_what(&finding, "the policy file of %s on this machine is broken",
	    judging->facts->domain);
	judge_mend(&finding, "See what is wrong with it, and mend it:");
	judge_paste(&finding, "mta-sts check %s", judging->facts->domain);
	judge_send(judging, &finding);
}

void
judge_text(struct judging *judging)
{
	bool differs = false;

	if (judging->facts->local.broken)
		send_broken(judging);
	if (judge_nodes_text(judging))
		; /* and they are not told once more, by family */
	else if (judging->facts->local.known)
		differs = send_differs(judging);
	else
		send_families(judging);
	if (judging->text == NULL)
		return;
	/* What is wrong with a text from elsewhere is for those there. */
	if (judging->served || !differs)
		send_parsed(judging);
	if (judging->served) {
		send_form(judging);
		send_age(judging);
	}
}
