/*
 * mta-sts explain: what a sender does with a policy and until when, in plain
 * sentences (RFC 8461 sections 3 to 5 and 8). Asks no DNS: what the MX records
 * really say is for the reader.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "admin.h"
#include "history.h"
#include "human.h"
#include "id.h"
#include "jsonout.h"
#include "report.h"
#include "source.h"

#define COLUMNS       78
#define SENTENCE_SIZE 2048

/* The mx lines, a sentence on each wildcard, and the rest. */
#define STORY_SIZE (8 * POLICY_SIZE_MAX + 16384)

/* One domain, while it is being told about. */
struct story {
	const struct admin *admin;
	const char *domain;
	const struct policy *policy;
	char id[RECORD_ID_SIZE];
	char alias[STORE_STEM_SIZE];
	bool is_alias;
	time_t now, until; /* a sender that fetches it now keeps it until */
	time_t expiry;     /* no sender holds anything after it */
	bool expiry_known;
	struct text text;
};

/* Appends a paragraph, folded between words, each line this far indented. */
static void say(struct story *story, size_t indent, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
say(struct story *story, size_t indent, const char *format, ...)
{
	char sentence[SENTENCE_SIZE];
	const char *word = sentence;
	size_t column = 0, length;
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, arguments);
	va_end(arguments);
	for (; *word != '\0'; word += strspn(word, " ")) {
		length = strcspn(word, " ");
		if (column > indent && column + 1 + length > COLUMNS) {
			text_add_string(&story->text, "\n");
			column = 0;
		}
		if (column == 0)
			text_add_format(&story->text, "%*s", (int)indent, "");
		else
			text_add_string(&story->text, " ");
		column = column == 0 ? indent : column + 1;
		/* The name that a link has is somebody else's word. */
		text_add_escaped(&story->text, word, length);
		column += length;
		word += length;
	}
	text_add_string(&story->text, "\n");
}

/* A date in storage of its own, for say. */
struct date {
	char storage[32];
};

static const char *
date_of(time_t time, struct date *date)
{
	struct text text;

	text_init(&text, date->storage, sizeof(date->storage));
	human_add_date(&text, time);
	return date->storage;
}

static void
say_what(struct story *story)
{
	char storage[64];
	struct text age;

	text_init(&age, storage, sizeof(storage));
	human_add_words(&age, story->policy->max_age);
	if (story->is_alias)
		say(story, 0, "%s is an alias: it has the policy of %s.",
		    story->domain,
		    story->alias[0] != '\0' ? story->alias : "another file");
	say(story, 0, "The policy of %s is in mode %s, with a max_age of %s.",
	    story->domain, policy_mode_name(story->policy->mode), storage);
}

static void
say_when(struct story *story)
{
	struct date date;

	say(story, 0,
	    "A sender finds it by the TXT record at _mta-sts.%s (id %s) and "
	    "fetches it from https://" HOSTNAME_POLICY_LABEL
	    "%s/.well-known/mta-sts.txt. One that fetches it now keeps to it "
	    "until %s, and for longer each time that it fetches it again. It "
	    "looks for a newer one when the id changes.",
	    story->domain, story->id, story->domain,
	    date_of(story->until, &date));
}

static void
say_mx(struct story *story)
{
	size_t i;

	for (i = 0; i < story->policy->mx_count; i++) {
		const char *name = policy_mx_name(story->policy, i);

		say(story, 4, "%s", name);
		if (strncmp(name, "*.", 2) == 0)
			say(story, 8,
			    "exactly one label for the *: a.%s, but neither %s "
			    "nor a.b.%s",
			    name + 2, name + 2, name + 2);
	}
}

static void
say_reports(struct story *story)
{
	const struct settings *settings = &story->admin->settings;
	size_t i;

	if (settings->dns.report_count == 0) {
		say(story, 0,
		    "The settings name no dns.reports: without a TXT record at "
		    "_smtp._tls.%s nobody gets the reports of what failed.",
		    story->domain);
		return;
	}
	say(story, 0,
	    "What failed is reported once a day to whom the TXT record at "
	    "_smtp._tls.%s names; by the settings:",
	    story->domain);
	for (i = 0; i < settings->dns.report_count; i++)
		say(story, 4, "%s", settings->dns.reports[i]);
}

/* An alias is not changed itself. */
static const char *
file_of(const struct story *story)
{
	return story->alias[0] != '\0' ? story->alias : story->domain;
}

static void
say_enforce(struct story *story)
{
	say(story, 0,
	    "It delivers mail to an MX of %s only if the MX has one of these "
	    "names, offers STARTTLS with TLS 1.2 or later, and has a "
	    "certificate that is valid for its name:",
	    story->domain);
	say_mx(story);
	say(story, 0,
	    "Any other MX it treats as one that cannot be reached, and tries "
	    "the next. When none is left, the mail waits in its queue; it "
	    "looks for a newer policy before it gives up and returns the mail "
	    "to its author. It never delivers without TLS.");
	say_reports(story);
	say(story, 0,
	    "Next: before an MX is added to the DNS, add its name here "
	    "(mta-sts "
	    "set %s --add-mx NAME) and publish the new id (mta-sts dns %s). "
	    "Before one is taken away here, take it out of the DNS.",
	    file_of(story), story->domain);
}

static void
say_testing(struct story *story)
{
	say(story, 0,
	    "It delivers the mail in any case, without TLS too, and so nothing "
	    "is protected yet. It tests whether the MX has one of these names, "
	    "offers STARTTLS with TLS 1.2 or later, and has a certificate that "
	    "is valid for its name:");
	say_mx(story);
	say_reports(story);
	say(story, 0,
	    "Next: read the reports for some weeks. Once they are clean: "
	    "mta-sts set %s --mode enforce, and publish the new id (mta-sts "
	    "dns %s).",
	    file_of(story), story->domain);
}

static void
say_none(struct story *story)
{
	struct date date;

	say(story, 0,
	    "It delivers as if %s had no policy, and no longer keeps to an "
	    "earlier one that it remembers.",
	    story->domain);
	if (story->expiry > story->now)
		say(story, 0,
		    "Next: keep the policy, its records and its certificate "
		    "until %s%s: a sender that has not looked since may still "
		    "keep to an earlier policy. Then: mta-sts remove %s",
		    date_of(story->expiry, &date),
		    story->expiry_known
			? ""
			: " (the history does not tell, so this "
			  "is the longest that there is)",
		    story->domain);
	else
		say(story, 0,
		    "Next: no sender keeps to an earlier policy any more: "
		    "mta-sts remove %s",
		    story->domain);
}

static void
say_expiry(struct story *story)
{
	struct date date;

	if (story->policy->mode != POLICY_NONE && story->expiry_known)
		say(story, 0,
		    "Were it given up today (mta-sts retire %s), senders could "
		    "keep to it or to an earlier one until %s.",
		    story->domain, date_of(story->expiry, &date));
}

static void
tell(struct story *story)
{
	static void (*const modes[])(struct story *) = {
		[POLICY_ENFORCE] = say_enforce,
		[POLICY_TESTING] = say_testing,
		[POLICY_NONE] = say_none,
	};

	say_what(story);
	say_when(story);
	modes[story->policy->mode](story);
	say_expiry(story);
}

static void
print_json(const struct story *story)
{
	struct json_object *row = json_object_new_object();

	jsonout_set_string(row, "domain", story->domain);
	jsonout_set_policy(row, story->policy);
	jsonout_set_string(
	    row, "alias_of", story->is_alias ? story->alias : NULL);
	jsonout_set_string(row, "id", story->id);
	jsonout_set_time(row, "until", story->until);
	if (story->expiry_known)
		jsonout_set_time(row, "expires", story->expiry);
	else
		jsonout_set_string(row, "expires", NULL);
	jsonout_set_string(row, "explanation", story->text.bytes);
	jsonout_row(row);
}

/* Everything that the story is about. */
static bool
gather(struct story *story)
{
	char id[RECORD_ID_SIZE];

	story->is_alias =
	    store_alias(&story->admin->store, story->domain, story->alias);
	story->now = time(NULL);
	story->until = story->now + (time_t)story->policy->max_age;
	/* The history has the policy's own id, whatever the DNS is to have. */
	record_id_of_policy(story->policy, id);
	return id_of_policy(
		   story->admin, story->domain, story->policy, story->id) &&
	       history_expiry(story->admin, story->domain, id, story->now,
		   &story->expiry, &story->expiry_known);
}

static enum admin_exit
explain_domain(struct admin *admin, const char *domain)
{
	static char storage[STORY_SIZE];
	static struct policy policy;
	struct story story = {
		.admin = admin, .domain = domain, .policy = &policy
	};
	struct report report;
	enum admin_exit result;

	report_init(&report, admin);
	report_errors_only(&report);
	result = source_required(&admin->store, domain, &policy, &report);
	if (result != ADMIN_DONE)
		return result;
	if (!gather(&story))
		return ADMIN_SYSTEM;
	text_init(&story.text, storage, sizeof(storage));
	tell(&story);
	if (admin->json)
		print_json(&story);
	else
		(void)printf(
		    "%s%s", story.text.bytes, admin_is_many(admin) ? "\n" : "");
	return ADMIN_DONE;
}

enum admin_exit
admin_explain(struct admin *admin)
{
	return jsonout_each_domain(admin, explain_domain);
}
