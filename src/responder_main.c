/*
 * mta-sts.fcgi: the main program. Finds out how it was started (FastCGI, CGI,
 * by hand), reads the settings, opens the store, and brings the requests of
 * fastcgi or CGI to the responder, with the store behind it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgi.h"
#include "log.h"
#include "responder.h"
#include "sandbox.h"
#include "server.h"
#include "settings.h"
#include "store.h"

#define NAME "mta-sts.fcgi"

/* Findings about one file in the log; the rest is for a check to tell. */
#define FINDINGS_MAX 10

enum exit_status { EXIT_GOOD, EXIT_FINDINGS, EXIT_USAGE, EXIT_SYSTEM };

static struct settings settings;
static struct store store = { .directory = -1 };
static struct policy policy;

/* What a CGI program answers whose store could not be opened. */
static enum responder_found no_store = RESPONDER_REFUSED;

static const char help[] =
    "usage: " NAME " [-n] [-c file]\n"
    "       " NAME " -V | -h\n"
    "\n"
    "Answers https://mta-sts.<domain>/.well-known/mta-sts.txt with the "
    "MTA-STS\n"
    "policy of the domain, read from a file that only root can write. A web\n"
    "server starts it, or systemd: as FastCGI when standard input is a "
    "listening\n"
    "socket, as CGI when the environment says so.\n"
    "\n"
    "  -c file   the settings, instead of " SETTINGS_PATH "\n"
    "            (the environment's " SETTINGS_ENVIRONMENT " does the same)\n"
    "  -n        check the settings, the policy directory and all policies,\n"
    "            tell every finding, and exit: 0 good, 1 not\n"
    "  -V        print the version\n"
    "  -h        print this\n"
    "\n"
    "See mta-sts.fcgi(8), mta-sts.conf(5) and mta-sts-policy(5).\n";

static void
print_finding(void *context, const struct diag *diag)
{
	char storage[LOG_LINE_MAX];
	struct text line;

	(void)context;
	text_init(&line, storage, sizeof(storage));
	diag_format(diag, &line);
	(void)fprintf(stderr, "%s\n", line.bytes);
}

static void
log_start_finding(void *context, const struct diag *diag)
{
	char storage[LOG_LINE_MAX];
	struct text line;

	(void)context;
	text_init(&line, storage, sizeof(storage));
	diag_format(diag, &line);
	if (diag->severity == DIAG_ERROR)
		log_error("%s", line.bytes);
	else
		log_warning("%s", line.bytes);
}

/* What a request brought to light about the policy of a domain. */
struct look_up {
	const char *domain;
	unsigned errors;
};

static void
log_look_up_finding(void *context, const struct diag *diag)
{
	struct look_up *look_up = context;
	char storage[LOG_LINE_MAX];
	struct text line;

	if (diag->severity != DIAG_ERROR || ++look_up->errors > FINDINGS_MAX)
		return;
	text_init(&line, storage, sizeof(storage));
	diag_format(diag, &line);
	log_seldom(LOG_ERRORS, "%s: %s", look_up->domain, line.bytes);
}

static enum responder_found
find_policy(void *context, const char *domain, const struct policy **found)
{
	static const enum responder_found results[] = {
		[SAFEFILE_OK] = RESPONDER_FOUND,
		[SAFEFILE_ABSENT] = RESPONDER_ABSENT,
		[SAFEFILE_REFUSED] = RESPONDER_REFUSED,
		[SAFEFILE_UNAVAILABLE] = RESPONDER_UNAVAILABLE,
	};
	struct look_up look_up = { domain, 0 };
	struct diag_sink sink = { .take = log_look_up_finding,
		.context = &look_up };
	enum safefile_result result;

	(void)context;
	if (store.directory < 0)
		return no_store;
	result = store_policy(&store, domain, &policy, &sink);
	if (look_up.errors > FINDINGS_MAX)
		log_seldom(LOG_ERRORS, "%s: %u more errors; run: " NAME " -n",
		    domain, look_up.errors - FINDINGS_MAX);
	*found = &policy;
	return results[result];
}

static const struct responder_source source = { find_policy, NULL };

static bool
still_in_place(void)
{
	if (!store_is_replaced(&store))
		return true;
	log_info("leaving: %s names another directory now, or others can write "
		 "to it",
	    store.path);
	return false;
}

static bool
open_store(struct diag_sink *sink)
{
	return store_open(&store, settings.policies, settings.owner,
	    settings.unknown_fields, sink);
}

/*
 * What cannot be told in the log of the settings goes to stderr. Privileges go
 * before the store is opened, so that what takes them is found out at once.
 * False with errno, by which run_cgi tells what will pass.
 */
static bool
set_up(const char *path, struct diag_sink *sink)
{
	const bool good = settings_load(&settings, path, sink);
	const int error = errno;

	if (good)
		log_open(NAME, settings.log.to, settings.log.level);
	if (settings.sandbox)
		sandbox_drop();
	errno = error;
	return good && open_store(sink);
}

/* By CGI each request has a process, and nobody wants to read this of each. */
static void
enter_sandbox(bool quiet)
{
	const struct sandbox sandbox = { store.directory, log_destination(),
		quiet };

	if (settings.sandbox)
		sandbox_enter(&sandbox);
	else if (!quiet)
		log_info("sandbox: off, as the settings want it");
}

struct check {
	struct diag_sink *sink;
	unsigned long policies;
};

static bool
check_entry(void *context, const struct store_entry *entry)
{
	struct check *check = context;

	store_check_name(&store, entry, check->sink);
	/* One that has gone meanwhile is no finding. */
	if (store_file(&store, entry->name, &policy, check->sink) !=
	    SAFEFILE_ABSENT)
		check->policies++;
	return true;
}

static int
run_check(const char *path)
{
	struct diag_sink sink = { .take = print_finding };
	struct check check = { &sink, 0 };
	bool good = settings_load(&settings, path, &sink);

	/* Nobody has named the default directory where that may be the error.
	 */
	if ((good || strcmp(settings.policies, SETTINGS_POLICIES) != 0) &&
	    open_store(&sink))
		(void)store_each(&store, check_entry, &check, &sink);
	store_close(&store);
	(void)fprintf(stderr, "%lu polic%s: %u error%s, %u warning%s\n",
	    check.policies, check.policies == 1 ? "y" : "ies", sink.errors,
	    text_plural(sink.errors), sink.warnings,
	    text_plural(sink.warnings));
	return sink.errors > 0 ? EXIT_FINDINGS : EXIT_GOOD;
}

static int
run_fastcgi(const char *path)
{
	static const struct server_service service = { &source,
		still_in_place };
	struct diag_sink sink = { .take = log_start_finding };
	bool opened;

	if (!set_up(path, &sink))
		return EXIT_FINDINGS;
	opened = server_open();
	if (opened) {
		log_info("version " VERSION ", serving %s", store.path);
		enter_sandbox(false);
		server_run(&service);
	}
	store_close(&store);
	return opened ? EXIT_GOOD : EXIT_SYSTEM;
}

/* Whether the same may succeed a little later. */
static bool
is_passing(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM ||
	       error == EIO;
}

/* Without settings or store a request is still answered: by an error. */
static int
run_cgi(void)
{
	struct diag_sink sink = { .take = log_start_finding };
	bool answered;

	if (!set_up(NULL, &sink) && is_passing(errno))
		no_store = RESPONDER_UNAVAILABLE;
	enter_sandbox(true);
	answered = cgi_answer(&source);
	store_close(&store);
	return answered ? EXIT_GOOD : EXIT_SYSTEM;
}

static int
run_by_hand(int argc, char **argv, bool listening)
{
	const char *path = NULL;
	bool check = false;
	int option;

	while ((option = getopt(argc, argv, "c:nVh")) != -1)
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'n':
			check = true;
			break;
		case 'V':
			(void)puts(NAME " " VERSION);
			return EXIT_GOOD;
		case 'h':
			(void)fputs(help, stdout);
			return EXIT_GOOD;
		default:
			(void)fputs(help, stderr);
			return EXIT_USAGE;
		}
	if (check && optind == argc)
		return run_check(path);
	if (listening && optind == argc)
		return run_fastcgi(path);
	(void)fputs(help, isatty(STDIN_FILENO) ? stdout : stderr);
	return isatty(STDIN_FILENO) && optind == argc ? EXIT_GOOD : EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	const bool listening = server_is_listening();

	/* mod_fcgid leaves the pipes to its process manager open in us. */
	closefrom(STDERR_FILENO + 1);
	log_open(NAME, LOG_TO_STDERR, LOG_INFORMATION);
	if (getuid() != geteuid() || getgid() != getegid()) {
		log_error("this program must not be set-user-ID");
		return EXIT_SYSTEM;
	}
	/* Web servers pass query strings as arguments to CGI programs. */
	if (!listening && cgi_is_called())
		return run_cgi();
	return run_by_hand(argc, argv, listening);
}
