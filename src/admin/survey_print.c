/*
 * Rows of a survey on stdout; see survey.h. Every column but the last has its
 * width before the first row is there, so that none has to wait.
 */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <json-c/json.h>

#include "human.h"
#include "jsonout.h"
#include "report.h"
#include "survey.h"

#define DOMAIN_MAX   40 /* longer ones stand out */
#define STATUS_WIDTH 7
#define AGE_WIDTH    9

#define GREEN   "\033[1;32m"
#define CYAN    "\033[1;36m"
#define RED     "\033[1;31m"
#define MAGENTA "\033[1;35m"
#define PLAIN   "\033[0m"

/* There is one stdout. */
static struct {
	const struct survey_options *options;
	bool colour;
	int domain, mails; /* widths; 0: no such column */
	int last;          /* octets of the last column; 0: all */
} page;

static int
digits(uint32_t number)
{
	int count = 1;

	while ((number /= 10) > 0)
		count++;
	return count;
}

static void
widen(int *width, int wanted, int most)
{
	if (wanted > most)
		wanted = most;
	if (wanted > *width)
		*width = wanted;
}

/* What a line of the terminal has left for the last column. */
static int
room(void)
{
	struct winsize size;
	int left;

	if (isatty(STDOUT_FILENO) != 1 ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 0;
	left = size.ws_col -
	       (page.domain + 2 + page.mails + (page.mails > 0 ? 2 : 0) +
		   3 * (STATUS_WIDTH + 2) + AGE_WIDTH + 2);
	return left > 0 ? left : 1;
}

static void
begin_table(const struct survey_names *names)
{
	size_t i;

	page.colour = report_wants_colour(STDOUT_FILENO);
	page.domain = (int)strlen("DOMAIN");
	page.mails = page.options->logs ? (int)strlen("MAILS") : 0;
	for (i = 0; i < names->count; i++) {
		widen(&page.domain, (int)strlen(names->at[i]->domain),
		    DOMAIN_MAX);
		if (page.mails > 0)
			widen(&page.mails, digits(names->at[i]->mails),
			    digits(UINT32_MAX));
	}
	page.last = room();
	(void)printf("%-*s  ", page.domain, "DOMAIN");
	if (page.mails > 0)
		(void)printf("%*s  ", page.mails, "MAILS");
	(void)printf("%-*s  %-*s  %*s  %-*s  FINDING\n", STATUS_WIDTH, "STATUS",
	    STATUS_WIDTH, "MODE", AGE_WIDTH, "MAX AGE", STATUS_WIDTH, "TLSRPT");
}

void
survey_print_begin(
    const struct survey_options *options, const struct survey_names *names)
{
	page.options = options;
	if (options->form == SURVEY_TABLE)
		begin_table(names);
	else if (options->form == SURVEY_CSV)
		(void)fputs(SURVEY_CSV_HEAD, stdout);
	else if (options->form == SURVEY_JSON)
		jsonout_begin();
}

static void
print_status(enum survey_status status)
{
	static const char *const colours[SURVEY_STATUSES] = {
		[SURVEY_ENFORCE] = GREEN,
		[SURVEY_TESTING] = CYAN,
		[SURVEY_BROKEN] = RED,
		[SURVEY_UNKNOWN] = MAGENTA,
	};
	const bool colour = page.colour && colours[status] != NULL;

	(void)printf("%s%-*s%s  ", colour ? colours[status] : "", STATUS_WIDTH,
	    survey_status_name(status), colour ? PLAIN : "");
}

/* Octets of the last column; a domain that stands out takes some of them. */
static int
last_of(const struct survey_row *row, int all)
{
	const int over = (int)strlen(row->domain) - page.domain;

	if (page.last == 0)
		return all;
	return over < 0 ? page.last : over < page.last ? page.last - over : 1;
}

static void
print_table_row(const struct survey_row *row, uint32_t mails)
{
	char age[32] = "", finding[SURVEY_CODES_SIZE + JUDGE_WHAT_SIZE + 8];
	struct text text;

	if (row->max_age != SURVEY_NO_AGE) {
		text_init(&text, age, sizeof(age));
		human_add_duration(&text, row->max_age);
	}
	text_init(&text, finding, sizeof(finding));
	if (row->what[0] != '\0')
		text_add_format(&text, "%s: %s",
		    row->errors[0] != '\0' ? row->errors : row->warnings,
		    row->what);
	(void)printf("%-*s  ", page.domain, row->domain);
	if (page.mails > 0)
		(void)printf("%*lu  ", page.mails, (unsigned long)mails);
	print_status(row->status);
	(void)printf("%-*s  %*s  ", STATUS_WIDTH, row->mode, AGE_WIDTH, age);
	if (finding[0] == '\0')
		(void)printf("%s\n", survey_tlsrpt_name(row->tlsrpt));
	else
		(void)printf("%-*s  %.*s\n", STATUS_WIDTH,
		    survey_tlsrpt_name(row->tlsrpt),
		    last_of(row, (int)sizeof(finding)), finding);
}

static void
print_csv_row(const struct survey_row *row, uint32_t mails)
{
	char storage[SURVEY_CSV_SIZE];
	struct text text;

	text_init(&text, storage, sizeof(storage));
	survey_csv_add(&text, row, page.options->logs ? &mails : NULL);
	(void)fputs(storage, stdout);
}

static void
set_string(struct json_object *object, const char *key, const char *string)
{
	jsonout_set_string(object, key, string[0] != '\0' ? string : NULL);
}

static void
set_number(struct json_object *object, const char *key, bool known, uint32_t it)
{
	(void)json_object_object_add(
	    object, key, known ? json_object_new_int64(it) : NULL);
}

static void
set_codes(struct json_object *object, const char *key, const char *codes)
{
	struct json_object *list = json_object_new_array();

	while (*codes != '\0') {
		const size_t length = strcspn(codes, " ");

		(void)json_object_array_add(
		    list, json_object_new_string_len(codes, (int)length));
		codes += length + strspn(codes + length, " ");
	}
	(void)json_object_object_add(object, key, list);
}

static void
print_json_row(const struct survey_row *row, uint32_t mails)
{
	struct json_object *object = json_object_new_object();

	set_string(object, "domain", row->domain);
	set_number(object, "mails", page.options->logs, mails);
	set_string(object, "status", survey_status_name(row->status));
	set_string(object, "mode", row->mode);
	set_number(
	    object, "max_age", row->max_age != SURVEY_NO_AGE, row->max_age);
	set_string(object, "id", row->id);
	set_string(object, "tlsrpt", survey_tlsrpt_name(row->tlsrpt));
	set_string(object, "looked", row->looked);
	set_codes(object, "errors", row->errors);
	set_codes(object, "warnings", row->warnings);
	set_string(object, "what", row->what);
	jsonout_row(object);
}

void
survey_print_row(const struct survey_row *row, uint32_t mails)
{
	if (!page.options->only[row->status])
		return;
	switch (page.options->form) {
	case SURVEY_TABLE:
		print_table_row(row, mails);
		break;
	case SURVEY_CSV:
		print_csv_row(row, mails);
		break;
	case SURVEY_JSON:
		print_json_row(row, mails);
		break;
	case SURVEY_SUMMARY:
		break;
	}
}

void
survey_print_end(void)
{
	if (page.options->form == SURVEY_JSON)
		jsonout_end();
	else if (page.options->form == SURVEY_TABLE)
		(void)putchar('\n');
}
