/*
 * The command mta-sts: what its verbs share. A verb is a function, a row in the
 * table of verbs.c, and nothing else; the table is the help text and the
 * grammar of the command line.
 */
#ifndef MTASTS_ADMIN_H
#define MTASTS_ADMIN_H

#include <stdbool.h>
#include <stddef.h>

#include "hostname.h"
#include "settings.h"
#include "store.h"

/* Exit statuses, for scripts and panels. The worst of several domains counts.
 */
enum admin_exit {
	ADMIN_DONE,     /* done, or already so */
	ADMIN_FINDINGS, /* something is wrong with a policy, a name, a setting
			 */
	ADMIN_USAGE,    /* the command line is */
	ADMIN_SYSTEM,   /* the system refused: no access, no space */
};

/* An option of a verb; argument is its name in the help, NULL for a switch. */
struct admin_option {
	const char *name;
	const char *argument;
	const char *help;
};

struct admin;
struct report;

struct admin_verb {
	const char *name;
	const char *operands; /* as the help shows them: "DOMAIN..." */
	const char *help;     /* one line */
	enum admin_exit (*run)(struct admin *admin);
	const struct admin_option *options; /* ended by a NULL name; or NULL */
	size_t least, most;                 /* operands */
};

#define ADMIN_GIVEN_MAX 128
#define ADMIN_ANY       ((size_t)-1)

/* One run of the command. */
struct admin {
	const char *settings_path; /* NULL: the default */
	struct settings settings;
	struct store store; /* open, unless the verb is one of check's kind */
	bool settings_good;
	bool quiet;   /* --quiet: say nothing when all is well */
	bool dry_run; /* --dry-run: say what would be done, do nothing */
	bool json;    /* --json */
	bool shared;  /* shared names (_hosting) will do for a domain */
	const struct admin_verb *verb;
	char **operands;
	size_t operand_count;
	struct {
		const char *name, *value; /* value is "" for a switch */
	} given[ADMIN_GIVEN_MAX];
	size_t given_count;
};

/*
 * The value of an option that was given (the last one, if several times), ""
 * for a switch, NULL when it was not given. Pre: the verb has that option.
 */
const char *admin_option(const struct admin *admin, const char *name);

/* The value number i, from 0, of an option given several times, or NULL. */
const char *
admin_option_each(const struct admin *admin, const char *name, size_t i);

/* Reads settings and opens the store; says on stderr what is wrong. */
enum admin_exit admin_open(struct admin *admin);

/*
 * Reads the settings alone, into the report; whether they are good. The
 * defaults stand for what could not be read.
 */
bool admin_load_settings(struct admin *admin, struct report *report);

/*
 * Calls the function with each policy domain that the operands name, in lower
 * case A-labels: A-labels or U-labels (IDNA 2008, libidn2), "-" for one a line
 * on standard input (blank lines and those that begin with # are passed over).
 * A name that is no domain is an error on stderr and is not called for. Returns
 * the worst of it all.
 */
enum admin_exit admin_each_domain(struct admin *admin,
    enum admin_exit (*each)(struct admin *admin, const char *domain));

/* The same for one operand, which may be "-". */
enum admin_exit admin_each_of(struct admin *admin, const char *operand,
    enum admin_exit (*each)(struct admin *admin, const char *domain));

/*
 * Reads a line of standard input, without its end, into a text that has its
 * storage; overflow tells that the rest of it was passed over. False at the end
 * and, with errno and ferror, when it cannot be read.
 */
bool admin_line(struct text *line);

/* Whether the operands may name more than one domain. */
bool admin_is_many(const struct admin *admin);

/* One domain in a buffer, in A-labels and lower case; or why it is none. */
const char *admin_domain_fault(const char *operand, char domain[HOSTNAME_SIZE]);

/* The same; false, and an error on stderr, for no domain. */
bool admin_domain(const char *operand, char domain[HOSTNAME_SIZE]);

/* The same, or a shared name such as _hosting as it stands. */
bool admin_name(const char *operand, char name[HOSTNAME_SIZE]);

/*
 * Gives the standard streams that are closed something to be, which fails to be
 * read or written: no file that is opened later gets messages written into it.
 */
void admin_hold_streams(void);

/* The greater of the two. */
enum admin_exit admin_worse(enum admin_exit a, enum admin_exit b);

/* "mta-sts: " and the message on stderr; returns the status to return. */
enum admin_exit admin_fail(enum admin_exit status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same unless --quiet; for what was done. */
void admin_tell(const struct admin *admin, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Usage: the message, how the verb is used, on stderr; returns ADMIN_USAGE. */
enum admin_exit admin_misused(const struct admin *admin, const char *format,
    ...) __attribute__((format(printf, 2, 3)));

/* The table of verbs, ended by a NULL name. */
extern const struct admin_verb admin_verbs[];

/* The verbs; what each does is in the table and in mta-sts(1). */
enum admin_exit admin_check(struct admin *admin);
enum admin_exit admin_list(struct admin *admin);
enum admin_exit admin_hosts(struct admin *admin);
enum admin_exit admin_show(struct admin *admin);
enum admin_exit admin_explain(struct admin *admin);
enum admin_exit admin_add(struct admin *admin);
enum admin_exit admin_set(struct admin *admin);
enum admin_exit admin_alias(struct admin *admin);
enum admin_exit admin_rename(struct admin *admin);
enum admin_exit admin_import(struct admin *admin);
enum admin_exit admin_retire(struct admin *admin);
enum admin_exit admin_remove(struct admin *admin);
enum admin_exit admin_history(struct admin *admin);
enum admin_exit admin_dns(struct admin *admin);
enum admin_exit admin_id(struct admin *admin);
enum admin_exit admin_lint_txt(struct admin *admin);
enum admin_exit admin_report(struct admin *admin);
enum admin_exit admin_verify(struct admin *admin);
enum admin_exit admin_survey(struct admin *admin);

/* Options that stand beside their verb. */
extern const struct admin_option admin_report_options[];
extern const struct admin_option admin_verify_options[];
extern const struct admin_option admin_survey_options[];

#endif
