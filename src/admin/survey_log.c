/*
 * The domains that mail logs name; see survey.h. What a line means is maillog's
 * part.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "hostname.h"
#include "maillog.h"
#include "progress.h"
#include "survey.h"
#include "survey_lines.h"

#define PROGRESS_LINES 1024

/* One log that is read. */
struct log {
	struct survey_names *names;
	size_t lines, found, nameless, too_long;
	const char *unpacker; /* what prints it as text, if it is none */
	enum admin_exit result;
};

/*
 * What is no domain, or a name of the local network's that mail cannot be sent
 * to by MX, has been delivered all the same, and is only counted.
 */
static void
take(void *context, struct text_span span)
{
	struct log *log = context;
	char name[2 * HOSTNAME_SIZE], domain[HOSTNAME_SIZE];
	struct text text;

	text_init(&text, name, sizeof(name));
	text_add(&text, span.at, span.length);
	if (text.overflow || strlen(name) != span.length ||
	    admin_domain_fault(name, domain) != NULL ||
	    strchr(domain, '.') == NULL) {
		log->nameless++;
		return;
	}
	log->found++;
	if (!survey_names_add(log->names, domain))
		log->result = ADMIN_SYSTEM;
}

/* By what a log is packed that is not packed by gzip. */
static const char *
unpacker_of(struct text_span first)
{
	static const struct {
		const char *magic, *unpacker;
	} packed[] = { { "\3757zXZ", "xz -dc" }, { "BZh", "bzip2 -dc" },
		{ "\x28\xb5\x2f\xfd", "zstd -dc" },
		{ "LPKSHHRH", "journalctl --file" } };
	size_t i;

	for (i = 0; i < sizeof(packed) / sizeof(packed[0]); i++) {
		const size_t length = strlen(packed[i].magic);

		if (first.length >= length &&
		    memcmp(first.at, packed[i].magic, length) == 0)
			return packed[i].unpacker;
	}
	return NULL;
}

static enum admin_exit
read_lines(struct log *log, struct survey_lines *lines, enum maillog_kind kind)
{
	while (log->result != ADMIN_SYSTEM && survey_lines_next(lines)) {
		if (lines->is_long)
			log->too_long++;
		if (log->lines == 0)
			log->unpacker = unpacker_of(lines->line);
		(void)maillog_line(lines->line, kind, take, log);
		if (++log->lines % PROGRESS_LINES == 0)
			progress_show("reading", log->lines, 0);
	}
	progress_end();
	if (log->result == ADMIN_SYSTEM)
		return admin_fail(ADMIN_SYSTEM, "no memory is left");
	return ADMIN_DONE;
}

static void
tell(const struct admin *admin, const struct log *log, const char *path)
{
	if (log->too_long > 0)
		admin_tell(admin,
		    "%s: passed over %zu line%s of more than %d octets", path,
		    log->too_long, text_plural(log->too_long), SURVEY_LINE_MAX);
	if (log->nameless > 0)
		admin_tell(admin,
		    "%s: passed over %zu recipient%s whose domain nobody can "
		    "ask for",
		    path, log->nameless, text_plural(log->nameless));
}

static enum admin_exit
read_log(const struct admin *admin, struct survey_names *names,
    const char *path, enum maillog_kind kind)
{
	static struct survey_lines lines;
	struct log log = { .names = names };
	enum admin_exit result;
	int file;

	file = strcmp(path, "-") == 0
		   ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
		   : open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (file < 0 || !survey_lines_open(&lines, file))
		return admin_fail(
		    ADMIN_SYSTEM, "%s: %s", path, strerror(errno));
	result = read_lines(&log, &lines, kind);
	if (result == ADMIN_DONE && lines.fault != NULL)
		result = admin_fail(ADMIN_SYSTEM, "%s: %s", path, lines.fault);
	else if (result == ADMIN_DONE && log.found == 0 && log.unpacker != NULL)
		result = admin_fail(ADMIN_FINDINGS,
		    "%s: not the text of a log; \"%s\" prints that, for "
		    "--%s - to read",
		    path, log.unpacker,
		    kind == MAILLOG_POSTFIX ? "postfix-log" : "maillog");
	else if (result == ADMIN_DONE && log.found == 0)
		result = admin_fail(ADMIN_FINDINGS,
		    "%s: none of its %zu lines tells of mail that was sent to "
		    "another machine%s",
		    path, log.lines,
		    kind == MAILLOG_POSTFIX
			? "; of servers other than Postfix, "
			  "give it to --maillog"
			: "");
	survey_lines_close(&lines);
	tell(admin, &log, path);
	return result;
}

enum admin_exit
survey_logs(const struct admin *admin, struct survey_names *names)
{
	enum admin_exit result = ADMIN_DONE;
	const char *path;
	size_t i;

	for (i = 0; (path = admin_option_each(admin, "postfix-log", i)) != NULL;
	     i++)
		result = admin_worse(
		    result, read_log(admin, names, path, MAILLOG_POSTFIX));
	for (i = 0; (path = admin_option_each(admin, "maillog", i)) != NULL;
	     i++)
		result = admin_worse(
		    result, read_log(admin, names, path, MAILLOG_ANY));
	survey_names_sort(names);
	return result;
}
