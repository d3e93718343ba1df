/*
 * The history file: adding to it and reading it; see history.h. What follows
 * from it is in history_expiry.c.
 */
#include "history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history_line.h"
#include "report.h"
#include "safefile.h"

#define FILE_NAME "history"

#define LINE_SIZE 1024

/* The history being read for one domain, or for all of them (NULL). */
struct reading {
	const struct admin *admin;
	const char *domain;
	void (*each)(void *context, const struct history_entry *entry);
	void *context;
	size_t number; /* of the line */
	time_t time;   /* of the entry before */
	bool whole;    /* each line's domain could be read */
};

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

	if (!history_make_directory(admin))
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
	return history_length(admin) >= 0;
}

off_t
history_length(const struct admin *admin)
{
	int file = open_to_add(admin);
	off_t length;

	if (file < 0)
		return -1;
	length = lseek(file, 0, SEEK_END);
	(void)close(file);
	return length;
}

void
history_take_back(const struct admin *admin, off_t length)
{
	int file = length < 0 ? -1 : open_to_add(admin);

	if (file < 0)
		return;
	if (lseek(file, 0, SEEK_END) > length && ftruncate(file, length) == 0)
		(void)fsync(file);
	(void)close(file);
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
	const struct text_span name = { entry->domain, strlen(entry->domain) };
	char storage[LINE_SIZE];
	struct text line;
	bool added;
	int file;

	/* A link may be called anything; no sender can ask for that. */
	if (!history_is_name(name))
		return true;
	file = open_to_add(admin);
	if (file < 0)
		return false;
	text_init(&line, storage, sizeof(storage));
	if (is_cut_off(file))
		text_add_string(&line, HISTORY_MARK "\n");
	history_compose(entry, &line);
	errno = ENOSPC; /* what a short write means */
	added = write(file, line.bytes, line.length) == (ssize_t)line.length &&
		fsync(file) == 0;
	if (!added)
		failure(admin, "it cannot be written");
	(void)close(file);
	return added;
}

/* Once a run: every change of a policy reads the history. */
static void
warn(const struct admin *admin, size_t number)
{
	static bool warned;

	if (!warned)
		(void)admin_fail(ADMIN_DONE,
		    "%s/" FILE_NAME ":%zu: no line of a history; passed over",
		    admin->settings.state, number);
	warned = true;
}

static void
read_line(struct text_span line, struct reading *reading)
{
	struct history_entry entry;
	enum history_line kind =
	    history_parse(line, reading->domain, reading->time, &entry);

	if (kind == HISTORY_LOST)
		reading->whole = false;
	if (kind == HISTORY_LOST || kind == HISTORY_SPOILT ||
	    kind == HISTORY_CUT_OFF)
		warn(reading->admin, reading->number);
	if (kind != HISTORY_ENTRY && kind != HISTORY_SPOILT)
		return;
	reading->time = entry.time;
	reading->each(reading->context, &entry);
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
    void *context, bool *whole)
{
	struct reading reading = { .admin = admin,
		.domain = domain,
		.each = each,
		.context = context,
		.whole = true };
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	bool failed;
	FILE *stream = open_to_read(admin, &failed);

	if (stream == NULL)
		return !failed;
	while ((length = getline(&line, &size, stream)) > 0) {
		struct text_span span = { line, (size_t)length - 1 };

		reading.number++;
		/* One that is being written has no end yet. */
		if (line[span.length] != '\n')
			break;
		read_line(span, &reading);
	}
	if (whole != NULL && !reading.whole)
		*whole = false;
	failed = ferror(stream) != 0;
	if (failed)
		failure(admin, "it cannot be read");
	free(line);
	(void)fclose(stream);
	return !failed;
}
