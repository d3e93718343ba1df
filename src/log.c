/*
 * The log; see log.h. syslog(3) waits for a daemon that does not read, and asks
 * for a socket whenever it likes; so what it does is done here.
 */
#include "log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "text.h"

#define HEADER_MAX 128 /* of a message to the daemon */

static const struct sockaddr_un destination = { AF_UNIX, _PATH_LOG };

static struct {
	const char *name;
	enum log_target target;
	enum log_level level;
	int socket; /* to the daemon; -1 for none */
} settings = { NULL, LOG_TO_STDERR, LOG_INFORMATION, -1 };

/* What log_seldom wrote lately: the hash of a message, and when. */
static struct {
	uint64_t hash;
	uint64_t until; /* milliseconds */
} told[LOG_SELDOM_MAX];
static unsigned left_out;

void
log_open(const char *name, enum log_target target, enum log_level level)
{
	settings.name = name;
	settings.target = target;
	settings.level = level;
	if (target != LOG_TO_SYSLOG)
		return;
	tzset();
	if (settings.socket < 0)
		settings.socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

const void *
log_destination(void)
{
	return settings.target == LOG_TO_SYSLOG ? &destination : NULL;
}

/*
 * A pipe that nobody empties would hold us for ever; one whose reader has gone
 * (POLLERR, POLLHUP) would end us by SIGPIPE. poll promises PIPE_BUF bytes, and
 * a line has fewer.
 */
static bool
is_writable(int descriptor)
{
	struct pollfd output = { .fd = descriptor, .events = POLLOUT };

	return poll(&output, 1, 0) == 1 && output.revents == POLLOUT;
}

static bool
write_stderr(const char *message)
{
	char storage[LOG_LINE_MAX + 2];
	struct text line;

	text_init(&line, storage, LOG_LINE_MAX + 1);
	if (settings.name != NULL)
		text_add_format(&line, "%s: ", settings.name);
	for (; *message != '\0'; message++)
		text_add_escaped(&line, message, 1);
	line.bytes[line.length] = '\n';
	return is_writable(STDERR_FILENO) &&
	       write(STDERR_FILENO, line.bytes, line.length + 1) >= 0;
}

/* As glibc's syslog writes it: <priority>Mmm dd hh:mm:ss name[pid]: message */
static bool
write_syslog(enum log_level level, const char *message)
{
	static const int priorities[] = {
		[LOG_ERRORS] = LOG_ERR,
		[LOG_WARNINGS] = LOG_WARNING,
		[LOG_INFORMATION] = LOG_INFO,
		[LOG_DEBUGGING] = LOG_DEBUG,
	};
	char storage[HEADER_MAX + LOG_LINE_MAX + 1], stamp[32];
	const time_t now = time(NULL);
	struct text line;
	struct tm local;

	if (localtime_r(&now, &local) == NULL ||
	    strftime(stamp, sizeof(stamp), "%b %e %T", &local) == 0)
		stamp[0] = '\0';
	text_init(&line, storage, sizeof(storage));
	text_add_format(&line, "<%d>%s %s[%d]: ", LOG_MAIL | priorities[level],
	    stamp, settings.name, (int)getpid());
	if (line.length + LOG_LINE_MAX + 1 < line.size)
		line.size = line.length + LOG_LINE_MAX + 1;
	for (; *message != '\0'; message++)
		text_add_escaped(&line, message, 1);
	return sendto(settings.socket, line.bytes, line.length,
		   MSG_DONTWAIT | MSG_NOSIGNAL,
		   (const struct sockaddr *)&destination,
		   sizeof(destination)) >= 0;
}

/* Whether it could be written at once. */
static bool
log_line(enum log_level level, const char *message)
{
	if (settings.target == LOG_TO_SYSLOG) {
		if (write_syslog(level, message))
			return true;
		/* No daemon, as in a container; else it is only busy. */
		if (errno != ENOENT && errno != ECONNREFUSED)
			return false;
	}
	return write_stderr(message);
}

__attribute__((format(printf, 2, 0))) static void
log_format(enum log_level level, const char *format, va_list arguments)
{
	char message[LOG_LINE_MAX + 1];

	if (level > settings.level)
		return;
	(void)vsnprintf(message, sizeof(message), format, arguments);
	if (!log_line(level, message))
		left_out++;
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
	const uint64_t now = clock_ms();

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
	told[free].until = now + LOG_SELDOM_SECONDS * UINT64_C(1000);
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
		if (log_line(level, told_too))
			left_out = 0;
	}
	if (!log_line(level, message))
		left_out++;
}
