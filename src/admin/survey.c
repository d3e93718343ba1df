/*
 * mta-sts survey: who publishes MTA-STS, of many domains. Gathering the facts
 * is examine's part, what they mean is judge's; here it is seen to that each
 * domain is asked about once, that nothing found is lost, and that it comes out
 * in the order of the domains. Needs neither settings nor policies.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin.h"
#include "examine.h"
#include "order.h"
#include "progress.h"
#include "survey.h"
#include "survey_journal.h"

#define EXIT_SIGNAL 128

/* One run. */
static struct {
	struct admin *admin;
	struct survey_options options;
	struct examine_options looking;
	struct survey_names names;
	struct survey_journal journal;
	struct order order;
	size_t begun, done;
	bool answered; /* by the DNS, at least once */
	bool shown;    /* rows go to a terminal, where a bar may be */
	/* Why there is no going on; and whether the journal is to blame. */
	const char *failure;
	bool journal_failed;
	volatile sig_atomic_t signal; /* that it is stopped by; 0 for none */
} run = { .journal = { .file = -1 } };

static void
fail_journal(const char *why)
{
	run.failure = why;
	run.journal_failed = true;
}

/* Says why there was no going on. */
static enum admin_exit
failed(void)
{
	return admin_fail(ADMIN_SYSTEM, "%s%s%s",
	    run.journal_failed ? run.options.journal : "",
	    run.journal_failed ? ": " : "", run.failure);
}

static enum admin_exit
add_domain(struct admin *admin, const char *domain)
{
	(void)admin;
	return survey_names_add(&run.names, domain)
		   ? ADMIN_DONE
		   : admin_fail(ADMIN_SYSTEM, "no memory is left");
}

static enum admin_exit
read_domains(struct admin *admin)
{
	if (run.options.logs)
		return survey_logs(admin, &run.names);
	if (admin->operand_count > 0)
		return admin_each_domain(admin, add_domain);
	if (isatty(STDIN_FILENO) == 1)
		admin_tell(admin, "reads domains, one a line, up to Ctrl-D");
	return admin_each_of(admin, "-", add_domain);
}

/* Its row, from wherever it is kept. */
static bool
find_row(struct survey_name *name, struct survey_row *row)
{
	char storage[SURVEY_CSV_SIZE + 1];
	struct text text;
	bool good;

	text_init(&text, storage, sizeof(storage));
	good = name->kept != NULL ||
	       survey_journal_get(&run.journal, name->place, &text);
	if (name->kept != NULL)
		text_add(&text, name->kept, strcspn(name->kept, "\n"));
	good = good &&
	       survey_csv_read((struct text_span){ text.bytes, text.length },
		   row) == NULL &&
	       strcmp(row->domain, name->domain) == 0;
	free(name->kept);
	name->kept = NULL;
	return good;
}

/* Its turn has come. */
static void
print_name(void *what)
{
	static struct survey_row row;
	struct survey_name *name = what;

	if (!find_row(name, &row)) {
		fail_journal("somebody else has changed it");
		return;
	}
	run.answered = run.answered || row.status != SURVEY_UNKNOWN;
	survey_sum_add(&row, name);
	if (run.shown)
		progress_wipe();
	survey_print_row(&row, name->mails);
	if (run.shown)
		(void)fflush(stdout);
}

static void
put(size_t i)
{
	run.done++;
	if (!order_put(&run.order, i, run.names.at[i]))
		run.failure = "no memory is left";
}

/* That stdout cannot be written is said by main. */
static bool
goes_on(void)
{
	return run.begun < run.names.count && run.failure == NULL &&
	       run.signal == 0 && ferror(stdout) == 0;
}

/* Passes over those that are known already. */
static bool
next(void *context, struct facts *facts)
{
	struct text domain;

	(void)context;
	while (goes_on() && run.names.at[run.begun]->place != 0)
		put(run.begun++);
	if (!goes_on())
		return false;
	facts->number = run.begun;
	text_init(&domain, facts->domain, sizeof(facts->domain));
	text_add_string(&domain, run.names.at[run.begun++]->domain);
	return true;
}

/* Keeps the row until its turn, and, if there is a journal, for good. */
static void
keep(struct survey_name *name, const struct survey_row *row)
{
	char storage[SURVEY_CSV_SIZE];
	struct text text;

	text_init(&text, storage, sizeof(storage));
	survey_csv_add(&text, row, run.options.logs ? &name->mails : NULL);
	if (run.journal.file >= 0 && row->status != SURVEY_UNKNOWN) {
		if (!survey_journal_add(&run.journal,
			(struct text_span){ text.bytes, text.length },
			&name->place))
			fail_journal(strerror(errno));
		else
			return;
	}
	name->kept = strdup(storage);
	if (name->kept == NULL)
		run.failure = "no memory is left";
}

static void
done(void *context, const struct facts *facts)
{
	static struct survey_row row;
	struct survey_name *name;

	(void)context;
	survey_row(&row, facts);
	name = run.names.at[facts->number];
	keep(name, &row);
	if (name->kept != NULL || name->place != 0)
		put(facts->number);
	progress_show("looking", run.done, run.names.count);
}

/* Prints all that there is. */
static void
end(void)
{
	progress_end();
	order_end(&run.order);
	survey_print_end();
	if (run.options.form == SURVEY_TABLE ||
	    run.options.form == SURVEY_SUMMARY)
		survey_sum_print(run.names.count, run.options.logs);
	if (!survey_journal_close(&run.journal) && run.failure == NULL)
		fail_journal(strerror(errno));
	if (run.done > 0 && !run.answered && run.failure == NULL)
		admin_tell(run.admin,
		    "no domain could be looked up: is there a network? "
		    "--resolver asks another server");
}

static void
stop(int signal)
{
	run.signal = signal;
}

/*
 * Has one signal end it in good order; a second one ends the process. Whoever
 * reads the rows slowly gets them all the same: a write goes on.
 */
static void
stop_by(int signal)
{
	const struct sigaction once = { .sa_handler = stop,
		.sa_flags = (int)(SA_RESETHAND | SA_RESTART) };
	struct sigaction before;

	if (sigaction(signal, NULL, &before) == 0 &&
	    before.sa_handler != SIG_IGN)
		(void)sigaction(signal, &once, NULL);
}

/* At a signal, what is under way is lost, and nothing else. */
static enum admin_exit
look(void)
{
	char why[FACTS_WHY_SIZE] = "";
	enum admin_exit result = ADMIN_DONE;
	struct examine *examine;

	run.looking.stop = &run.signal;
	examine = examine_open(&run.looking, why);
	if (examine == NULL)
		return admin_fail(ADMIN_SYSTEM, "%s", why);
	stop_by(SIGINT);
	stop_by(SIGTERM);
	run.order.print = print_name;
	run.shown =
	    run.options.form != SURVEY_SUMMARY && isatty(STDOUT_FILENO) == 1;
	survey_print_begin(&run.options, &run.names);
	if (!examine_run(examine, next, done, NULL))
		result = admin_fail(ADMIN_SYSTEM, "%s", strerror(errno));
	end();
	examine_close(examine);
	if (run.failure != NULL)
		result = failed();
	else if (run.signal != 0)
		result = (enum admin_exit)(EXIT_SIGNAL + run.signal);
	return result;
}

enum admin_exit
admin_survey(struct admin *admin)
{
	enum admin_exit result, names = ADMIN_DONE;

	run.admin = admin;
	result = survey_options(admin, &run.options, &run.looking);
	if (result != ADMIN_DONE)
		return result;
	names = read_domains(admin);
	if (names != ADMIN_SYSTEM && run.options.journal != NULL)
		result = survey_journal_open(
		    admin, run.options.journal, &run.journal, &run.names);
	if (names != ADMIN_SYSTEM && result == ADMIN_DONE)
		result = look();
	(void)survey_journal_close(&run.journal);
	survey_names_free(&run.names);
	return admin_worse(result, names);
}
