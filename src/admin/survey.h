/*
 * Private to survey: what is found of one domain, as a row, and the forms in
 * which rows are kept and printed. Everything in a row is printable ASCII,
 * whatever strangers sent.
 */
#ifndef MTASTS_SURVEY_H
#define MTASTS_SURVEY_H

#include "admin.h"
#include "judge.h"
#include "survey_names.h"

struct examine_options;

enum survey_status {
	SURVEY_ENFORCE, /* a sender gets a policy, and it is in that mode */
	SURVEY_TESTING,
	SURVEY_NONE,
	SURVEY_BROKEN,  /* a record or a policy, and a sender gets none */
	SURVEY_ABSENT,  /* neither */
	SURVEY_GONE,    /* there is no such domain */
	SURVEY_UNKNOWN, /* the DNS did not answer */
	SURVEY_STATUSES,
};

enum survey_tlsrpt {
	SURVEY_REPORTS, /* there is a record that tells where they go */
	SURVEY_REPORTS_BROKEN,
	SURVEY_NO_REPORTS,
	SURVEY_REPORTS_UNKNOWN,
	SURVEY_TLSRPTS,
};

#define SURVEY_CODES_SIZE 512
#define SURVEY_TIME_SIZE  24
#define SURVEY_NO_AGE     UINT32_MAX

struct survey_row {
	char domain[HOSTNAME_SIZE];
	enum survey_status status;
	/* Of the policy that is served, even where a sender does not get it. */
	const char *mode;        /* "" for none */
	uint32_t max_age;        /* SURVEY_NO_AGE for none */
	char id[RECORD_ID_SIZE]; /* of the record; "" for no good one */
	enum survey_tlsrpt tlsrpt;
	char looked[SURVEY_TIME_SIZE]; /* 2026-11-22T04:51:52Z */
	/* Codes of findings, each once, with a blank between. */
	char errors[SURVEY_CODES_SIZE], warnings[SURVEY_CODES_SIZE];
	char what[JUDGE_WHAT_SIZE]; /* the first error, or else warning, says */
};

/* "enforce", "broken"; "yes", "no". NULL beyond the last. */
const char *survey_status_name(size_t status);
const char *survey_tlsrpt_name(size_t tlsrpt);

/* Which of the names that such a function has the word is; false for none. */
bool survey_read(
    const char *word, const char *(*name_of)(size_t value), size_t *value);

/* Makes the row of what has been seen of a domain. */
void survey_row(struct survey_row *row, const struct facts *facts);

/*
 * The row as a line of CSV (RFC 4180), and back. The line ends with LF; no cell
 * has a line end in it. mails is left empty where they are not counted.
 */
#define SURVEY_CSV_SIZE 4096
#define SURVEY_CSV_HEAD                                                        \
	"domain,mails,status,mode,max_age,id,tlsrpt,looked,errors,warnings,"   \
	"what\n"

void survey_csv_add(
    struct text *text, const struct survey_row *row, const uint32_t *mails);

/* The line is without its end. NULL, or what is wrong with it, in words. */
const char *survey_csv_read(struct text_span line, struct survey_row *row);

enum survey_form {
	SURVEY_TABLE,
	SURVEY_CSV,
	SURVEY_JSON,
	SURVEY_SUMMARY,
};

/* What the command line says. */
struct survey_options {
	enum survey_form form;
	bool logs;                  /* domains are those of logs */
	const char *journal;        /* a path; NULL for none */
	bool only[SURVEY_STATUSES]; /* print these alone */
};

/* Reads it, and says what is wrong with it. Pre: *examine is set. */
enum admin_exit survey_options(const struct admin *admin,
    struct survey_options *options, struct examine_options *examine);

/* Reads the domains of all logs that the options name. */
enum admin_exit
survey_logs(const struct admin *admin, struct survey_names *names);

/*
 * Rows on stdout, in the order in which they come. Begin prints what stands
 * above them, for these names; end what stands below.
 */
void survey_print_begin(
    const struct survey_options *options, const struct survey_names *names);
void survey_print_row(const struct survey_row *row, uint32_t mails);
void survey_print_end(void);

/* The sums: each row is added, and they are printed at the end. */
void
survey_sum_add(const struct survey_row *row, const struct survey_name *name);

/* total: how many domains there should have been. */
void survey_sum_print(size_t total, bool mails);

#endif
