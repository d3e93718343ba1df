/*
 * The clock, the syslog daemon and the standard error that test_log.c has. The
 * first two take the C library's place for the whole program: a minute need not
 * pass, and no message of a test reaches the daemon of the machine; what is
 * sent to it is kept.
 */
#ifndef MTASTS_LOG_WORLD_H
#define MTASTS_LOG_WORLD_H

#include "unit.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
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

/* What would go to the syslog daemon: datagrams, a line end after each. */
static char syslogged[8192];
static size_t syslogged_length;
static int daemon_error; /* that sending to it ends with; 0 for none */

ssize_t
sendto(int descriptor, const void *bytes, size_t length, int flags,
    const struct sockaddr *address, socklen_t size)
{
	const struct sockaddr_un *daemon = (const struct sockaddr_un *)address;
	int type;
	socklen_t type_size = sizeof(type);

	assert_int_equal(
	    getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &type_size), 0);
	assert_int_equal(type, SOCK_DGRAM);
	assert_int_equal(flags, MSG_DONTWAIT | MSG_NOSIGNAL);
	assert_int_equal(size, sizeof(*daemon));
	assert_int_equal(daemon->sun_family, AF_UNIX);
	assert_string_equal(daemon->sun_path, "/dev/log");
	assert_ptr_equal(address, log_destination());
	errno = daemon_error;
	if (daemon_error != 0)
		return -1;
	assert_true(syslogged_length + length + 2 <= sizeof(syslogged));
	memcpy(syslogged + syslogged_length, bytes, length);
	syslogged_length += length;
	syslogged[syslogged_length++] = '\n';
	syslogged[syslogged_length] = '\0';
	return (ssize_t)length;
}

time_t
time(time_t *now)
{
	assert_null(now);
	return 1769903999; /* 2026-01-31 23:59:59 UTC */
}

/* As the daemon is to get a message; good for the next one alone. */
static const char *
datagram(int priority, const char *stamp, const char *message)
{
	static char line[LOG_LINE_MAX + 256];

	assert_in_range(snprintf(line, sizeof(line), "<%d>%s n[%d]: %s\n",
			    priority, stamp, (int)getpid(), message),
	    1, sizeof(line) - 1);
	return line;
}

static void
expect_datagram(int line, int priority, const char *message)
{
	const char *want = datagram(priority, "Jan 31 23:59:59", message);

	UNIT_STRING(line, syslogged, want);
	syslogged_length = 0;
	syslogged[0] = '\0';
}

static void
open_syslog(const char *zone)
{
	assert_int_equal(setenv("TZ", zone, 1), 0);
	seconds += 1000;
	daemon_error = 0;
	log_open("n", LOG_TO_SYSLOG, LOG_DEBUGGING);
	syslogged_length = 0;
	syslogged[0] = '\0';
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

#endif
