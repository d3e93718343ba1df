/*
 * mta-sts: the command for the administrator and for hosting panels. Its help
 * and its command line, both by the table of verbs.c.
 */
#include <getopt.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin.h"
#include "verify.h"

/* Those that every verb has. */
static const struct admin_option common_options[] = {
	{ "config", "FILE", "the settings; -c FILE does the same" },
	{ "quiet", NULL, "say nothing when all is well" },
	{ "help", NULL, "print this" },
	{ NULL, NULL, NULL },
};

#define OPTIONS_MAX 24

/*
 * What getopt_long gives back for the first row. Each row has a value of its
 * own, since an abbreviation of two rows alike would be taken for the first.
 */
#define OPTION_FIRST 256

#define HELP_INDENT 22
#define HELP_WIDTH  78

static void
print_help(FILE *stream)
{
	const struct admin_verb *verb;

	(void)fputs(
	    "usage: mta-sts [-c FILE] VERB [OPTION]... [OPERAND]...\n\n",
	    stream);
	for (verb = admin_verbs; verb->name != NULL; verb++)
		(void)fprintf(stream, "  %-9s %s\n", verb->name, verb->help);
	(void)fputs(
	    "\n"
	    "mta-sts VERB --help tells more, and mta-sts(1) all. A DOMAIN may "
	    "be an A-label\n"
	    "or a U-label; - reads a list of them from standard input.\n",
	    stream);
}

/* What it does, folded between words. */
static void
print_option(FILE *stream, const struct admin_option *option)
{
	const char *word = option->help;
	char name[32];
	int column, length;

	(void)snprintf(name, sizeof(name), "--%s %s", option->name,
	    option->argument ? option->argument : "");
	column = fprintf(stream, "  %-20s", name);
	for (; *word != '\0'; word += strspn(word, " ")) {
		length = (int)strcspn(word, " ");
		if (column + length >= HELP_WIDTH)
			column = fprintf(stream, "\n%*s", HELP_INDENT, "") - 1;
		column += fprintf(stream, " %.*s", length, word);
		word += length;
	}
	(void)fputc('\n', stream);
}

static void
print_options(FILE *stream, const struct admin_option *option)
{
	for (; option != NULL && option->name != NULL; option++)
		print_option(stream, option);
}

static void
print_verb_help(FILE *stream, const struct admin_verb *verb)
{
	(void)fprintf(stream, "usage: mta-sts %s [OPTION]...%s%s\n%s\n\n",
	    verb->name, verb->operands[0] != '\0' ? " " : "", verb->operands,
	    verb->help);
	print_options(stream, verb->options);
	print_options(stream, common_options);
}

enum admin_exit
admin_misused(const struct admin *admin, const char *format, ...)
{
	va_list arguments;

	(void)fprintf(stderr, "mta-sts %s: ", admin->verb->name);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputs("\n", stderr);
	print_verb_help(stderr, admin->verb);
	return ADMIN_USAGE;
}

/* Adds the rows of a table to what getopt_long wants. */
static size_t
options_append(struct option *long_options, size_t count,
    const struct admin_option *option)
{
	for (; option != NULL && option->name != NULL; option++, count++)
		long_options[count] = (struct option){ option->name,
			option->argument ? required_argument : no_argument,
			NULL, OPTION_FIRST + (int)count };
	return count;
}

static bool
is_given(struct admin *admin, const char *name, const char *value)
{
	if (strcmp(name, "config") == 0)
		admin->settings_path = value;
	else if (strcmp(name, "quiet") == 0)
		admin->quiet = true;
	else if (strcmp(name, "dry-run") == 0)
		admin->dry_run = true;
	else if (strcmp(name, "json") == 0)
		admin->json = true;
	else if (admin->given_count == ADMIN_GIVEN_MAX)
		return false;
	else {
		admin->given[admin->given_count].name = name;
		admin->given[admin->given_count].value = value ? value : "";
		admin->given_count++;
	}
	return true;
}

/* What somebody typed, fit for a message. */
struct quoted {
	char storage[320];
};

static const char *
quote(const char *word, struct quoted *quoted)
{
	struct text text;

	text_init(&text, quoted->storage, sizeof(quoted->storage));
	text_add_quoted(&text, (struct text_span){ word, strlen(word) });
	return quoted->storage;
}

/* An option that getopt_long did not take; it has no good words of its own. */
static enum admin_exit
refuse_option(const struct admin *admin, int found, char **argv)
{
	const char letter[] = { '-', (char)optopt, '\0' };
	struct quoted quoted;

	quote(optopt > 0 && optopt < OPTION_FIRST ? letter : argv[optind - 1],
	    &quoted);
	if (found == ':')
		return admin_misused(
		    admin, "option %s wants a value", quoted.storage);
	return admin_misused(
	    admin, "option %s is none of its options", quoted.storage);
}

/* Reads what follows the verb, to the end: --monitor may come after a slip. */
static enum admin_exit
read_options(struct admin *admin, int argc, char **argv, bool *help)
{
	struct option long_options[OPTIONS_MAX] = { 0 };
	enum admin_exit result = ADMIN_DONE;
	size_t count = 0;
	int found;

	count = options_append(long_options, count, admin->verb->options);
	(void)options_append(long_options, count, common_options);
	optind = 0; /* begins anew, and lets options stand after operands */
	while ((found = getopt_long(argc, argv, ":c:qh", long_options, NULL)) !=
	       -1) {
		const char *name;

		if (found == '?' || found == ':') {
			if (result == ADMIN_DONE)
				result = refuse_option(admin, found, argv);
			continue;
		}
		name = found == 'c'   ? "config"
		       : found == 'q' ? "quiet"
		       : found == 'h' ? "help"
				      : long_options[found - OPTION_FIRST].name;
		if (name != NULL && strcmp(name, "help") == 0)
			*help = true;
		else if (name == NULL || !is_given(admin, name, optarg))
			return admin_misused(admin, "too many options");
	}
	admin->operands = argv + optind;
	admin->operand_count = (size_t)(argc - optind);
	return result;
}

static enum admin_exit
run_verb(struct admin *admin, int argc, char **argv)
{
	const struct admin_verb *verb = admin->verb;
	struct quoted quoted;
	bool help = false;
	enum admin_exit result = read_options(admin, argc, argv, &help);

	if (result != ADMIN_DONE)
		return admin_option(admin, "monitor") != NULL
			   ? (enum admin_exit)verify_monitor_unknown(stdout)
			   : result;
	if (help) {
		print_verb_help(stdout, verb);
		return ADMIN_DONE;
	}
	if (admin->operand_count < verb->least)
		return admin_misused(admin, "%s is missing", verb->operands);
	if (admin->operand_count > verb->most)
		return admin_misused(admin, "%s is one too many",
		    quote(admin->operands[verb->most], &quoted));
	result = verb->run(admin);
	store_close(&admin->store);
	if (fflush(stdout) != 0 || ferror(stdout) != 0)
		result = admin_fail(ADMIN_SYSTEM, "stdout cannot be written");
	return result;
}

static const struct admin_verb *
verb_named(const char *name)
{
	const struct admin_verb *verb;

	for (verb = admin_verbs; verb->name != NULL; verb++)
		if (strcmp(name, verb->name) == 0)
			return verb;
	return NULL;
}

static enum admin_exit
misused(const char *what, const char *word)
{
	struct quoted quoted;

	(void)admin_fail(ADMIN_USAGE, "%s %s", what, quote(word, &quoted));
	print_help(stderr);
	return ADMIN_USAGE;
}

int
main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	static struct admin admin = { .store = { .directory = -1 } };
	int option;

	admin_hold_streams();
	/* Else what follows the first operand would be no option: --dry-run! */
	(void)unsetenv("POSIXLY_CORRECT");
	/* Messages stay English, as the findings are. */
	(void)setlocale(LC_CTYPE, "");
	opterr = 0;
	while ((option = getopt_long(
		    argc, argv, "+c:hV", long_options, NULL)) != -1)
		switch (option) {
		case 'c':
			admin.settings_path = optarg;
			break;
		case 'V':
			(void)puts("mta-sts " VERSION);
			return ADMIN_DONE;
		case 'h':
			print_help(stdout);
			return ADMIN_DONE;
		default:
			return (int)misused("this cannot stand before a verb:",
			    argv[optind - 1]);
		}
	if (optind == argc) {
		print_help(stderr);
		return ADMIN_USAGE;
	}
	admin.verb = verb_named(argv[optind]);
	if (admin.verb == NULL)
		return (int)misused("there is no verb", argv[optind]);
	return (int)run_verb(&admin, argc - optind, argv + optind);
}
