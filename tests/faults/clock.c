/*
 * For LD_PRELOAD: the time of day, moved by as many seconds as stand in a file
 * that the test maps too (the variable FAULTS_CLOCK names it). Time since the
 * start of the machine goes on as it does. How often the time of day was asked
 * for stands beside it.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile struct {
	int64_t moved;
	int64_t asked;
} * control;

static int (*real_clock)(clockid_t, struct timespec *);

__attribute__((constructor)) static void
clock_begin(void)
{
	const char *path = getenv("FAULTS_CLOCK");
	int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *memory;

	/* ISO C has no way from an object to a function. */
	*(void **)&real_clock = dlsym(RTLD_NEXT, "clock_gettime");
	if (file < 0)
		return;
	memory = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE,
	    MAP_SHARED, file, 0);
	(void)close(file);
	if (memory != MAP_FAILED)
		control = memory;
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = real_clock(clock, now);

	if (control != NULL &&
	    (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
		now->tv_sec += control->moved;
		control->asked++;
	}
	return result;
}

time_t
time(time_t *seconds)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (seconds != NULL)
		*seconds = now.tv_sec;
	return now.tv_sec;
}

int
gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec exact;

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &exact);
	now->tv_sec = exact.tv_sec;
	now->tv_usec = exact.tv_nsec / 1000;
	return 0;
}
