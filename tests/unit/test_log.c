/*
 * log.c, to stderr and to syslog: what a line looks like, which levels are
 * told, and the rules that keep requests from flooding it. Time is this file's.
 */
#include "unit.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

static long seconds = 1000;

/*
 * Takes the C library's place for the whole program, so that a minute need not
 * pass; only the clock that the log goes by is ours.
 */
int
clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock != CLOCK_MONOTONIC)
		return (int)syscall(SYS_clock_gettime, clock, now);
	now->tv_sec = seconds;
	now->tv_nsec = 0;
	return 0;
}

/* What would go to syslog: "priority: message" and a line end each. */
static char syslogged[4096];
static size_t syslogged_length;
static int facility;

/*
 * These take the C library's place, too, as clock_gettime does; the second one
 * is what syslog is called with _FORTIFY_SOURCE.
 */
void syslog(int priority, const char *format, ...);
void __syslog_chk(int priority, int flag, const char *format, ...);
void openlog(const char *name, int options, int which);

static void
take_syslog(int priority, const char *format, va_list arguments)
{
	assert_string_equal(format, "%s");
	syslogged_length += (size_t)snprintf(syslogged + syslogged_length,
	    sizeof(syslogged) - syslogged_length, "%d: %s\n", priority,
	    va_arg(arguments, const char *));
	assert_true(syslogged_length < sizeof(syslogged));
}

void
syslog(int priority, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	take_syslog(priority, format, arguments);
	va_end(arguments);
}

void
__syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list arguments;

	(void)flag;
	va_start(arguments, format);
	take_syslog(priority, format, arguments);
	va_end(arguments);
}

void
openlog(const char *name, int options, int which)
{
	(void)options;
	assert_string_equal(name, "n");
	facility = which;
}

static char told[1 << 20];
static int held = -1;
static FILE *taken;

/* Between these two, standard error is a file. */
static void
listen_begin(void)
{
	taken = tmpfile();
	assert_non_null(taken);
	held = dup(STDERR_FILENO);
	assert_true(held >= 0);
	assert_int_equal(dup2(fileno(taken), STDERR_FILENO), STDERR_FILENO);
}

static size_t
listen_end(void)
{
	size_t length;

	assert_int_equal(dup2(held, STDERR_FILENO), STDERR_FILENO);
	assert_int_equal(close(held), 0);
	rewind(taken);
	length = fread(told, 1, sizeof(told) - 1, taken);
	told[length] = '\0';
	assert_int_equal(fclose(taken), 0);
	return length;
}

/* Nothing has been opened yet: standard error, informations, no name. */
static void
test_before_opening(void **state)
{
	(void)state;
	listen_begin();
	log_error("one %d", 1);
	log_info("two");
	log_debug("three");
	(void)listen_end();
	assert_string_equal(told, "one 1\ntwo\n");
}

static void
test_levels(void **state)
{
	static const struct {
		int line;
		enum log_level level;
		const char *want;
	} rows[] = {
		{ __LINE__, LOG_ERRORS, "n: e\nn: se\n" },
		{ __LINE__, LOG_WARNINGS, "n: e\nn: w\nn: se\nn: sw\n" },
		{ __LINE__, LOG_INFORMATION,
		    "n: e\nn: w\nn: i\nn: se\nn: sw\nn: si\n" },
		{ __LINE__, LOG_DEBUGGING,
		    "n: e\nn: w\nn: i\nn: d\nn: se\nn: sw\nn: si\nn: sd\n" },
	};
	const __typeof__(rows[0]) *row;

	(void)state;
	UNIT_EACH (row, rows) {
		seconds += 1000;
		log_open("n", LOG_TO_STDERR, row->level);
		listen_begin();
		log_error("e");
		log_warning("w");
		log_info("i");
		log_debug("d");
		log_seldom(LOG_ERRORS, "se");
		log_seldom(LOG_WARNINGS, "sw");
		log_seldom(LOG_INFORMATION, "si");
		log_seldom(LOG_DEBUGGING, "sd");
		(void)listen_end();
		UNIT_STRING(row->line, told, row->want);
	}
}

/* Whatever a message has in it, it is one line of printable ASCII. */
static void
test_escaping(void **state)
{
	static const struct {
		int line;
		const char *message, *want;
	} rows[] = {
		{ __LINE__, "", "n: \n" },
		{ __LINE__, "a ~b", "n: a ~b\n" },
		{ __LINE__, "a\nn: forged\r\n",
		    "n: a\\x0an: forged\\x0d\\x0a\n" },
		{ __LINE__, "\x1b[2J\a\t\x7f", "n: \\x1b[2J\\x07\\x09\\x7f\n" },
		{ __LINE__, "\xc3\xbc\xff", "n: \\xc3\\xbc\\xff\n" },
		{ __LINE__, "%s%n", "n: %s%n\n" },
	};
	const __typeof__(rows[0]) *row;

	(void)state;
	log_open("n", LOG_TO_STDERR, LOG_INFORMATION);
	UNIT_EACH (row, rows) {
		listen_begin();
		log_info("%s", row->message);
		(void)listen_end();
		UNIT_STRING(row->line, told, row->want);
		seconds += 1000;
		listen_begin();
		log_seldom(LOG_INFORMATION, "%s", row->message);
		(void)listen_end();
		UNIT_STRING(row->line, told, row->want);
	}
}

/* The lengths around LOG_LINE_MAX, plain and where each byte becomes four. */
static void
test_cutting(void **state)
{
	static char message[2 * LOG_LINE_MAX];
	size_t length;
	int plain;

	(void)state;
	log_open("n", LOG_TO_STDERR, LOG_INFORMATION);
	for (plain = 0; plain < 2; plain++)
		for (length = 1490; length < 6010;
		     length += length == 1510 ? 4480 : 1) {
			size_t most = LOG_LINE_MAX - 3, want, got, i;

			memset(message, plain ? 'a' : '\n', length);
			message[length] = '\0';
			want = plain ? length : 4 * length;
			if (want > most)
				want = plain ? most : most / 4 * 4;
			listen_begin();
			log_info("%s", message);
			got = listen_end();
			assert_int_equal(got, 3 + want + 1);
			assert_memory_equal(told, "n: ", 3);
			for (i = 0; i < want; i++)
				assert_int_equal(
				    told[3 + i], plain ? 'a' : "\\x0a"[i % 4]);
			assert_int_equal(told[got - 1], '\n');
		}
}

static unsigned
lines(void)
{
	unsigned count = 0;
	const char *at;

	for (at = told; (at = strchr(at, '\n')) != NULL; at++)
		count++;
	return count;
}

/* The same one again, at so many seconds after it was written first. */
static void
test_seldom_repeats(void **state)
{
	static const struct {
		int line;
		long after;
		unsigned want;
	} rows[] = { { __LINE__, 0, 1 }, { __LINE__, 1, 1 },
		{ __LINE__, 59, 1 }, { __LINE__, 60, 2 }, { __LINE__, 61, 2 },
		{ __LINE__, 100000, 2 } };
	const __typeof__(rows[0]) *row;

	(void)state;
	log_open("n", LOG_TO_STDERR, LOG_INFORMATION);
	UNIT_EACH (row, rows) {
		seconds += 1000;
		listen_begin();
		log_seldom(LOG_ERRORS, "row %d", row->line);
		seconds += row->after;
		log_seldom(LOG_ERRORS, "row %d", row->line);
		(void)listen_end();
		UNIT_EXPECT(row->line, lines() == row->want);
	}
}

/* Being left out does not put off when it is told again. */
static void
test_seldom_steady(void **state)
{
	unsigned i;

	(void)state;
	log_open("n", LOG_TO_STDERR, LOG_INFORMATION);
	seconds += 1000;
	listen_begin();
	for (i = 0; i < 600; i++, seconds++)
		log_seldom(LOG_ERRORS, "steady");
	(void)listen_end();
	assert_int_equal(lines(), 10);
}

/* What the level leaves out is not remembered; the other calls never are. */
static void
test_seldom_alone(void **state)
{
	(void)state;
	seconds += 1000;
	listen_begin();
	log_open("n", LOG_TO_STDERR, LOG_ERRORS);
	log_seldom(LOG_WARNINGS, "a");
	log_open("n", LOG_TO_STDERR, LOG_WARNINGS);
	log_warning("a");
	log_warning("a");
	log_seldom(LOG_WARNINGS, "a");
	log_seldom(LOG_WARNINGS, "a");
	(void)listen_end();
	assert_string_equal(told, "n: a\nn: a\nn: a\n");
}

/* As many different ones as there is room for, and then some. */
static void
test_seldom_flood(void **state)
{
	unsigned i;

	(void)state;
	log_open("n", LOG_TO_STDERR, LOG_INFORMATION);
	seconds += 1000;
	listen_begin();
	for (i = 0; i < LOG_SELDOM_MAX; i++)
		log_seldom(LOG_ERRORS, "flood %u", i);
	(void)listen_end();
	assert_int_equal(lines(), LOG_SELDOM_MAX);

	listen_begin();
	for (i = 0; i < 1000; i++)
		log_seldom(LOG_ERRORS, "flood %u", i);
	seconds += LOG_SELDOM_SECONDS - 1;
	log_seldom(LOG_ERRORS, "one more");
	(void)listen_end();
	assert_string_equal(told, "");

	/* A minute later: there is room, and what was left out is told. */
	seconds += 1;
	listen_begin();
	log_error("not the one");
	log_seldom(LOG_ERRORS, "after");
	log_seldom(LOG_ERRORS, "after that");
	(void)listen_end();
	assert_int_equal(lines(), 4);
	assert_memory_equal(told, "n: not the one\nn: 745 ", 22);
	assert_non_null(strstr(told, "left out\nn: after\nn: after that\n"));
}

/* One alone is counted, too. */
static void
test_seldom_one_over(void **state)
{
	unsigned i;

	(void)state;
	seconds += 1000;
	listen_begin();
	for (i = 0; i <= LOG_SELDOM_MAX; i++)
		log_seldom(LOG_ERRORS, "over %u", i);
	(void)listen_end();
	assert_int_equal(lines(), LOG_SELDOM_MAX);
	seconds += LOG_SELDOM_SECONDS;
	listen_begin();
	log_seldom(LOG_ERRORS, "after");
	(void)listen_end();
	assert_int_equal(lines(), 2);
	assert_memory_equal(told, "n: 1 ", 5);
}

/* Facility mail, the level as the priority, no name, nothing on stderr. */
static void
test_syslog(void **state)
{
	(void)state;
	seconds += 1000;
	log_open("n", LOG_TO_SYSLOG, LOG_DEBUGGING);
	listen_begin();
	log_error("e%d", 1);
	log_warning("w\n");
	log_info("i%s", "%s");
	log_debug("d");
	log_seldom(LOG_WARNINGS, "s");
	log_seldom(LOG_WARNINGS, "s");
	assert_int_equal(listen_end(), 0);
	assert_int_equal(facility, 2 << 3);
	assert_string_equal(
	    syslogged, "3: e1\n4: w\\x0a\n6: i%s\n7: d\n4: s\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_opening),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_escaping),
		cmocka_unit_test(test_cutting),
		cmocka_unit_test(test_seldom_repeats),
		cmocka_unit_test(test_seldom_steady),
		cmocka_unit_test(test_seldom_alone),
		cmocka_unit_test(test_seldom_flood),
		cmocka_unit_test(test_seldom_one_over),
		cmocka_unit_test(test_syslog),
	};

	return UNIT_RUN(tests);
}
