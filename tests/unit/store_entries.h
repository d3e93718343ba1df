/*
 * The part of test_store.c about the names of files, aliases and times.
 */
#ifndef MTASTS_STORE_ENTRIES_H
#define MTASTS_STORE_ENTRIES_H

#include "fixture.h"

#include <errno.h>
#include <time.h>

#include "store.h"

#define GOOD "version: STSv1\nmode: testing\nmx: a.example\nmax_age: 86400\n"

static struct store store;
static struct unit_findings found;

#define TEN "abcdefghij"
#define DOMAIN245                                                              \
	TEN TEN TEN TEN "." TEN TEN TEN TEN "." TEN TEN TEN TEN                \
			"." TEN TEN TEN TEN "." TEN TEN TEN TEN                \
			"." TEN TEN TEN TEN

static const struct {
	int line;
	const char *name, *stem;
	bool reachable, shared;
} entries[] = {
	{ __LINE__, "a.example.txt", "a.example", true, false },
	{ __LINE__, "com.txt", "com", true, false },
	{ __LINE__, DOMAIN245 ".txt", DOMAIN245, true, false },
	{ __LINE__, DOMAIN245 "d.txt", DOMAIN245 "d", false, false },
	{ __LINE__, "A.Example.txt", "A.Example", false, false },
	{ __LINE__, "a_b.example.txt", "a_b.example", false, false },
	{ __LINE__, "a.example..txt", "a.example.", false, false },
	{ __LINE__, "b\xc3\xbc.example.txt", "b\xc3\xbc.example", false,
	    false },
	{ __LINE__, "192.0.2.1.txt", "192.0.2.1", false, false },
	{ __LINE__, "a b.txt", "a b", false, false },
	{ __LINE__, "a.txt.txt", "a.txt", true, false },
	{ __LINE__, "_shared.txt", "_shared", false, true },
	{ __LINE__, "_.txt", "_", false, true },
	/* no policies */
	{ __LINE__, ".txt", NULL, false, false },
	{ __LINE__, ".a.example.txt", NULL, false, false },
	{ __LINE__, "README", NULL, false, false },
	{ __LINE__, "a.example.txt~", NULL, false, false },
	{ __LINE__, "a.example.TXT", NULL, false, false },
	{ __LINE__, "txt", NULL, false, false },
};

static unsigned seen[UNIT_COUNT(entries)];

static bool
see_entry(void *context, const struct store_entry *entry)
{
	struct diag_sink sink = unit_sink(&found);
	size_t i;

	++*(unsigned *)context;
	for (i = 0; i < UNIT_COUNT(entries); i++)
		if (strcmp(entry->name, entries[i].name) == 0)
			break;
	assert_true(i < UNIT_COUNT(entries));
	seen[i]++;
	if (entries[i].stem == NULL)
		return true;
	UNIT_STRING(entries[i].line, entry->stem, entries[i].stem);
	UNIT_EXPECT(entries[i].line, entry->reachable == entries[i].reachable);
	UNIT_EXPECT(entries[i].line, entry->shared == entries[i].shared);
	store_check_name(&store, entry, &sink);
	UNIT_EXPECT(entries[i].line, strcmp(sink.file, "file") == 0);
	UNIT_FINDINGS(entries[i].line, &found,
	    entry->reachable || entry->shared
		? ""
		: "0:0: warning: no request ever asks~name it after");
	return true;
}

static void
test_alias(void **state)
{
	static const struct {
		int line;
		const char *target, *want; /* NULL: it is no link */
	} rows[] = {
		{ __LINE__, "b.example.txt", "b.example" },
		{ __LINE__, "_shared.txt", "_shared" },
		{ __LINE__, "gone.example.txt", "gone.example" },
		{ __LINE__, DOMAIN245 "123456.txt", DOMAIN245 "123456" },
		{ __LINE__, "README", "" },
		{ __LINE__, ".txt", "" },
		{ __LINE__, "../b.example.txt", "" },
		{ __LINE__, "/b.example.txt", "" },
	};
	const __typeof__(rows[0]) *row;
	char target[STORE_STEM_SIZE] = "x";

	(void)state;
	put("conf.d/b.example.txt", GOOD, 0644);
	assert_false(store_alias(&store, "b.example", target));
	assert_false(store_alias(&store, "absent.example", target));
	UNIT_EACH (row, rows) {
		make_link(row->target, "conf.d/a.txt");
		UNIT_EXPECT(row->line, store_alias(&store, "a", target));
		UNIT_STRING(row->line, target, row->want);
		assert_int_equal(unlink(in_base("conf.d/a.txt")), 0);
	}
}

static void
set_time(const char *name, time_t time)
{
	const struct timespec times[2] = { { time, 0 }, { time, 0 } };

	assert_int_equal(
	    utimensat(AT_FDCWD, in_base(name), times, AT_SYMLINK_NOFOLLOW), 0);
}

/* An alias has changed when its link has, or what the link names. */
static void
test_changed(void **state)
{
	time_t changed = 0;

	(void)state;
	put("conf.d/a.txt", GOOD, 0644);
	make_link("a.txt", "conf.d/b.txt");
	make_link("gone.txt", "conf.d/c.txt");
	set_time("conf.d/a.txt", 1000);
	set_time("conf.d/b.txt", 2000);
	assert_true(store_changed(&store, "a", &changed));
	assert_int_equal(changed, 1000);
	assert_true(store_changed(&store, "b", &changed));
	assert_int_equal(changed, 2000);
	set_time("conf.d/a.txt", 3000);
	assert_true(store_changed(&store, "b", &changed));
	assert_int_equal(changed, 3000);
	errno = 0;
	assert_false(store_changed(&store, "absent", &changed));
	assert_int_equal(errno, ENOENT);
	errno = 0;
	assert_false(store_changed(&store, "c", &changed));
	assert_int_equal(errno, ENOENT);
}

/* Every length of a name up to what is too long for a file. */
static void
test_names(void **state)
{
	char stem[301], name[STORE_NAME_SIZE], path[STORE_PATH_SIZE];
	size_t length;

	(void)state;
	for (length = 1; length <= 300; length++) {
		memset(stem, 'd', length);
		stem[length] = '\0';
		assert_ptr_equal(store_file_name(stem, name), name);
		if (length > NAME_MAX - 4) {
			assert_string_equal(name, "");
			continue;
		}
		assert_int_equal(strlen(name), length + 4);
		assert_memory_equal(name, stem, length);
		assert_string_equal(name + length, ".txt");
	}
	store_path(&store, "a.example", path);
	assert_string_equal(path, in_base("conf.d/a.example.txt"));
	store_path(&store, "_shared", path);
	assert_string_equal(path, in_base("conf.d/_shared.txt"));
}

#endif
