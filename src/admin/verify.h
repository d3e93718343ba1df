/*
 * Private to verify: one domain as it was found, and the forms in which that is
 * printed. Everything printed is ASCII, whatever strangers sent.
 */
#ifndef MTASTS_VERIFY_H
#define MTASTS_VERIFY_H

#include <stdio.h>

#include "admin.h"
#include "judge.h"
#include "since.h"

struct examine_options;
struct json_object;

enum verify_form {
	VERIFY_HUMAN,
	VERIFY_JSON,
	VERIFY_PROMETHEUS,
	VERIFY_MONITOR,
};

/* Reads the options, and says what is wrong with them. */
enum admin_exit verify_options(const struct admin *admin,
    struct examine_options *options, enum verify_form *form);

/* A domain, judged. */
struct verify_domain {
	const struct facts *facts;
	const struct policy *policy; /* that is served; NULL for none */
	enum judge_verdict verdict;
	const struct judge_finding *findings;
	size_t finding_count;
	size_t count[JUDGE_NOTE + 1]; /* of them, by severity */
};

/* The first certificate of all that runs out; 0 when none is known. */
time_t verify_expires(const struct facts *facts);

/*
 * For people: a line with the verdict, then the findings by group. colour: with
 * escape sequences. brief: no notes.
 */
void verify_print_people(
    FILE *out, const struct verify_domain *domain, bool colour, bool brief);

/* For programs; NULL without memory. */
struct json_object *verify_json(const struct verify_domain *domain);

/*
 * For node_exporter's textfile directory: each metric is put together while
 * domains come, and all are printed at the end.
 */
bool verify_metrics_begin(void);
void verify_metrics_add(const struct verify_domain *domain);
void verify_metrics_end(FILE *out);

/*
 * For Nagios and Icinga: one line about all domains, with performance data. Add
 * counts a domain and prints what there is to be said of it, if anything, which
 * words then takes in the order in which it is to be said. End prints the line
 * and returns the exit status: 0 good, 1 doubtful, 2 broken. Unknown is the
 * line and status, 3, of a run that could not look, and has said why on stderr.
 */
void verify_monitor_begin(void);
void verify_monitor_add(FILE *out, const struct verify_domain *domain);
void verify_monitor_words(const char *words);
int verify_monitor_end(FILE *out);
int verify_monitor_unknown(FILE *out);

/*
 * What is known of domains on this machine, if it has a policy directory.
 */
struct verify_local {
	struct admin *admin; /* its store may be closed */
	struct since since;
	bool asked; /* since has been read, or cannot be */
};

/* Fills in facts->local; its text is malloc'd. False without memory. */
bool verify_local(struct verify_local *local, struct facts *facts);

void verify_local_end(struct verify_local *local);

#endif
