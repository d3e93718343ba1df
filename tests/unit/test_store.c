/*
 * store.c in a directory of its own: domains, aliases, shared texts, names in
 * vain, and the directory being replaced.
 */
#include "fixture.h"

#include <sys/resource.h>

#include "store.h"
#include "store_entries.h"

#define NONE   "version: STSv1\nmode: none\nmax_age: 86400\n"
#define WARNED "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 1\n"

static struct policy policy;

static void
put_bytes(const char *name, const char *bytes, size_t length)
{
	FILE *file = fopen(in_base(name), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static bool
open_store(const char *name, enum policy_unknown unknown)
{
	struct diag_sink sink = unit_sink(&found);
	bool opened =
	    store_open(&store, in_base(name), getuid(), unknown, &sink);

	assert_string_equal(sink.file, "file");
	return opened;
}

static int
setup(void **state)
{
	(void)state;
	fixture_make();
	make_directory("conf.d", 0755);
	if (open_store("conf.d", POLICY_UNKNOWN_REFUSE) && found.count == 0)
		return 0;
	/* Without a setup no teardown comes. */
	print_error("%s", found.text);
	fixture_remove();
	return -1;
}

static int
teardown(void **state)
{
	(void)state;
	store_close(&store);
	assert_int_equal(store.directory, -1);
	fixture_remove();
	return 0;
}

/* Looks a domain up; file is the one that findings are to be about. */
static void
check(int line, const char *domain, enum safefile_result want, const char *file,
    const char *findings)
{
	struct diag_sink sink = unit_sink(&found);

	UNIT_EXPECT(line, store_policy(&store, domain, &policy, &sink) == want);
	UNIT_FINDINGS(line, &found, findings);
	if (found.count > 0)
		UNIT_STRING(line, found.file, in_base(file));
	UNIT_EXPECT(line, strcmp(sink.file, "file") == 0);
}

static void
test_policies(void **state)
{
	struct diag_sink sink = unit_sink(&found);

	(void)state;
	put("conf.d/a.example.txt", GOOD, 0644);
	put("conf.d/warned.example.txt", WARNED, 0644);
	put("conf.d/broken.example.txt", GOOD "mode: none\nwhat\n", 0644);
	put("conf.d/loose.example.txt", GOOD, 0644);
	put("conf.d/_shared.txt", NONE, 0644);
	put("conf.d/bare.example", GOOD, 0644);
	put("out.txt", GOOD, 0644);
	assert_int_equal(chmod(in_base("conf.d/loose.example.txt"), 0664), 0);
	make_link("a.example.txt", "conf.d/b.txt");
	make_link("_shared.txt", "conf.d/c.txt");
	make_link("../out.txt", "conf.d/d.txt");
	make_link("gone.txt", "conf.d/e.txt");

	check(__LINE__, "a.example", OK, NULL, "");
	UNIT_EXPECT(__LINE__, policy.mode == POLICY_TESTING);
	UNIT_STRING(__LINE__, policy_mx_name(&policy, 0), "a.example");
	check(__LINE__, "b", OK, NULL, "");
	UNIT_EXPECT(__LINE__, policy.mode == POLICY_TESTING);
	check(__LINE__, "c", OK, NULL, "");
	UNIT_EXPECT(__LINE__, policy.mode == POLICY_NONE);
	UNIT_EXPECT(
	    __LINE__, store_file(&store, "_shared.txt", &policy, &sink) == OK);
	check(__LINE__, "warned.example", OK, "conf.d/warned.example.txt",
	    "4:10: warning: a max_age under a day");
	check(__LINE__, "broken.example", REFUSED, "conf.d/broken.example.txt",
	    "5:7: error: mode is given twice\n6:1: error: line \"what\"");
	check(__LINE__, "loose.example", REFUSED, "conf.d/loose.example.txt",
	    "0:0: error: writable by its group");
	check(__LINE__, "d", REFUSED, "conf.d/d.txt", "0:0: error: a link ");
	check(__LINE__, "e", REFUSED, "conf.d/e.txt", "0:0: error: a link ");
	check(__LINE__, "absent.example", ABSENT, NULL, "");
	check(__LINE__, "bare.example", ABSENT, NULL, "");
	check(__LINE__, "example", ABSENT, NULL, "");
	UNIT_DONE();
}

/* Each look-up reads anew. */
static void
test_at_once(void **state)
{
	(void)state;
	check(__LINE__, "a", ABSENT, NULL, "");
	put("conf.d/a.txt", GOOD, 0644);
	check(__LINE__, "a", OK, NULL, "");
	put("conf.d/a.txt", "", 0644);
	check(__LINE__, "a", REFUSED, "conf.d/a.txt",
	    "1:1: error: \n1:1: error: \n1:1: error: ");
	put("conf.d/a.txt", NONE, 0644);
	check(__LINE__, "a", OK, NULL, "");
	UNIT_EXPECT(__LINE__, policy.mode == POLICY_NONE);
	assert_int_equal(unlink(in_base("conf.d/a.txt")), 0);
	check(__LINE__, "a", ABSENT, NULL, "");
	UNIT_DONE();
}

/* Every length that a host name can have, and bare files of these names. */
static void
test_long_domains(void **state)
{
	char domain[254], name[300];
	size_t length, i;

	(void)state;
	for (length = 240; length <= 253; length++) {
		for (i = 0; i < length; i++)
			domain[i] = i % 60 == 59 ? '.' : 'd';
		domain[length] = '\0';
		(void)snprintf(name, sizeof(name), "conf.d/%s", domain);
		put(name, GOOD, 0644);
		check(__LINE__, domain, ABSENT, NULL, "");
		(void)snprintf(name, sizeof(name), "conf.d/%s.txt", domain);
		if (length > 245)
			continue;
		put(name, GOOD, 0644);
		check(__LINE__, domain, OK, NULL, "");
	}
	UNIT_DONE();
}

static void
test_unknown_fields(void **state)
{
	(void)state;
	put("conf.d/a.txt", GOOD "later: x\n", 0644);
	check(__LINE__, "a", REFUSED, "conf.d/a.txt",
	    "5:1: error: key \"later\"");
	store_close(&store);
	assert_true(open_store("conf.d", POLICY_UNKNOWN_PASS));
	check(__LINE__, "a", OK, NULL, "");
	UNIT_STRING(__LINE__, policy.extensions.bytes, "later: x\r\n");
	UNIT_DONE();
}

/* A policy as large as can be, and one byte more. */
static void
test_size(void **state)
{
	static char bytes[POLICY_SIZE_MAX + 1];

	(void)state;
	memset(bytes, '#', sizeof(bytes));
	memcpy(bytes, GOOD, strlen(GOOD));
	put_bytes("conf.d/a.txt", bytes, POLICY_SIZE_MAX);
	check(__LINE__, "a", OK, NULL, "");
	put_bytes("conf.d/a.txt", bytes, POLICY_SIZE_MAX + 1);
	check(__LINE__, "a", REFUSED, "conf.d/a.txt",
	    "0:0: error: larger than 64000 bytes");
	UNIT_DONE();
}

static bool
count_entry(void *context, const struct store_entry *entry)
{
	(void)entry;
	++*(unsigned *)context;
	return true;
}

/* Without a descriptor nothing can be told. */
static void
test_unavailable(void **state)
{
	struct diag_sink sink = unit_sink(&found);
	struct rlimit limit, none;
	unsigned count = 0;

	(void)state;
	put("conf.d/a.txt", GOOD, 0644);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)lowest_descriptor();
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	check(__LINE__, "a", LATER, "conf.d/a.txt",
	    "0:0: error: it cannot be opened: Too many open files");
	sink = unit_sink(&found);
	UNIT_EXPECT(__LINE__, !store_each(&store, count_entry, &count, &sink));
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: it cannot be listed: Too");
	UNIT_STRING(__LINE__, found.file, in_base("conf.d"));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	check(__LINE__, "a", OK, NULL, "");
	UNIT_DONE();
}

/* Renamed, removed, made again, a link that comes to name another one. */
static void
test_replaced(void **state)
{
	(void)state;
	assert_false(store_is_replaced(&store));
	put("conf.d/a.txt", GOOD, 0644);
	assert_false(store_is_replaced(&store));
	assert_int_equal(rename(in_base("conf.d"), in_base("old")), 0);
	assert_true(store_is_replaced(&store));
	check(__LINE__, "a", OK, NULL, "");
	make_directory("conf.d", 0755);
	assert_true(store_is_replaced(&store));
	assert_int_equal(rmdir(in_base("conf.d")), 0);
	assert_int_equal(rename(in_base("old"), in_base("conf.d")), 0);
	assert_false(store_is_replaced(&store));
	store_close(&store);

	make_link("conf.d", "link");
	assert_true(open_store("link", POLICY_UNKNOWN_REFUSE));
	check(__LINE__, "a", OK, NULL, "");
	assert_false(store_is_replaced(&store));
	make_directory("new", 0755);
	make_link("new", "next");
	assert_int_equal(rename(in_base("next"), in_base("link")), 0);
	assert_true(store_is_replaced(&store));
	check(__LINE__, "a", OK, NULL, "");
	assert_int_equal(unlink(in_base("link")), 0);
	assert_true(store_is_replaced(&store));
	assert_int_equal(unlink(in_base("conf.d/a.txt")), 0);
	assert_int_equal(rmdir(in_base("conf.d")), 0);
	check(__LINE__, "a", LATER, "link/a.txt",
	    "0:0: error: its directory has been removed");
	UNIT_DONE();
}

static void
test_open_fails(void **state)
{
	(void)state;
	store_close(&store);
	assert_false(open_store("absent", POLICY_UNKNOWN_REFUSE));
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: it cannot be opened: No ");
	UNIT_STRING(__LINE__, found.file, in_base("absent"));
	assert_int_equal(store.directory, -1);
	assert_int_equal(chmod(in_base("conf.d"), 0775), 0);
	assert_false(open_store("conf.d", POLICY_UNKNOWN_REFUSE));
	UNIT_FINDINGS(__LINE__, &found,
	    "0:0: error: writable by its group (mode 0775)~chmod g-w");
	assert_int_equal(chmod(in_base("conf.d"), 0755), 0);
	put("file", "x", 0644);
	assert_false(open_store("file", POLICY_UNKNOWN_REFUSE));
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: it cannot be opened: Not");
	UNIT_DONE();
}

/* Every policy file is seen once, in whatever order, and no other one. */
static void
test_each(void **state)
{
	const __typeof__(entries[0]) *row;
	struct diag_sink sink = unit_sink(&found);
	char name[300];
	unsigned count = 0;

	(void)state;
	for (row = entries; row < entries + UNIT_COUNT(entries); row++) {
		(void)snprintf(name, sizeof(name), "conf.d/%s", row->name);
		put(name, GOOD, 0644);
	}
	assert_true(store_each(&store, see_entry, &count, &sink));
	assert_int_equal(count, 13);
	UNIT_EACH (row, entries)
		UNIT_EXPECT(
		    row->line, seen[row - entries] == (row->stem != NULL));
	/* Listing once more begins anew. */
	count = 0;
	assert_true(store_each(&store, count_entry, &count, &sink));
	assert_int_equal(count, 13);
	assert_int_equal(sink.errors, 0);
}

static bool
stop_at_once(void *context, const struct store_entry *entry)
{
	(void)count_entry(context, entry);
	return false;
}

static void
test_each_stops(void **state)
{
	struct diag_sink sink = unit_sink(&found);
	unsigned count = 0;

	(void)state;
	assert_true(store_each(&store, stop_at_once, &count, &sink));
	assert_int_equal(count, 0);
	put("conf.d/a.txt", GOOD, 0644);
	put("conf.d/b.txt", GOOD, 0644);
	assert_true(store_each(&store, stop_at_once, &count, &sink));
	assert_int_equal(count, 1);
}

/* The text as it lies there, however wrong a policy it is. */
static void
test_source(void **state)
{
	struct diag_sink sink = unit_sink(&found);
	char bytes[8];
	size_t length;

	(void)state;
	put("conf.d/a.txt", "what?\r\n", 0644);
	assert_int_equal(
	    store_source(&store, "a", bytes, sizeof(bytes), &length, &sink),
	    OK);
	assert_int_equal(length, 7);
	assert_memory_equal(bytes, "what?\r\n", 7);
	assert_int_equal(
	    store_source(&store, "b", bytes, sizeof(bytes), &length, &sink),
	    ABSENT);
	assert_int_equal(found.count, 0);
	assert_int_equal(
	    store_source(&store, "a", bytes, 7, &length, &sink), REFUSED);
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: larger than 6 bytes");
	UNIT_STRING(__LINE__, found.file, in_base("conf.d/a.txt"));
	assert_string_equal(sink.file, "file");
	UNIT_DONE();
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_policies),
		TEST(test_at_once),
		TEST(test_long_domains),
		TEST(test_unknown_fields),
		TEST(test_size),
		TEST(test_unavailable),
		TEST(test_replaced),
		TEST(test_open_fails),
		TEST(test_each),
		TEST(test_each_stops),
		TEST(test_alias),
		TEST(test_changed),
		TEST(test_names),
		TEST(test_source),
	};

	return UNIT_RUN(tests);
}
