/*
 * settings.c and what is private to it: the texts of the two tables, limits,
 * the clean text against libconfig's own reading, and the files.
 */
#include "unit.h"

#include <limits.h>
#include <nss.h>
#include <sys/stat.h>
#include <unistd.h>

#include "settings.h"
#include "settings_hostile.h"
#include "settings_rows.h"
#include "settings_scan.h"
#include "settings_tree.h"
#include "text.h"

static struct unit_findings found;
static struct settings settings;

static void
try_row(const char *file, const struct row *row)
{
	struct diag_sink sink = unit_sink(&found);
	bool good;

	memset(&settings, 0xa5, sizeof(settings));
	good = settings_parse(&settings, row->text, row->length, &sink);
	unit_findings(file, row->line, &found, row->findings);
	unit_expect(good == (sink.errors == 0), file, row->line,
	    "false when there was an error");
	unit_expect(row->check(&settings), file, row->line, "the settings");
}

static void
test_values(void **state)
{
	const struct row *row;

	(void)state;
	UNIT_EACH (row, values)
		try_row("settings_rows.h", row);
}

static void
test_hostile(void **state)
{
	const struct row *row;

	(void)state;
	UNIT_EACH (row, hostile)
		try_row("settings_hostile.h", row);
}

/* Parses a text of count parts, each with its number in the place of "#". */
static bool
parse_many(const char *head, const char *part, size_t count, const char *tail)
{
	static char storage[SETTINGS_SCAN_MAX + 2];
	struct diag_sink sink = unit_sink(&found);
	struct text text;
	size_t i;

	text_init(&text, storage, sizeof(storage));
	text_add_string(&text, head);
	for (i = 0; i < count; i++) {
		const char *mark = strchr(part, '#');
		size_t length = mark ? (size_t)(mark - part) : strlen(part);

		text_add(&text, part, length);
		if (mark != NULL)
			text_add_format(&text, "%zu%s", i, mark + 1);
	}
	text_add_string(&text, tail);
	assert_false(text.overflow);
	return settings_parse(&settings, text.bytes, text.length, &sink);
}

static const struct limit {
	int line;
	const char *head, *part;
	size_t count; /* still good */
	const char *tail;
	const char *findings; /* of one more */
} limits[] = {
	{ __LINE__, "defaults = { mx = [", "\"mx#.example\",",
	    SETTINGS_MX_MAX - 1, "\"mx.example\"] }",
	    "1:0: error: defaults.mx \"mx.example\": one too many" },
	{ __LINE__, "dns = { reports = [", "\"mailto:tls@r#.example\",",
	    SETTINGS_REPORTS_MAX - 1, "\"mailto:tls@mx.example\"] }",
	    "1:0: error: dns.reports \"mailto:tls@mx.example\": one too many" },
	{ __LINE__, "dns = { reports = [\"https://r.example/", "x",
	    SETTINGS_URI_SIZE - 1 - 18, "\"] }",
	    "1:0: error: dns.reports~longer than 255 octets" },
	{ __LINE__, "policies = \"/", "p", PATH_MAX - 2, "\";",
	    "1:0: error: policies~longer than a path can be" },
	{ __LINE__, "dns = { host = \"", "a.", 125, "bcd\"; };",
	    "1:0: error: dns.host~longer than 253 octets" },
	{ __LINE__, "#", "a", SETTINGS_SCAN_MAX - 1, "",
	    "0:0: error: larger than 65536 bytes; make it smaller" },
	{ __LINE__, "", "\n", SETTINGS_SCAN_MAX, "",
	    "0:0: error: larger than 65536 bytes" },
};

static void
test_limits(void **state)
{
	const struct limit *limit;

	(void)state;
	UNIT_EACH (limit, limits) {
		UNIT_EXPECT(limit->line, parse_many(limit->head, limit->part,
					     limit->count, limit->tail));
		UNIT_FINDINGS(limit->line, &found, "");
		UNIT_EXPECT(limit->line, !parse_many(limit->head, limit->part,
					     limit->count + 1, limit->tail));
		UNIT_FINDINGS(limit->line, &found, limit->findings);
	}
}

/* Many things and deep ones are survived, and no clean text is cut. */
static void
test_extremes(void **state)
{
	static const char *const parts[] = { "a=", "a;", "*\n", "a={", "a=(",
		"{", "\"\n", "\"", "00 ", ".", "/*", "@include\n" };
	static char bytes[SETTINGS_SCAN_MAX], storage[SETTINGS_SCAN_SIZE];
	struct text_span span = { bytes, sizeof(bytes) };
	struct diag_sink sink = unit_sink(&found);
	struct text clean;
	size_t i, j;

	(void)state;
	for (i = 0; i < UNIT_COUNT(parts); i++) {
		const size_t length = strlen(parts[i]);

		for (j = 0; j < sizeof(bytes); j++)
			bytes[j] = parts[i][j % length];
		text_init(&clean, storage, sizeof(storage));
		settings_scan(span, &clean, &sink);
		assert_false(clean.overflow);
		sink = unit_sink(&found);
		assert_false(
		    settings_parse(&settings, bytes, sizeof(bytes), &sink));
		assert_true(found.count > 0);
	}
}

/*
 * Where the scan finds nothing wrong, libconfig reads the clean text as it
 * reads the text itself, down to the bytes of strings and the lines. Where it
 * does, the clean text has no @include.
 */
static void
test_clean_text(void **state)
{
	char bytes[512], storage[SETTINGS_SCAN_SIZE];
	unsigned i, compared = 0, whole = 0;
	struct text text, clean;
	bool good;

	(void)state;
	for (i = 0; i < 20000; i++) {
		struct diag_sink sink = unit_sink(&found);

		text_init(&text, bytes, sizeof(bytes));
		text_init(&clean, storage, sizeof(storage));
		random_text(&text);
		settings_scan((struct text_span){ text.bytes, text.length },
		    &clean, &sink);
		assert_false(clean.overflow || has_include(clean.bytes));
		if (sink.errors > 0)
			continue;
		if (!same_reading(text.bytes, clean.bytes, &good))
			fail_msg("read as something else:\n%s\n", text.bytes);
		compared++;
		whole += good;
	}
	assert_true(compared > 2000 && whole > 200);
}

/* A sink that keeps the file of the last finding, too. */
static char found_file[PATH_MAX];

static void
take_file(void *context, const struct diag *diag)
{
	(void)snprintf(found_file, sizeof(found_file), "%s", diag->file);
	unit_take(context, diag);
}

static bool
load(const char *path)
{
	struct diag_sink sink = unit_sink(&found);
	bool loaded;

	found_file[0] = '\0';
	sink.take = take_file;
	memset(&settings, 0xa5, sizeof(settings));
	loaded = settings_load(&settings, path, &sink);
	assert_string_equal(sink.file, "file");
	assert_true(loaded == (sink.errors == 0));
	return loaded;
}

struct place {
	char directory[64];
	char file[80];
};

static int
make_place(void **state)
{
	static struct place place;

	(void)snprintf(place.directory, sizeof(place.directory),
	    "/tmp/mta-sts-settings-XXXXXX");
	if (mkdtemp(place.directory) == NULL)
		return -1;
	(void)snprintf(
	    place.file, sizeof(place.file), "%s/conf", place.directory);
	*state = &place;
	return unsetenv(SETTINGS_ENVIRONMENT);
}

static int
remove_place(void **state)
{
	struct place *place = *state;

	(void)unlink(place->file);
	(void)unsetenv(SETTINGS_ENVIRONMENT);
	return rmdir(place->directory);
}

static void
write_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
test_file(void **state)
{
	const struct place *place = *state;

	write_file(place->file, "dns = { ttl = 60; };", 0644);
	assert_true(load(place->file));
	assert_int_equal(settings.dns.ttl, 60);
	write_file(place->file, "\ndns = { ttl = 5000000; };", 0600);
	assert_false(load(place->file));
	UNIT_FINDINGS(__LINE__, &found, "2:0: error: dns.ttl 5000000: out of");
	assert_string_equal(found_file, place->file);
	assert_true(is_default(&settings));
	assert_int_equal(unit_failed, 0);
}

static void
test_environment(void **state)
{
	const struct place *place = *state;

	write_file(place->file, "dns = { ttl = 60; };", 0644);
	assert_int_equal(setenv(SETTINGS_ENVIRONMENT, place->file, 1), 0);
	assert_true(load(NULL));
	assert_int_equal(settings.dns.ttl, 60);
	/* The argument is the nearer one. */
	assert_int_equal(setenv(SETTINGS_ENVIRONMENT, "/nonexistent", 1), 0);
	assert_true(load(place->file));
	assert_false(load(NULL));
	assert_string_equal(found_file, "/nonexistent");
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: there is no such file");
	assert_int_equal(unit_failed, 0);
}

static void
test_absent(void **state)
{
	const struct place *place = *state;

	assert_false(load(place->file));
	assert_string_equal(found_file, place->file);
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: there is no such file");
	assert_true(is_default(&settings));
	assert_false(load(""));
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: there is no such file");
	assert_int_equal(unit_failed, 0);
}

/* Only where this machine has no settings of its own. */
static void
test_absent_default(void **state)
{
	(void)state;
	if (access(SETTINGS_PATH, F_OK) == 0)
		UNIT_SKIP("there is a " SETTINGS_PATH);
	assert_true(load(NULL));
	assert_true(is_default(&settings));
	assert_int_equal(setenv(SETTINGS_ENVIRONMENT, "", 1), 0);
	assert_true(load(NULL));
	assert_int_equal(found.count, 0);
}

static void
test_refused(void **state)
{
	const struct place *place = *state;
	static char large[SETTINGS_SCAN_MAX + 2];

	write_file(place->file, "dns = { ttl = 60; };", 0664);
	assert_false(load(place->file));
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: ~writable by its group");
	write_file(place->file, "dns = { ttl = 60; };", 0646);
	assert_false(load(place->file));
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: ~writable by everybody");
	assert_false(load(place->directory));
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: ~no regular file");
	memset(large, '\n', sizeof(large) - 1);
	write_file(place->file, large, 0644);
	assert_false(load(place->file));
	UNIT_FINDINGS(__LINE__, &found, "0:0: error: ~larger than 65536");
	large[SETTINGS_SCAN_MAX] = '\0';
	write_file(place->file, large, 0644);
	assert_true(load(place->file));
	assert_true(is_default(&settings));
	assert_int_equal(unit_failed, 0);
}

/* What an @include names is neither read nor waited for. */
static void
test_included_file(void **state)
{
	const struct place *place = *state;
	struct diag_sink sink = unit_sink(&found);
	char text[256];
	int length;

	assert_int_equal(mkfifo(place->file, 0600), 0);
	length = snprintf(text, sizeof(text), "@include \"%s\"\n", place->file);
	assert_false(settings_parse(&settings, text, (size_t)length, &sink));
	UNIT_FINDINGS(__LINE__, &found, "1:0: error: @include is not allowed");
	assert_int_equal(unit_failed, 0);
}

#define PLACED(test)                                                           \
	cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_clean_text),
		PLACED(test_file),
		PLACED(test_environment),
		PLACED(test_absent),
		PLACED(test_absent_default),
		PLACED(test_refused),
		PLACED(test_included_file),
	};

	/* No directory service is asked, and none of its libraries loaded. */
	if (__nss_configure_lookup("passwd", "files") != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
