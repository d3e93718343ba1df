/*
 * The log; see log.h.
 */
#include "log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

static struct {
	const char *name;
	enum log_target target;
	enum log_level level;
} settings = { NULL, LOG_TO_STDERR, LOG_INFORMATION };

/* What log_seldom wrote lately: the hash of a message, and when. */
static struct {
	uint64_t hash;
	int64_t until; /* milliseconds */
} told[LOG_SELDOM_MAX];
static unsigned left_out;

void
log_open(const char *name, enum log_target target, enum log_level level)
{
	settings.name = name;
	settings.target = target;
	settings.level = level;
	if (target == LOG_TO_SYSLOG)
		openlog(name, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

/*
 * A pipe that nobody empties would hold us for ever. poll promises PIPE_BUF
 * bytes, and a line has fewer.
 */
static bool
is_writable(int descriptor)
{
	struct pollfd output = { .fd = descriptor, .events = POLLOUT };

	return poll(&output, 1, 0) == 1 && (output.revents & POLLOUT) != 0;
}

static void
log_line(enum log_level level, const char *message)
{
	static const int priorities[] = {
		[LOG_ERRORS] = LOG_ERR,
		[LOG_WARNINGS] = LOG_WARNING,
		[LOG_INFORMATION] = LOG_INFO,
		[LOG_DEBUGGING] = LOG_DEBUG,
	};
	char storage[LOG_LINE_MAX + 2];
	struct text line;
	size_t length;

	text_init(&line, storage, LOG_LINE_MAX + 1);
	if (settings.target == LOG_TO_STDERR && settings.name != NULL)
		text_add_format(&line, "%s: ", settings.name);
	for (length = 0; message[length] != '\0'; length++)
		text_add_escaped(&line, message + length, 1);
	if (settings.target == LOG_TO_SYSLOG) {
		syslog(priorities[level], "%s", line.bytes);
		return;
	}
	line.bytes[line.length] = '\n';
	if (!is_writable(STDERR_FILENO) ||
	    write(STDERR_FILENO, line.bytes, line.length + 1) < 0)
		left_out++;
}

__attribute__((format(printf, 2, 0))) static void
log_format(enum log_level level, const char *format, va_list arguments)
{
	char message[LOG_LINE_MAX + 1];

	if (level > settings.level)
		return;
	(void)vsnprintf(message, sizeof(message), format, arguments);
	log_line(level, message);
}

void
log_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_format(LOG_ERRORS, format, arguments);
	va_end(arguments);
}

void
log_warning(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_format(LOG_WARNINGS, format, arguments);
	va_end(arguments);
}

void
log_info(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_format(LOG_INFORMATION, format, arguments);
	va_end(arguments);
}

void
log_debug(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_format(LOG_DEBUGGING, format, arguments);
	va_end(arguments);
}

static uint64_t
hash_of(const char *message)
{
	uint64_t hash = 14695981039346656037U; /* FNV-1a */

	while (*message != '\0')
		hash = (hash ^ (unsigned char)*message++) * 1099511628211U;
	return hash;
}

/* Whether the message is due: neither told lately nor one too many. */
static bool
is_due(const char *message)
{
	const uint64_t hash = hash_of(message);
	size_t i, free = LOG_SELDOM_MAX;
	struct timespec clock;
	int64_t now;

	(void)clock_gettime(CLOCK_MONOTONIC, &clock);
	now = clock.tv_sec * INT64_C(1000) + clock.tv_nsec / 1000000;
	for (i = 0; i < LOG_SELDOM_MAX; i++) {
		if (told[i].until <= now)
			free = i;
		else if (told[i].hash == hash)
			return false;
	}
	if (free == LOG_SELDOM_MAX) {
		left_out++;
		return false;
	}
	told[free].hash = hash;
	told[free].until = now + LOG_SELDOM_SECONDS * INT64_C(1000);
	return true;
}

void
log_seldom(enum log_level level, const char *format, ...)
{
	char message[LOG_LINE_MAX + 1];
	va_list arguments;

	if (level > settings.level)
		return;
	va_start(arguments, format);
	(void)vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	if (!is_due(message))
		return;
	if (left_out > 0) {
		char told_too[64];

		(void)snprintf(told_too, sizeof(told_too),
		    "%u more messages were left out", left_out);
		left_out = 0;
		log_line(level, told_too);
	}
	log_line(level, message);
}
