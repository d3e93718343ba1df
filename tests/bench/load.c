/*
 * load: asks a FastCGI program for policies over a unix socket, as a web server
 * would, checks every answer, and tells how it went.
 *
 *   load -s SOCKET [-k kept|new|wait] [-c CLIENTS] [-n REQUESTS | -t SECONDS]
 *        [-r RATE] [-S SEED] [-p nginx|apache] [-e NAME=VALUE]... MIXFILE
 *
 *   -k  keep each connection (the default), or a new one for each request,
 *       closed when the answer has ended, as web servers do, or (wait) when
 *       the program has closed it
 *   -c  connections at a time (1), all from one thread
 *   -n  requests to begin (10000), or -t seconds to go on for
 *   -r  requests a second to begin, whether or not the earlier ones have been
 *       answered while a connection is free; a latency then counts from the
 *       time when the request was due
 *   -S  what the choice of requests begins with (1): same seed, same requests
 *   -p  the parameters and writes of nginx with cgi-bin/nginx.conf (the
 *       default), or those of Apache's mod_proxy_fcgi
 *   -e  one more parameter
 *
 * A line of MIXFILE, its fields separated by tabs; # begins a comment:
 *
 *   WEIGHT host HOST STATUS BODY           one host
 *   WEIGHT hosts COUNT HOST STATUS BODY    {n} in HOST, and in what BODY has,
 *                                          is 000000 up to COUNT - 1
 *   WEIGHT raw BYTES close|drop|any        these bytes, on a connection of
 *                                          their own
 *
 * WEIGHT: how often, beside the others. STATUS: the expected one, 0 for any.
 * BODY: a file that has the expected body, to the byte, or "-" for any.
 * BYTES: a file. After it the program is to close the connection within 10 s
 * (close; what it says before does not matter), or we do at once (drop), or
 * either happens (any; we after 6 s).
 *
 * Prints one JSON object on a line: requests (answered, raw ones apart), wrong
 * (answered otherwise than expected), errors (cut off, malformed, or not within
 * 10 s), failed (no connection), reopened (a kept connection was closed between
 * two requests: asked again on a new one, as web servers do), raw, raw_wrong,
 * seconds, rate (requests a second), cpu_us (of this program, for a request),
 * latency_us (p50, p90, p99, p999, max). Exits 0 when it could measure at all.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

#define PAUSE      (CLIENT_SECOND / 20) /* between two looks at what is late */
#define RETRY      (CLIENT_SECOND / 1000) /* after a connection failed */
#define EVENTS_MAX 64
#define EXTRAS_MAX 16

static struct {
	uint64_t requests, nanoseconds; /* one of them; 0: without */
	uint64_t interval;              /* of the requests, in ns; 0: at once */
	size_t clients;
} wanted = { .requests = 10000, .clients = 1 };

static struct client_load load = { .seed = 1 };
static struct client **clients;
static uint64_t start, due;

static bool
more_wanted(uint64_t now)
{
	if (wanted.nanoseconds > 0)
		return now - start < wanted.nanoseconds;
	return load.begun < wanted.requests;
}

/*
 * Begins on the connections that are free what is due. *wait becomes how long
 * to wait for an event; false when all is done.
 */
static bool
begin_due(uint64_t now, uint64_t *wait)
{
	const uint64_t failed = load.failed;
	bool busy = false, free = false;
	size_t i;

	*wait = PAUSE;
	for (i = 0; i < wanted.clients; i++) {
		if (!client_is_busy(clients[i]) && load.failed == failed &&
		    more_wanted(now) && due <= now) {
			client_begin(clients[i],
			    wanted.interval > 0 ? due : client_now());
			due += wanted.interval;
		}
		busy = busy || client_is_busy(clients[i]);
		free = free || !client_is_busy(clients[i]);
	}
	if (!more_wanted(now))
		return busy;
	if (free)
		*wait = due > now ? due - now : 0;
	if (load.failed != failed && *wait < RETRY)
		*wait = RETRY;
	if (*wait > PAUSE)
		*wait = PAUSE;
	return true;
}

static void
run(void)
{
	struct epoll_event events[EVENTS_MAX];
	struct timespec timeout = { 0, 0 };
	uint64_t now = client_now(), checked = now, wait;
	int count, i;
	size_t j;

	start = now;
	due = wanted.interval > 0 ? now : 0;
	while (begin_due(now, &wait)) {
		timeout.tv_nsec = (long)wait;
		count = epoll_pwait2(
		    load.watch, events, EVENTS_MAX, &timeout, NULL);
		for (i = 0; i < count; i++)
			client_read(events[i].data.ptr);
		now = client_now();
		if (now - checked < PAUSE)
			continue;
		for (j = 0; j < wanted.clients; j++)
			client_check(clients[j], now);
		checked = now;
	}
}

static double
own_cpu_us(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void
report(double seconds, double cpu_us)
{
	const struct {
		const char *name;
		uint64_t count;
	} counts[] = {
		{ "requests", load.requests },
		{ "wrong", load.wrong },
		{ "errors", load.errors },
		{ "failed", load.failed },
		{ "reopened", load.reopened },
		{ "raw", load.raw },
		{ "raw_wrong", load.raw_wrong },
	};
	double requests = (double)load.requests;
	size_t i;

	(void)printf("{");
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		(void)printf("\"%s\": %llu, ", counts[i].name,
		    (unsigned long long)counts[i].count);
	(void)printf("\"seconds\": %.6f, \"rate\": %.1f, \"cpu_us\": %.3f, "
		     "\"latency_us\": {\"p50\": %.1f, \"p90\": %.1f, "
		     "\"p99\": %.1f, \"p999\": %.1f, \"max\": %.1f}}\n",
	    seconds, requests / seconds, requests > 0 ? cpu_us / requests : 0.0,
	    client_percentile(&load, 0.5), client_percentile(&load, 0.9),
	    client_percentile(&load, 0.99), client_percentile(&load, 0.999),
	    (double)load.slowest / 1000);
}

static double
positive(const char *argument)
{
	char *end;
	double value = strtod(argument, &end);

	if (*argument == '\0' || *end != '\0' || !(value > 0 && value < 1e12))
		errx(2, "\"%s\" is no positive number", argument);
	return value;
}

static bool
is_first(const char *argument, const char *first, const char *second)
{
	if (strcmp(argument, first) != 0 && strcmp(argument, second) != 0)
		errx(2, "\"%s\" is neither %s nor %s", argument, first, second);
	return strcmp(argument, first) == 0;
}

/* -e NAME=VALUE, once the form knows whose parameters they are added to. */
static void
add_extra(char *extra)
{
	char *value = strchr(extra, '=');

	if (value == NULL)
		errx(2, "-e %s: no =", extra);
	*value++ = '\0';
	mix_form_add(&load.form, extra, value);
}

static void
read_number(int option, const char *argument)
{
	double value = positive(argument);

	if (option == 'c')
		wanted.clients = (size_t)value;
	else if (option == 'n')
		wanted.requests = (uint64_t)value;
	else if (option == 't')
		wanted.nanoseconds = (uint64_t)(value * (double)CLIENT_SECOND);
	else if (option == 'r')
		wanted.interval = (uint64_t)((double)CLIENT_SECOND / value);
	else
		load.seed = (uint64_t)value;
}

static void
read_options(int argc, char **argv)
{
	enum mix_server server = MIX_NGINX;
	char *extras[EXTRAS_MAX];
	size_t count = 0, i;
	bool kept = true;
	int option;

	load.address.sun_family = AF_UNIX;
	while ((option = getopt(argc, argv, "s:k:c:n:t:r:S:p:e:")) != -1)
		switch (option) {
		case 's':
			if (strlen(optarg) >= sizeof(load.address.sun_path))
				errx(2, "%s: too long a path", optarg);
			strcpy(load.address.sun_path, optarg);
			break;
		case 'k':
			load.waits = strcmp(optarg, "wait") == 0;
			kept = !load.waits && is_first(optarg, "kept", "new");
			break;
		case 'p':
			server = is_first(optarg, "nginx", "apache")
				     ? MIX_NGINX
				     : MIX_APACHE;
			break;
		case 'e':
			if (count == EXTRAS_MAX)
				errx(2, "too many -e");
			extras[count++] = optarg;
			break;
		case '?':
			exit(2);
		default:
			read_number(option, optarg);
		}
	if (optind != argc - 1 || load.address.sun_path[0] == '\0')
		errx(2, "a socket (-s) and one file are needed");
	mix_load(&load.mix, argv[optind]);
	mix_form_init(&load.form, server, kept);
	for (i = 0; i < count; i++)
		add_extra(extras[i]);
}

int
main(int argc, char **argv)
{
	double cpu_us;
	size_t i;

	read_options(argc, argv);
	load.watch = epoll_create1(EPOLL_CLOEXEC);
	clients = calloc(wanted.clients, sizeof(struct client *));
	if (load.watch < 0 || clients == NULL)
		err(2, "cannot begin");
	for (i = 0; i < wanted.clients; i++)
		clients[i] = client_new(&load);
	cpu_us = own_cpu_us();
	run();
	report((double)(client_now() - start) / (double)CLIENT_SECOND,
	    own_cpu_us() - cpu_us);
	return 0;
}
