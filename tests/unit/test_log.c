/*
 * log.c, to stderr and to syslog: what a line looks like, which levels are
 * told, and the rules that keep requests from flooding it. Time, the daemon and
 * standard error are those of log_world.h.
 */
#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "log.h"
#include "log_world.h"

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

/* Facility mail, the level as the priority, nothing on stderr. */
static void
test_syslog(void **state)
{
	(void)state;
	open_syslog("UTC0");
	listen_begin();
	log_error("e%d", 1);
	expect_datagram(__LINE__, 19, "e1");
	log_warning("w\n");
	expect_datagram(__LINE__, 20, "w\\x0a");
	log_info("i%s", "%s");
	expect_datagram(__LINE__, 22, "i%s");
	log_debug("d");
	expect_datagram(__LINE__, 23, "d");
	log_seldom(LOG_WARNINGS, "s");
	expect_datagram(__LINE__, 20, "s");
	log_seldom(LOG_WARNINGS, "s");
	UNIT_STRING(__LINE__, syslogged, "");
	assert_int_equal(listen_end(), 0);
	UNIT_DONE();
}

/* One socket, however often it is opened; none for stderr. */
static void
test_syslog_socket(void **state)
{
	int before;

	(void)state;
	log_open("n", LOG_TO_STDERR, LOG_INFORMATION);
	assert_null(log_destination());
	open_syslog("UTC0");
	before = dup(0);
	assert_true(before >= 0);
	assert_int_equal(close(before), 0);
	open_syslog("UTC0");
	assert_int_equal(dup(0), before);
	assert_int_equal(close(before), 0);
}

/* Local time, a day of one digit after two blanks; the longest line. */
static void
test_syslog_form(void **state)
{
	static char message[2 * LOG_LINE_MAX];
	const char *want;

	(void)state;
	open_syslog("XXX-3"); /* three hours east */
	log_error("e");
	want = datagram(19, "Feb  1 02:59:59", "e");
	assert_string_equal(syslogged, want);

	open_syslog("UTC0");
	memset(message, 'a', sizeof(message) - 1);
	log_error("%s", message);
	message[LOG_LINE_MAX] = '\0';
	expect_datagram(__LINE__, 19, message);
	memset(message, '\n', sizeof(message) - 1);
	log_error("%s", message);
	assert_int_equal(syslogged_length,
	    strlen(datagram(19, "Jan 31 23:59:59", "")) + LOG_LINE_MAX);
	UNIT_DONE();
}

/*
 * What a daemon that does not read was not told is counted, and the count is
 * not lost with the line that tells it.
 */
static void
test_syslog_full(void **state)
{
	(void)state;
	open_syslog("UTC0");
	daemon_error = EAGAIN;
	listen_begin();
	log_error("one");
	log_info("two");
	log_seldom(LOG_ERRORS, "three");
	log_seldom(LOG_ERRORS, "four");
	assert_int_equal(listen_end(), 0);
	daemon_error = 0;
	log_error("five");
	expect_datagram(__LINE__, 19, "five");
	log_seldom(LOG_ERRORS, "six");
	assert_non_null(strstr(syslogged, ": 4 more messages were left out\n"));
	assert_non_null(strstr(syslogged, ": six\n"));
	syslogged_length = 0;
	log_seldom(LOG_ERRORS, "seven");
	expect_datagram(__LINE__, 19, "seven");
	UNIT_DONE();
}

/* What one that is not there would have been told goes to stderr. */
static void
test_syslog_gone(void **state)
{
	(void)state;
	open_syslog("UTC0");
	listen_begin();
	daemon_error = ENOENT; /* it was never there */
	log_error("one");
	daemon_error = ECONNREFUSED; /* it has died */
	log_seldom(LOG_ERRORS, "two");
	(void)listen_end();
	UNIT_STRING(__LINE__, told, "n: one\nn: two\n");
	daemon_error = 0;
	log_seldom(LOG_ERRORS, "three");
	expect_datagram(__LINE__, 19, "three");
	UNIT_DONE();
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
		cmocka_unit_test(test_syslog_socket),
		cmocka_unit_test(test_syslog_form),
		cmocka_unit_test(test_syslog_full),
		cmocka_unit_test(test_syslog_gone),
	};

	return UNIT_RUN(tests);
}
