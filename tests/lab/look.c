/*
 * Prints the facts about the domains on stdin, an object of JSON a line, as the
 * tests want them: all of them, and nothing made of them.
 *
 *   look [-r RESOLVER] [-a ANCHOR] [-c CA] [-t CONNECT_TO] [-h PORT] [-s PORT]
 *        [-w SECONDS] [-j JOBS] [-x FETCHES] [-m] [-f] [-n]
 *
 * -x fetches the policy so often, -m looks at the MX, -f fetches by both
 * families, -n prints no facts. The last line tells what it cost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <json-c/json.h>

#include "examine.h"

static bool silent;
static size_t count;

static void
set_text(struct json_object *to, const char *key, const char *text)
{
	json_object_object_add(to, key, json_object_new_string(text));
}

/* What strangers wrote may be anything: \xNN. */
static void
set_bytes(
    struct json_object *to, const char *key, const char *bytes, size_t length)
{
	static char escaped[FACTS_BODY_MAX * 4 + 1];

	facts_cut(escaped, sizeof(escaped), bytes, length);
	set_text(to, key, escaped);
}

static void
set_number(struct json_object *to, const char *key, int64_t number)
{
	json_object_object_add(to, key, json_object_new_int64(number));
}

static void
set_bool(struct json_object *to, const char *key, bool value)
{
	json_object_object_add(to, key, json_object_new_boolean(value));
}

static struct json_object *
answer_of(const struct facts_answer *answer)
{
	static const char *const names[] = { "unasked", "found", "no data",
		"no name", "bogus", "failed" };
	struct json_object *it = json_object_new_object();

	set_text(it, "dns", names[answer->dns]);
	set_bool(it, "secure", answer->secure);
	set_number(it, "ttl", answer->ttl);
	set_number(it, "chain", (int64_t)answer->chain);
	set_text(it, "canonical", answer->canonical);
	set_text(it, "why", answer->why);
	return it;
}

static struct json_object *
txt_of(const struct facts_txt *txt)
{
	struct json_object *it = answer_of(&txt->answer);
	struct json_object *values = json_object_new_array();
	size_t i;

	set_number(it, "count", (int64_t)txt->count);
	for (i = 0; i < txt->count && i < FACTS_TXT_MAX; i++) {
		struct json_object *value = json_object_new_object();

		set_number(value, "length", (int64_t)txt->at[i].length);
		set_bytes(value, "bytes", txt->at[i].bytes,
		    txt->at[i].length < FACTS_TXT_SIZE ? txt->at[i].length
						       : FACTS_TXT_SIZE - 1);
		json_object_array_add(values, value);
	}
	json_object_object_add(it, "values", values);
	return it;
}

static struct json_object *
tls_of(const struct facts_tls *tls)
{
	static const char *const names[] = { "unseen", "good", "expired",
		"too early", "name", "self-signed", "untrusted", "other" };
	struct json_object *it = json_object_new_object();

	set_text(it, "certificate", names[tls->certificate]);
	set_number(it, "expires", tls->expires);
	set_text(it, "protocol", tls->protocol);
	set_bool(it, "old", tls->old);
	set_text(it, "why", tls->why);
	return it;
}

static struct json_object *
fetch_of(const struct facts_fetch *fetch)
{
	static const char *const names[] = { "unasked", "refused", "timeout",
		"tls", "broken", "large", "answer" };
	struct json_object *it = json_object_new_object();

	set_text(it, "end", names[fetch->end]);
	set_text(it, "address", fetch->address);
	set_text(it, "why", fetch->why);
	json_object_object_add(it, "tls", tls_of(&fetch->tls));
	set_number(it, "status", fetch->status);
	set_text(it, "location", fetch->location);
	set_text(it, "media_type", fetch->media_type);
	set_number(it, "milliseconds", fetch->milliseconds);
	set_number(it, "length", (int64_t)fetch->length);
	if (fetch->body != NULL)
		set_bytes(it, "body", fetch->body, fetch->length);
	set_text(it, "digest", fetch->digest);
	set_text(it, "id", fetch->id);
	set_text(it, "mode", policy_mode_name(fetch->mode));
	return it;
}

static struct json_object *
fetches_of(const struct facts_fetch *fetches, size_t number)
{
	struct json_object *it = json_object_new_array();
	size_t i;

	for (i = 0; i < number; i++)
		json_object_array_add(it, fetch_of(&fetches[i]));
	return it;
}

static struct json_object *
mx_of(const struct facts_mx *mx)
{
	static const char *const names[] = { "unasked", "no address", "refused",
		"timeout", "greeting", "no starttls", "tls", "done" };
	struct json_object *it = json_object_new_object();

	set_text(it, "name", mx->name);
	set_number(it, "preference", mx->preference);
	json_object_object_add(it, "addresses", answer_of(&mx->addresses));
	set_text(it, "end", names[mx->end]);
	set_text(it, "address", mx->address);
	set_text(it, "why", mx->why);
	json_object_object_add(it, "tls", tls_of(&mx->tls));
	json_object_object_add(it, "tlsa", answer_of(&mx->tlsa));
	return it;
}

static struct json_object *
all_mx_of(const struct facts *facts)
{
	struct json_object *it = json_object_new_array();
	size_t i;

	for (i = 0; i < facts->mx_count && i < FACTS_MX_MAX; i++)
		json_object_array_add(it, mx_of(&facts->mx[i]));
	return it;
}

static struct json_object *
listed_of(const struct facts *facts)
{
	struct json_object *it = json_object_new_object();
	size_t i;

	for (i = 0; i < facts->listed_count; i++) {
		const struct facts_answer answer = { .dns =
							 facts->listed[i].dns };

		json_object_object_add(
		    it, facts->listed[i].name, answer_of(&answer));
	}
	return it;
}

static void
print(void *context, const struct facts *facts)
{
	struct json_object *it;

	(void)context;
	count++;
	if (silent)
		return;
	it = json_object_new_object();
	set_text(it, "domain", facts->domain);
	set_bool(it, "dnssec", facts->dnssec);
	json_object_object_add(it, "sts", txt_of(&facts->sts));
	json_object_object_add(it, "tlsrpt", txt_of(&facts->tlsrpt));
	json_object_object_add(it, "apex", txt_of(&facts->apex));
	json_object_object_add(it, "host4", answer_of(&facts->host4));
	json_object_object_add(it, "host6", answer_of(&facts->host6));
	json_object_object_add(it, "fetch4", fetch_of(&facts->fetch4));
	json_object_object_add(it, "fetch6", fetch_of(&facts->fetch6));
	json_object_object_add(
	    it, "further", fetches_of(facts->further, facts->further_count));
	json_object_object_add(
	    it, "forms", fetches_of(facts->forms, FACTS_FORMS));
	json_object_object_add(it, "mx_answer", answer_of(&facts->mx_answer));
	set_number(it, "mx_count", (int64_t)facts->mx_count);
	set_bool(it, "mx_implicit", facts->mx_implicit);
	json_object_object_add(it, "mx", all_mx_of(facts));
	json_object_object_add(it, "listed", listed_of(facts));
	(void)puts(json_object_to_json_string_ext(it, JSON_C_TO_STRING_PLAIN));
	(void)fflush(stdout);
	json_object_put(it);
}

/* Not getrusage's ru_maxrss, which has that of whoever started this. */
static long
kilobytes_at_most(void)
{
	char line[128];
	FILE *status = fopen("/proc/self/status", "r");
	long kilobytes = 0;

	if (status == NULL)
		return 0;
	while (fgets(line, sizeof(line), status) != NULL)
		if (strncmp(line, "VmHWM:", 6) == 0)
			kilobytes = strtol(line + 6, NULL, 10);
	(void)fclose(status);
	return kilobytes;
}

static void
print_cost(void)
{
	struct rusage usage;
	long milliseconds;

	(void)getrusage(RUSAGE_SELF, &usage);
	milliseconds = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
		       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
	(void)printf("{ \"domains\": %zu, \"kilobytes\": %ld, "
		     "\"milliseconds\": %ld }\n",
	    count, kilobytes_at_most(), milliseconds);
}

static bool
read_domain(void *context, struct facts *facts)
{
	char line[HOSTNAME_SIZE + 2];

	if (fgets(line, sizeof(line), context) == NULL)
		return false;
	line[strcspn(line, "\n")] = '\0';
	memcpy(facts->domain, line, sizeof(facts->domain));
	return true;
}

static unsigned
number_of(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

static bool
set_option(struct examine_options *options, int option, const char *value)
{
	switch (option) {
	case 'r':
		options->resolver = value;
		return true;
	case 'a':
		options->trust_anchor = value;
		return true;
	case 'c':
		options->ca_file = value;
		return true;
	case 't':
		options->connect_to = value;
		return true;
	case 'h':
		options->https_port = number_of(value);
		return true;
	case 's':
		options->smtp_port = number_of(value);
		return true;
	case 'w':
		options->timeout = number_of(value);
		return true;
	case 'j':
		options->jobs = number_of(value);
		return true;
	case 'x':
		options->fetches = number_of(value);
		return true;
	case 'm':
		options->mx = true;
		return true;
	case 'f':
		options->families = true;
		return true;
	case 'n':
		silent = true;
		return true;
	default:
		return false;
	}
}

int
main(int argc, char *argv[])
{
	struct examine_options options = {
		.https_port = 443, .smtp_port = 25, .timeout = 10, .jobs = 50
	};
	char why[FACTS_WHY_SIZE];
	struct examine *examine;
	int option;
	bool good;

	while ((option = getopt(argc, argv, "r:a:c:t:h:s:w:j:x:mfn")) != -1)
		if (!set_option(&options, option, optarg))
			return 2;
	examine = examine_open(&options, why);
	if (examine == NULL) {
		(void)fprintf(stderr, "look: %s\n", why);
		return 3;
	}
	good = examine_run(examine, read_domain, print, stdin);
	if (!good)
		perror("look");
	examine_close(examine);
	print_cost();
	return good ? 0 : 3;
}
