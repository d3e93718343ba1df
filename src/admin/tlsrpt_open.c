/*
 * Opens what the operands of mta-sts report name; see tlsrpt_open.h.
 */
#include "tlsrpt_open.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "progress.h"

#define FIRST_SIZE ((size_t)64 << 10)

/* All that a descriptor has; false with errno. At most one octet too many. */
static bool
read_all(int file, char **bytes, size_t *length)
{
	size_t size = 0;
	ssize_t count = 1;
	char *larger;

	for (*length = 0; count > 0 && *length <= TLSRPT_FILE_MAX;) {
		if (*length == size) {
			size = size > 0 ? 2 * size : FIRST_SIZE;
			if (size > TLSRPT_FILE_MAX)
				size = TLSRPT_FILE_MAX + 1;
			larger = realloc(*bytes, size);
			if (larger == NULL)
				return false;
			*bytes = larger;
		}
		count = read(file, *bytes + *length, size - *length);
		if (count > 0)
			*length += (size_t)count;
		else if (count < 0 && errno == EINTR)
			count = 1;
	}
	return count >= 0;
}

static enum admin_exit
refused(const char *name)
{
	return admin_fail(ADMIN_SYSTEM, "%s: %s", name, strerror(errno));
}

static enum admin_exit
unpack_file(struct tlsrpt_unpack *unpack, int file, const char *name)
{
	enum admin_exit result = ADMIN_DONE;
	char *bytes = NULL;
	size_t length;

	if (!read_all(file, &bytes, &length)) {
		result = refused(name);
	} else if (length > TLSRPT_FILE_MAX) {
		unpack->sink->file = name;
		diag_error(unpack->sink, DIAG_WHOLE, "make more files of it",
		    "a file of more than %zu octets", TLSRPT_FILE_MAX);
	} else {
		tlsrpt_unpack(
		    unpack, (struct text_span){ bytes, length }, name);
	}
	free(bytes);
	return result;
}

/* A file of a directory; what is not a regular one there is passed over. */
static enum admin_exit
open_entry(struct tlsrpt_unpack *unpack, const char *path)
{
	const int file =
	    open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	enum admin_exit result = ADMIN_DONE;
	struct stat status;

	/* A mail reader may move it from new to cur, or delete it. */
	if (file < 0)
		return errno == ENOENT ? ADMIN_DONE : refused(path);
	if (fstat(file, &status) == 0 && S_ISREG(status.st_mode))
		result = unpack_file(unpack, file, path);
	(void)close(file);
	return result;
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static enum admin_exit
open_directory(struct tlsrpt_unpack *unpack, const char *path)
{
	enum admin_exit result = ADMIN_DONE;
	struct dirent **entries = NULL;
	const int count = scandir(path, &entries, is_visible, alphasort);
	char name[PATH_MAX];
	int i;

	if (count < 0)
		return refused(path);
	for (i = 0; i < count; i++) {
		progress_show("reading", (size_t)i, (size_t)count);
		if (snprintf(name, sizeof(name), "%s/%s", path,
			entries[i]->d_name) < (int)sizeof(name) &&
		    !unpack->stopped)
			result = admin_worse(result, open_entry(unpack, name));
		free(entries[i]);
	}
	free(entries);
	progress_end();
	return result;
}

/* Whether both are there, as maildir(5) has them; then their paths. */
static bool
is_maildir(const char *path, char new[PATH_MAX], char cur[PATH_MAX])
{
	struct stat status;

	return snprintf(new, PATH_MAX, "%s/new", path) < PATH_MAX &&
	       snprintf(cur, PATH_MAX, "%s/cur", path) < PATH_MAX &&
	       stat(new, &status) == 0 && S_ISDIR(status.st_mode) &&
	       stat(cur, &status) == 0 && S_ISDIR(status.st_mode);
}

enum admin_exit
tlsrpt_open(struct tlsrpt_unpack *unpack, const char *operand)
{
	enum admin_exit result;
	char new[PATH_MAX], cur[PATH_MAX];
	struct stat status;
	int file;

	unpack->folder = false;
	if (strcmp(operand, "-") == 0)
		return unpack_file(unpack, STDIN_FILENO, "standard input");
	file = open(operand, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (file < 0 || fstat(file, &status) != 0) {
		result = refused(operand);
	} else if (!S_ISDIR(status.st_mode)) {
		result = unpack_file(unpack, file, operand);
	} else {
		unpack->folder = true;
		if (!is_maildir(operand, new, cur)) {
			result = open_directory(unpack, operand);
		} else {
			result = open_directory(unpack, cur);
			result =
			    admin_worse(result, open_directory(unpack, new));
		}
	}
	if (file >= 0)
		(void)close(file);
	return result;
}
