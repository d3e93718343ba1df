/*
 * Ways through directories that others own; see docroot.h.
 */
#include "docroot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

#define WILDCARDS "%*"

/* A walk along the pattern. */
struct walk {
	char mark; /* the wildcard that stands for the domain */
	void (*each)(void *context, const struct docroot *docroot);
	void *context;
	struct diag_sink *sink;
	char path[PATH_MAX]; /* of where it is */
	char name[NAME_MAX + 1];
	struct stat parent; /* of the directory that has the name in it */
};

static struct text_span
component_of(const char *pattern)
{
	return (struct text_span){ pattern, strcspn(pattern, "/") };
}

static const char *
wildcard_of(struct text_span component)
{
	size_t i;

	for (i = 0; i < component.length; i++)
		if (strchr(WILDCARDS, component.at[i]) != NULL)
			return component.at + i;
	return NULL;
}

static size_t
count_of(struct text_span span, const char *set)
{
	size_t i, count = 0;

	for (i = 0; i < span.length; i++)
		count += strchr(set, span.at[i]) != NULL;
	return count;
}

static const char *
component_fault(struct text_span component)
{
	if (text_equals(component, ".") || text_equals(component, ".."))
		return "\".\" and \"..\" are no part of a pattern";
	if (component.length > NAME_MAX)
		return "a component is longer than a name can be";
	if (count_of(component, WILDCARDS) > 1)
		return "a component has more than one wildcard";
	return NULL;
}

const char *
docroot_fault(const char *pattern)
{
	struct text_span all = { pattern, strlen(pattern) };
	const char *fault = NULL, *mark;

	if (pattern[0] != '/')
		return "it is no absolute path";
	if (all.length >= PATH_MAX)
		return "it is longer than a path can be";
	mark = strchr(pattern, '%') != NULL ? "%" : "*";
	if (count_of(all, mark) != 1)
		return "it is to have one *, or one %, for the domain";
	while (fault == NULL && *pattern != '\0') {
		struct text_span component;

		pattern += strspn(pattern, "/");
		component = component_of(pattern);
		fault = component_fault(component);
		pattern += component.length;
	}
	return fault;
}

enum docroot_step
docroot_enter(
    int directory, const char *name, int *next, struct diag_sink *sink)
{
	struct stat status;
	int file = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	*next = -1;
	if (file < 0 && (errno == ENOENT || errno == ENOTDIR))
		return DOCROOT_ABSENT;
	if (file < 0) {
		diag_error(sink, DIAG_WHOLE, NULL, "it cannot be opened: %s",
		    strerror(errno));
		return DOCROOT_REFUSED;
	}
	if (fstat(file, &status) == 0 && S_ISDIR(status.st_mode)) {
		*next = file;
		return DOCROOT_OPEN;
	}
	(void)close(file);
	if (!S_ISLNK(status.st_mode))
		return DOCROOT_ABSENT;
	diag_error(
	    sink, DIAG_WHOLE, NULL, "a symbolic link, which is not followed");
	return DOCROOT_REFUSED;
}

static void walk_on(struct walk *walk, int directory, const char *pattern);

/* Into the directory of that name, along the rest of the pattern, and back. */
static void
walk_into(struct walk *walk, int directory, const char *name, const char *rest)
{
	const char *file = walk->sink->file;
	size_t length = strlen(walk->path);
	struct text path = { walk->path, length, sizeof(walk->path), false };
	int next;

	text_add_format(&path, "/%s", name);
	walk->sink->file = walk->path;
	if (path.overflow)
		diag_error(walk->sink, DIAG_WHOLE, NULL,
		    "what is below has too long a path");
	else if (docroot_enter(directory, name, &next, walk->sink) ==
		 DOCROOT_OPEN) {
		walk_on(walk, next, rest);
		(void)close(next);
	}
	walk->path[length] = '\0';
	walk->sink->file = file;
}

/* What the wildcard stands for in a name; false when that does not match. */
static bool
match(struct text_span component, const char *name, struct text_span *found)
{
	const char *wildcard = wildcard_of(component);
	size_t before = (size_t)(wildcard - component.at);
	size_t after = component.length - before - 1;
	size_t length = strlen(name);

	if (length <= before + after || name[0] == '.' ||
	    strncmp(name, component.at, before) != 0 ||
	    strncmp(name + length - after, wildcard + 1, after) != 0)
		return false;
	*found = (struct text_span){ name + before, length - before - after };
	return true;
}

static DIR *
list(int directory)
{
	int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = again < 0 ? NULL : fdopendir(again);

	if (stream == NULL && again >= 0)
		(void)close(again);
	return stream;
}

static void
walk_wild(struct walk *walk, int directory, struct text_span component)
{
	const bool is_domain = *wildcard_of(component) == walk->mark;
	const char *rest = component.at + component.length;
	DIR *stream = list(directory);
	const struct dirent *entry;
	struct text_span found;
	struct text name;

	if (stream == NULL ||
	    (is_domain && fstat(directory, &walk->parent) != 0)) {
		diag_error(walk->sink, DIAG_WHOLE, NULL,
		    "it cannot be listed: %s", strerror(errno));
		if (stream != NULL)
			(void)closedir(stream);
		return;
	}
	while ((entry = readdir(stream)) != NULL) {
		if (!match(component, entry->d_name, &found))
			continue;
		if (is_domain) {
			text_init(&name, walk->name, sizeof(walk->name));
			text_add(&name, found.at, found.length);
		}
		walk_into(walk, directory, entry->d_name, rest);
	}
	(void)closedir(stream);
}

static void
walk_on(struct walk *walk, int directory, const char *pattern)
{
	struct text_span component;
	char name[NAME_MAX + 1];
	struct text text;

	pattern += strspn(pattern, "/");
	component = component_of(pattern);
	if (component.length == 0) {
		walk->each(
		    walk->context, &(struct docroot){ directory, walk->path,
				       walk->name, &walk->parent });
	} else if (wildcard_of(component) != NULL) {
		walk_wild(walk, directory, component);
	} else {
		text_init(&text, name, sizeof(name));
		text_add(&text, component.at, component.length);
		walk_into(
		    walk, directory, name, component.at + component.length);
	}
}

/* What is before the first component with a wildcard. */
static size_t
plain_length(const char *pattern)
{
	size_t length = strcspn(pattern, WILDCARDS);

	while (length > 0 && pattern[length - 1] != '/')
		length--;
	return length;
}

void
docroot_each(const char *pattern,
    void (*each)(void *context, const struct docroot *docroot), void *context,
    struct diag_sink *sink)
{
	struct walk walk = { .mark = strchr(pattern, '%') ? '%' : '*',
		.each = each,
		.context = context,
		.sink = sink };
	size_t length = plain_length(pattern);
	const char *file = sink->file;
	int directory;

	memcpy(walk.path, pattern, length);
	sink->file = walk.path;
	directory = open(walk.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0) {
		diag_error(sink, DIAG_WHOLE, NULL, "it cannot be opened: %s",
		    strerror(errno));
	} else {
		walk.path[length - 1] = '\0';
		walk_on(&walk, directory, pattern + length);
		(void)close(directory);
	}
	sink->file = file;
}

/* One component of a path further, which sink->file is to name. */
static int
step(int directory, struct text_span component, struct diag_sink *sink)
{
	char name[NAME_MAX + 1];
	struct text text;
	int next = -1;

	text_init(&text, name, sizeof(name));
	text_add(&text, component.at, component.length);
	if (docroot_enter(directory, name, &next, sink) == DOCROOT_ABSENT)
		diag_error(
		    sink, DIAG_WHOLE, NULL, "there is no such directory");
	(void)close(directory);
	return next;
}

int
docroot_parent(const char *path, const char **name, struct diag_sink *sink)
{
	int directory =
	    open(path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *file = sink->file;
	char before[PATH_MAX];
	struct text text;

	if (directory < 0)
		diag_error(sink, DIAG_WHOLE, NULL, "it cannot be reached: %s",
		    strerror(errno));
	*name = path + strspn(path, "/");
	while (directory >= 0 && strchr(*name, '/') != NULL) {
		struct text_span component = component_of(*name);

		*name += component.length;
		text_init(&text, before, sizeof(before));
		text_add(&text, path, (size_t)(*name - path));
		sink->file = before;
		directory = step(directory, component, sink);
		*name += strspn(*name, "/");
	}
	sink->file = file;
	return directory;
}
