/*
 * Gathers the facts about domains; see examine.h. What is asked of one is in
 * examine_job.c.
 */
#include "examine.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "examine_job.h"

/* For peer's calls, and all else that is open but libunbound's sockets. */
#define DESCRIPTORS   (PEER_ACTIVE_MAX + 256)
#define SOCKETS_LEAST 128

TAILQ_HEAD(examine_jobs, examine_job);

struct examine {
	struct examine_tools tools;
	struct examine_jobs jobs;
	unsigned count;
};

/*
 * How many sockets libunbound may have; 0, with a message, when there may not
 * be as many descriptors as it takes. With fewer, calls would fail as if the
 * other side were to blame.
 */
static unsigned
find_sockets(char why[FACTS_WHY_SIZE])
{
	struct rlimit limit;
	rlim_t *now = &limit.rlim_cur;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return LOOKUP_SOCKETS;
	if (*now < DESCRIPTORS + LOOKUP_SOCKETS) {
		*now = limit.rlim_max < DESCRIPTORS + LOOKUP_SOCKETS
			   ? limit.rlim_max
			   : DESCRIPTORS + LOOKUP_SOCKETS;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (*now >= DESCRIPTORS + LOOKUP_SOCKETS)
		return LOOKUP_SOCKETS;
	if (*now >= DESCRIPTORS + SOCKETS_LEAST)
		return (unsigned)*now - DESCRIPTORS;
	(void)snprintf(why, FACTS_WHY_SIZE,
	    "no more than %ju files may be open; it takes \"ulimit -n %d\"",
	    (uintmax_t)*now, DESCRIPTORS + SOCKETS_LEAST);
	return 0;
}

static bool
open_tools(struct examine_tools *tools, char why[FACTS_WHY_SIZE])
{
	const struct examine_options *options = &tools->options;
	const struct lookup_options lookup = { .resolver = options->resolver,
		.trust_anchor = options->trust_anchor,
		.timeout = options->timeout,
		.sockets = find_sockets(why) };
	const struct peer_options peer = { .ca_file = options->ca_file,
		.timeout = options->timeout };
	struct detour detour;

	if (lookup.sockets == 0)
		return false;
	if (!detour_find(
		options->connect_to, "", options->https_port, &detour)) {
		(void)snprintf(why, FACTS_WHY_SIZE,
		    "%s: must be HOST1:PORT1:HOST2:PORT2", options->connect_to);
		return false;
	}
	tools->lookup = lookup_open(&lookup, why);
	if (tools->lookup == NULL)
		return false;
	tools->peer = peer_open(&peer, why);
	if (tools->peer == NULL)
		return false;
	tools->probe =
	    probe_open(tools->lookup, tools->peer, options->smtp_port);
	if (tools->probe == NULL)
		(void)snprintf(why, FACTS_WHY_SIZE, "%s", strerror(errno));
	return tools->probe != NULL;
}

struct examine *
examine_open(const struct examine_options *options, char why[FACTS_WHY_SIZE])
{
	struct examine *examine = calloc(1, sizeof(*examine));

	if (examine == NULL) {
		(void)snprintf(why, FACTS_WHY_SIZE, "%s", strerror(errno));
		return NULL;
	}
	TAILQ_INIT(&examine->jobs);
	examine->tools.options = *options;
	if (options->timeout == 0)
		examine->tools.options.timeout = 1;
	if (options->jobs == 0)
		examine->tools.options.jobs = 1;
	if (!open_tools(&examine->tools, why)) {
		examine_close(examine);
		return NULL;
	}
	return examine;
}

static void
end_job(struct examine *examine, struct examine_job *job)
{
	TAILQ_REMOVE(&examine->jobs, job, link);
	examine->count--;
	facts_free(&job->facts);
	free(job->further);
	free(job);
}

/* Those who keep pointers into others go first. */
void
examine_close(struct examine *examine)
{
	struct examine_job *job;

	if (examine == NULL)
		return;
	peer_close(examine->tools.peer);
	lookup_close(examine->tools.lookup);
	probe_close(examine->tools.probe);
	while ((job = TAILQ_FIRST(&examine->jobs)) != NULL)
		end_job(examine, job);
	free(examine);
}

/* Begins as many as there may be; false at the end, or with an error. */
static bool
begin_jobs(struct examine *examine,
    bool (*next)(void *context, struct facts *facts), void *context)
{
	struct examine_tools *tools = &examine->tools;

	while (examine->count < tools->options.jobs) {
		struct examine_job *job = calloc(1, sizeof(*job));

		if (job == NULL) {
			tools->error = errno;
			return false;
		}
		if (!next(context, &job->facts)) {
			facts_free(&job->facts);
			free(job);
			return false;
		}
		TAILQ_INSERT_TAIL(&examine->jobs, job, link);
		examine->count++;
		examine_job_begin(job, tools);
	}
	return true;
}

static void
end_jobs(struct examine *examine,
    void (*done)(void *context, const struct facts *facts), void *context)
{
	struct examine_job *job, *following;

	for (job = TAILQ_FIRST(&examine->jobs); job != NULL; job = following) {
		following = TAILQ_NEXT(job, link);
		if (!job->done)
			continue;
		job->facts.dnssec = lookup_validates(examine->tools.lookup);
		done(context, &job->facts);
		end_job(examine, job);
	}
}

static bool
is_stopped(const struct examine *examine)
{
	const volatile sig_atomic_t *stop = examine->tools.options.stop;

	return stop != NULL && *stop != 0;
}

bool
examine_run(struct examine *examine,
    bool (*next)(void *context, struct facts *facts),
    void (*done)(void *context, const struct facts *facts), void *context)
{
	struct examine_tools *tools = &examine->tools;
	bool more = true;
	int wait;

	while (tools->error == 0 && !is_stopped(examine)) {
		if (more)
			more = begin_jobs(examine, next, context);
		peer_process(tools->peer);
		wait = lookup_step(tools->lookup);
		end_jobs(examine, done, context);
		if (!more && examine->count == 0)
			break;
		if (more && examine->count < tools->options.jobs)
			continue;
		if (wait < 0 || wait > 1000)
			wait = 1000;
		if (!peer_wait(tools->peer, lookup_fd(tools->lookup), wait))
			tools->error = errno != 0 ? errno : EIO;
		lookup_process(tools->lookup);
	}
	errno = tools->error;
	return tools->error == 0;
}
