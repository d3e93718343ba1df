/*
 * The history file: adding to it and reading it; see history.h. What follows
 * from it is in history_expiry.c.
 */
#include "history.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "human.h"
#include "report.h"
#include "safefile.h"

#define FILE_NAME "history"
#define DRAFT     ".new"
#define FIELDS    5

/* What is put after half a line: as a sixth field it spoils it for good. */
#define CUT_OFF " cut off\n"

#define LINE_SIZE 1024
#define TIME_SIZE 32

static bool
failure(const struct admin *admin, const char *what)
{
	admin_fail(ADMIN_SYSTEM, "%s/" FILE_NAME ": %s: %s",
	    admin->settings.state, what, strerror(errno));
	return false;
}

/* The directory, checked as the one of the policies is; -1 and a message. */
static int
open_directory(const struct admin *admin)
{
	struct report report;

	report_init(&report, admin);
	return safefile_open_directory(
	    admin->settings.state, admin->settings.owner, &report.sink);
}

/*
 * Root makes it for the owner, who may be the one who writes next. Under
 * another name, so that a writer that is killed leaves no half of it.
 */
static bool
make_directory(const struct admin *admin)
{
	const char *path = admin->settings.state;
	char draft[PATH_MAX + sizeof(DRAFT)];

	if (access(path, F_OK) == 0)
		return true;
	(void)snprintf(draft, sizeof(draft), "%s" DRAFT, path);
	if ((mkdir(draft, 0755) != 0 && errno != EEXIST) ||
	    chmod(draft, 0755) != 0 ||
	    (geteuid() != admin->settings.owner &&
		lchown(draft, admin->settings.owner, (gid_t)-1) != 0) ||
	    (rename(draft, path) != 0 && errno != ENOTEMPTY && errno != EEXIST))
		return failure(admin, "its directory cannot be made");
	return true;
}

static bool
is_history(const struct admin *admin, int file)
{
	struct stat status;

	errno = EPERM;
	return fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
	       status.st_nlink == 1 &&
	       (status.st_uid == admin->settings.owner || status.st_uid == 0);
}

/*
 * Its owner's, and for all to read, whoever was killed before he had seen to
 * it. Only while it is empty: the owner of the directory may have put another
 * file here, which is neither given to him nor shown to all.
 */
static bool
settle(const struct admin *admin, int file)
{
	struct stat status;

	if (fstat(file, &status) != 0)
		return false;
	if (status.st_size > 0)
		return true;
	if (status.st_uid != admin->settings.owner &&
	    fchown(file, admin->settings.owner, (gid_t)-1) != 0)
		return false;
	return (status.st_mode & 07777) == 0644 || fchmod(file, 0644) == 0;
}

static int
open_to_add(const struct admin *admin)
{
	int directory, file;

	if (!make_directory(admin))
		return -1;
	directory = open_directory(admin);
	if (directory < 0)
		return -1;
	file = openat(directory, FILE_NAME,
	    O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC,
	    0644);
	if (file < 0 || !is_history(admin, file) || !settle(admin, file)) {
		failure(admin, "it cannot be opened");
		if (file >= 0)
			(void)close(file);
		file = -1;
	}
	(void)close(directory);
	return file;
}

bool
history_ready(const struct admin *admin)
{
	int file = open_to_add(admin);

	if (file >= 0)
		(void)close(file);
	return file >= 0;
}

static void
compose(const struct history_entry *entry, struct text *line)
{
	human_add_time(line, entry->time);
	text_add_format(line, " %s ", entry->domain);
	if (entry->removed)
		text_add_string(line, "- removed -\n");
	else if (entry->unknown)
		text_add_format(line, "- unknown %d\n", POLICY_MAX_AGE_MAX);
	else if (entry->alias[0] != '\0')
		text_add_format(line, "%s alias -\n", entry->alias);
	else
		text_add_format(line, "%s %s %lu\n", entry->id,
		    policy_mode_name(entry->mode),
		    (unsigned long)entry->max_age);
}

/* Whether the file ends within a line. */
static bool
is_cut_off(int file)
{
	struct stat status;
	char last;

	if (fstat(file, &status) != 0 || status.st_size == 0)
		return false;
	return pread(file, &last, 1, status.st_size - 1) != 1 || last != '\n';
}

bool
history_add(const struct admin *admin, const struct history_entry *entry)
{
	char storage[LINE_SIZE];
	int file = open_to_add(admin);
	struct text line;
	bool added;

	if (file < 0)
		return false;
	text_init(&line, storage, sizeof(storage));
	if (is_cut_off(file))
		text_add_string(&line, CUT_OFF);
	compose(entry, &line);
	errno = ENOSPC; /* what a short write means */
	added = write(file, line.bytes, line.length) == (ssize_t)line.length &&
		fsync(file) == 0;
	if (!added)
		failure(admin, "it cannot be written");
	(void)close(file);
	return added;
}

/* Exactly five words with a single space between any two. */
static bool
split(struct text_span line, struct text_span fields[FIELDS])
{
	size_t i;

	for (i = 0; i < FIELDS; i++) {
		const char *space = memchr(line.at, ' ', line.length);

		fields[i].at = line.at;
		fields[i].length =
		    space != NULL ? (size_t)(space - line.at) : line.length;
		if (fields[i].length == 0 ||
		    (space == NULL) != (i == FIELDS - 1))
			return false;
		line.at += fields[i].length + (space != NULL);
		line.length -= fields[i].length + (space != NULL);
	}
	return true;
}

static bool
copy(struct text_span span, char *storage, size_t size)
{
	struct text text;

	text_init(&text, storage, size);
	text_add(&text, span.at, span.length);
	return !text.overflow;
}

static bool
read_time(struct text_span span, time_t *time)
{
	char storage[TIME_SIZE];
	struct tm parts = { 0 };
	const char *end;

	if (!copy(span, storage, sizeof(storage)))
		return false;
	end = strptime(storage, "%Y-%m-%dT%H:%M:%SZ", &parts);
	*time = timegm(&parts);
	return end != NULL && *end == '\0';
}

static bool
read_policy(const struct text_span *fields, struct history_entry *entry)
{
	uint64_t max_age;

	if (!record_id_is_valid(fields[2]) ||
	    !policy_mode_parse(fields[3], &entry->mode) ||
	    !text_decimal(fields[4], 10, &max_age) ||
	    max_age > POLICY_MAX_AGE_MAX)
		return false;
	entry->max_age = (uint32_t)max_age;
	return copy(fields[2], entry->id, sizeof(entry->id));
}

static bool
read_entry(const struct text_span *fields, struct history_entry *entry)
{
	static const struct history_entry nothing;

	*entry = nothing;
	if (!read_time(fields[0], &entry->time) ||
	    !copy(fields[1], entry->domain, sizeof(entry->domain)))
		return false;
	entry->removed = text_equals(fields[3], "removed");
	entry->unknown = text_equals(fields[3], "unknown");
	if (entry->removed || entry->unknown)
		return true;
	if (text_equals(fields[3], "alias"))
		return copy(fields[2], entry->alias, sizeof(entry->alias));
	return read_policy(fields, entry);
}

/* Once a run: every change of a policy reads the history. */
static void
warn(const struct admin *admin, size_t number)
{
	static bool warned;

	if (!warned)
		admin_tell(admin,
		    "%s/" FILE_NAME ":%zu: no line of a history; passed over",
		    admin->settings.state, number);
	warned = true;
}

static FILE *
open_to_read(const struct admin *admin, bool *failed)
{
	int directory, file;
	FILE *stream = NULL;

	*failed = true;
	if (access(admin->settings.state, F_OK) != 0 && errno == ENOENT) {
		*failed = false;
		return NULL;
	}
	directory = open_directory(admin);
	if (directory < 0)
		return NULL;
	file = openat(directory, FILE_NAME,
	    O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (file < 0 && errno == ENOENT)
		*failed = false;
	else if (file < 0 || !is_history(admin, file) ||
		 (stream = fdopen(file, "r")) == NULL)
		failure(admin, "it cannot be opened");
	if (stream == NULL && file >= 0)
		(void)close(file);
	(void)close(directory);
	return stream;
}

bool
history_each(const struct admin *admin, const char *domain,
    void (*each)(void *context, const struct history_entry *entry),
    void *context)
{
	struct text_span fields[FIELDS];
	struct history_entry entry;
	char *line = NULL;
	size_t size = 0, number = 0;
	ssize_t length;
	bool failed;
	FILE *stream = open_to_read(admin, &failed);

	if (stream == NULL)
		return !failed;
	while ((length = getline(&line, &size, stream)) > 0) {
		struct text_span span = { line, (size_t)length - 1 };

		number++;
		/* One that is being written has no end yet. */
		if (line[span.length] != '\n')
			break;
		if (!split(span, fields) ||
		    ((domain == NULL || text_equals(fields[1], domain)) &&
			!read_entry(fields, &entry)))
			warn(admin, number);
		else if (domain == NULL || text_equals(fields[1], domain))
			each(context, &entry);
	}
	failed = ferror(stream) != 0;
	if (failed)
		failure(admin, "it cannot be read");
	free(line);
	(void)fclose(stream);
	return !failed;
}
