/*
 * The file from which a survey goes on; see survey_journal.h.
 */
#include "survey_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "report.h"
#include "survey.h"
#include "survey_lines.h"

#define SYNC_MS   1000
#define HEAD_SIZE (sizeof(SURVEY_CSV_HEAD) - 1)
#define NO_CUT    UINT64_MAX

static enum admin_exit
refused(const struct survey_journal *journal, const char *why)
{
	return admin_fail(ADMIN_SYSTEM, "%s: %s", journal->path, why);
}

/*
 * Root may be asked to keep it where others can write: a link there could have
 * it made anywhere. What an existing file holds is looked at before anything is
 * written, and a FIFO or a device does not get so far.
 */
static enum admin_exit
open_file(struct survey_journal *journal)
{
	struct stat status;

	journal->file = open(journal->path,
	    O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
		O_CLOEXEC,
	    0644);
	if (journal->file < 0)
		return refused(journal,
		    errno == ELOOP
			? "this is a symbolic link, which is not followed"
			: strerror(errno));
	if (fstat(journal->file, &status) != 0)
		return refused(journal, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return refused(journal, "this is no regular file");
	if (flock(journal->file, LOCK_EX | LOCK_NB) != 0)
		return refused(journal, errno == EWOULDBLOCK
					    ? "another survey is writing to it"
					    : strerror(errno));
	return ADMIN_DONE;
}

/* Power that goes away may leave NULs where rows should have been. */
static bool
is_blank_from(int file, uint64_t place)
{
	char bytes[4096];
	ssize_t count, i;

	while ((count = pread(file, bytes, sizeof(bytes), (off_t)place)) > 0) {
		for (i = 0; i < count; i++)
			if (bytes[i] != '\0')
				return false;
		place += (uint64_t)count;
	}
	return count == 0;
}

/* What is wrong with a line; NULL for a good one, and for one to cut off. */
static const char *
read_line(int file, const struct survey_lines *lines,
    struct survey_names *names, uint64_t *cut)
{
	static const char head[] = SURVEY_CSV_HEAD;
	struct survey_name *name;
	struct survey_row row;
	const char *fault;

	if (lines->is_torn &&
	    (!lines->is_long || is_blank_from(file, lines->place))) {
		/* A head that was cut off, too, must be one. */
		if (lines->number > 1 ||
		    (!lines->is_long && lines->line.length < HEAD_SIZE &&
			memcmp(lines->line.at, head, lines->line.length) == 0))
			*cut = lines->place;
		return *cut == NO_CUT ? "this is not the file of a survey"
				      : NULL;
	}
	if (lines->number == 1)
		return lines->line.length == HEAD_SIZE - 1 &&
			       memcmp(lines->line.at, head, HEAD_SIZE - 1) == 0
			   ? NULL
			   : "this is not the file of a survey";
	fault = survey_csv_read(lines->line, &row);
	if (fault != NULL || row.status == SURVEY_UNKNOWN)
		return fault;
	name = survey_names_find(names, row.domain);
	if (name != NULL)
		name->place = lines->place;
	return NULL;
}

/* Reads it all, and finds where it is to be cut. */
static enum admin_exit
read_file(const struct admin *admin, struct survey_journal *journal,
    struct survey_names *names, uint64_t *cut)
{
	static struct survey_lines lines;
	const int again = fcntl(journal->file, F_DUPFD_CLOEXEC, 0);
	const char *fault = NULL;
	struct report report;

	if (again < 0 || !survey_lines_open(&lines, again))
		return refused(journal, strerror(errno));
	while (fault == NULL && survey_lines_next(&lines))
		fault = read_line(journal->file, &lines, names, cut);
	if (fault == NULL && !survey_lines_are_plain(&lines))
		fault = "this is gzipped";
	journal->end = lines.consumed;
	survey_lines_close(&lines);
	if (fault == NULL && lines.fault != NULL)
		return refused(journal, lines.fault);
	if (fault == NULL)
		return ADMIN_DONE;
	report_init(&report, admin);
	report.sink.file = journal->path;
	diag_error(&report.sink, (struct diag_place){ lines.number, 0 },
	    "name a file that is not there yet, or one that --resume has made",
	    "%s", fault);
	return ADMIN_FINDINGS;
}

static enum admin_exit
begin(const struct admin *admin, struct survey_journal *journal, uint64_t cut)
{
	static const char head[] = SURVEY_CSV_HEAD;
	uint64_t place;

	if (cut != NO_CUT) {
		if (ftruncate(journal->file, (off_t)cut) != 0)
			return refused(journal, strerror(errno));
		journal->end = cut;
		admin_tell(admin, "%s: the last line was cut off, and goes",
		    journal->path);
	}
	if (journal->end == 0 &&
	    !survey_journal_add(
		journal, (struct text_span){ head, HEAD_SIZE }, &place))
		return refused(journal, strerror(errno));
	return ADMIN_DONE;
}

enum admin_exit
survey_journal_open(const struct admin *admin, const char *path,
    struct survey_journal *journal, struct survey_names *names)
{
	uint64_t cut = NO_CUT;
	enum admin_exit result;

	journal->path = path;
	journal->synced = clock_ms();
	result = open_file(journal);
	if (result == ADMIN_DONE)
		result = read_file(admin, journal, names, &cut);
	if (result == ADMIN_DONE)
		result = begin(admin, journal, cut);
	return result;
}

bool
survey_journal_add(
    struct survey_journal *journal, struct text_span row, uint64_t *place)
{
	ssize_t count;

	do
		count = write(journal->file, row.at, row.length);
	while (count < 0 && errno == EINTR);
	if (count != (ssize_t)row.length) {
		const int error = count < 0 ? errno : ENOSPC;

		/* Half a row goes again, or else the next survey cuts it. */
		if (count > 0 &&
		    ftruncate(journal->file, (off_t)journal->end) != 0)
			journal->end += (uint64_t)count;
		errno = error;
		return false;
	}
	*place = journal->end;
	journal->end += row.length;
	if (clock_ms() - journal->synced < SYNC_MS)
		return true;
	journal->synced = clock_ms();
	return fdatasync(journal->file) == 0;
}

bool
survey_journal_get(
    const struct survey_journal *journal, uint64_t place, struct text *row)
{
	const char *feed;
	ssize_t count;

	count = pread(journal->file, row->bytes, row->size - 1, (off_t)place);
	feed = count > 0 ? memchr(row->bytes, '\n', (size_t)count) : NULL;
	row->length = feed != NULL ? (size_t)(feed - row->bytes) : 0;
	row->bytes[row->length] = '\0';
	return feed != NULL;
}

bool
survey_journal_close(struct survey_journal *journal)
{
	const int file = journal->file;
	struct stat status;
	bool good = true;

	if (file >= 0) {
		good = fdatasync(file) == 0 && fstat(file, &status) == 0;
		if (good && status.st_nlink == 0) {
			errno = ENOENT;
			good = false;
		}
		(void)close(file);
	}
	journal->file = -1;
	return good;
}
