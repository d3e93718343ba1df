/*
 * What the verbs share; see admin.h.
 */
#include "admin.h"

#include <errno.h>
#include <fcntl.h>
#include <idn2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"
#include "report.h"

#define MESSAGE_SIZE (PATH_MAX + 2048)
#define LINE_SIZE    1024 /* of a list of domains */

const char *
admin_option_each(const struct admin *admin, const char *name, size_t i)
{
	size_t at;

	for (at = 0; at < admin->given_count; at++)
		if (strcmp(admin->given[at].name, name) == 0 && i-- == 0)
			return admin->given[at].value;
	return NULL;
}

const char *
admin_option(const struct admin *admin, const char *name)
{
	const char *value = NULL, *next;
	size_t i = 0;

	while ((next = admin_option_each(admin, name, i++)) != NULL)
		value = next;
	return value;
}

enum admin_exit
admin_worse(enum admin_exit a, enum admin_exit b)
{
	return a > b ? a : b;
}

/* Names of files and operands are part of it, and somebody else's words. */
static void __attribute__((format(printf, 1, 0)))
say(const char *format, va_list arguments)
{
	static char message[MESSAGE_SIZE], escaped[4 * MESSAGE_SIZE];
	struct text text;

	(void)vsnprintf(message, sizeof(message), format, arguments);
	text_init(&text, escaped, sizeof(escaped));
	text_add_escaped(&text, message, strlen(message));
	progress_wipe();
	(void)fprintf(stderr, "mta-sts: %s\n", escaped);
}

enum admin_exit
admin_fail(enum admin_exit status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
	return status;
}

void
admin_tell(const struct admin *admin, const char *format, ...)
{
	va_list arguments;

	if (admin->quiet)
		return;
	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
}

bool
admin_load_settings(struct admin *admin, struct report *report)
{
	report_rereads(report);
	admin->settings_good = settings_load(
	    &admin->settings, admin->settings_path, &report->sink);
	report_source(report, (struct text_span){ NULL, 0 });
	return admin->settings_good;
}

/* Whether the system keeps the settings from us; settings has told of it. */
static bool
is_out_of_reach(const char *path)
{
	if (path == NULL)
		path = getenv(SETTINGS_ENVIRONMENT);
	if (path == NULL || path[0] == '\0')
		path = SETTINGS_PATH;
	return faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0 &&
	       errno != ENOENT;
}

enum admin_exit
admin_open(struct admin *admin)
{
	struct report report;

	report_init(&report, admin);
	if (!admin_load_settings(admin, &report))
		return is_out_of_reach(admin->settings_path) ? ADMIN_SYSTEM
							     : ADMIN_FINDINGS;
	/* safefile tells by errno who refused the directory. */
	if (!store_open(&admin->store, admin->settings.policies,
		admin->settings.owner, admin->settings.unknown_fields,
		&report.sink))
		return errno == EPERM ? ADMIN_FINDINGS : ADMIN_SYSTEM;
	return ADMIN_DONE;
}

/* As somebody else's words are to be shown: quoted, escaped, cut. */
static enum admin_exit
refuse_name(const char *operand, const char *why)
{
	char storage[320];
	struct text quoted;

	text_init(&quoted, storage, sizeof(storage));
	text_add_quoted(
	    &quoted, (struct text_span){ operand, strlen(operand) });
	return admin_fail(ADMIN_FINDINGS, "%s is no domain: %s", storage, why);
}

const char *
admin_domain_fault(const char *operand, char domain[HOSTNAME_SIZE])
{
	struct text_span span = { operand, strlen(operand) };
	const char *fault = NULL;
	char *ascii = NULL;
	struct text name;
	size_t i;
	int code;

	/* What is ASCII already is taken as a Host would be. */
	if (!text_is_ascii(span)) {
		code = idn2_to_ascii_8z(
		    operand, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
		if (code != IDN2_OK)
			fault = idn2_strerror(code);
		else
			span = (struct text_span){ ascii, strlen(ascii) };
	}
	if (fault == NULL)
		fault = hostname_fault(span, &i);
	if (fault == NULL && span.length > HOSTNAME_DOMAIN_MAX)
		fault = "its policy host would be longer than 253 octets";
	if (fault == NULL) {
		text_init(&name, domain, HOSTNAME_SIZE);
		text_add(&name, span.at, span.length);
		for (i = 0; i < name.length; i++)
			domain[i] = text_lower(domain[i]);
	}
	free(ascii);
	return fault;
}

bool
admin_domain(const char *operand, char domain[HOSTNAME_SIZE])
{
	const char *fault = admin_domain_fault(operand, domain);

	if (fault != NULL)
		refuse_name(operand, fault);
	return fault == NULL;
}

bool
admin_name(const char *operand, char name[HOSTNAME_SIZE])
{
	size_t i;

	if (operand[0] != '_')
		return admin_domain(operand, name);
	for (i = 0; operand[i] != '\0'; i++)
		if (i >= HOSTNAME_DOMAIN_MAX ||
		    (!text_is_letter(operand[i]) &&
			!text_is_digit(operand[i]) &&
			strchr("_-.", operand[i]) == NULL)) {
			refuse_name(operand, "nor a shared name");
			return false;
		}
	memcpy(name, operand, i + 1);
	return true;
}

static enum admin_exit
call_for(struct admin *admin, const char *operand,
    enum admin_exit (*each)(struct admin *, const char *))
{
	char domain[HOSTNAME_SIZE];

	if (!(admin->shared ? admin_name : admin_domain)(operand, domain))
		return ADMIN_FINDINGS;
	return each(admin, domain);
}

bool
admin_line(struct text *line)
{
	int c;

	text_init(line, line->bytes, line->size);
	while ((c = getchar()) != EOF && c != '\n') {
		const char byte = (char)c;

		text_add(line, &byte, 1);
	}
	return !ferror(stdin) && (c != EOF || line->length > 0);
}

static enum admin_exit
call_for_line(struct admin *admin, const struct text *line,
    enum admin_exit (*each)(struct admin *, const char *))
{
	struct text_span name = text_trim(
	    (struct text_span){ line->bytes, strcspn(line->bytes, "\r\n") });

	if (line->bytes[0] != '#' &&
	    (line->overflow || strlen(line->bytes) < line->length))
		return refuse_name(
		    line->bytes, "the line is too long, or has a NUL in it");
	line->bytes[(size_t)(name.at - line->bytes) + name.length] = '\0';
	if (name.length == 0 || name.at[0] == '#')
		return ADMIN_DONE;
	return call_for(admin, name.at, each);
}

static enum admin_exit
call_for_lines(
    struct admin *admin, enum admin_exit (*each)(struct admin *, const char *))
{
	enum admin_exit result = ADMIN_DONE;
	char storage[LINE_SIZE];
	struct text line = { .bytes = storage, .size = sizeof(storage) };

	while (admin_line(&line))
		result = admin_worse(result, call_for_line(admin, &line, each));
	if (ferror(stdin))
		result = admin_fail(
		    ADMIN_SYSTEM, "cannot read the list: %s", strerror(errno));
	return result;
}

enum admin_exit
admin_each_of(struct admin *admin, const char *operand,
    enum admin_exit (*each)(struct admin *admin, const char *domain))
{
	return strcmp(operand, "-") == 0 ? call_for_lines(admin, each)
					 : call_for(admin, operand, each);
}

enum admin_exit
admin_each_domain(struct admin *admin,
    enum admin_exit (*each)(struct admin *admin, const char *domain))
{
	enum admin_exit result = ADMIN_DONE;
	size_t i;

	for (i = 0; i < admin->operand_count; i++)
		result = admin_worse(
		    result, admin_each_of(admin, admin->operands[i], each));
	return result;
}

bool
admin_is_many(const struct admin *admin)
{
	return admin->operand_count > 1 ||
	       (admin->operand_count == 1 &&
		   strcmp(admin->operands[0], "-") == 0);
}

void
admin_hold_streams(void)
{
	int stream;

	/* The lowest number that is free is the one that is given. */
	for (stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
		if (fcntl(stream, F_GETFD) < 0)
			(void)open("/dev/null",
			    stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}
