/*
 * Private to examine: one domain that is looked at. All that it takes is in one
 * block of memory, but for the further fetches; its callbacks are called by
 * lookup, fetch and probe.
 */
#ifndef MTASTS_EXAMINE_JOB_H
#define MTASTS_EXAMINE_JOB_H

#include <sys/queue.h>

#include "detour.h"
#include "examine.h"
#include "fetch.h"
#include "lookup.h"
#include "policy.h"
#include "probe.h"

/* What all jobs share. */
struct examine_tools {
	struct examine_options options;
	struct lookup *lookup;
	struct peer *peer;
	struct probe *probe;
	struct policy policy; /* scratch */
	int error;            /* an errno: the system has failed */
};

struct examine_job {
	TAILQ_ENTRY(examine_job) link;
	struct facts facts;
	bool done; /* nothing of it is under way any more */

	struct examine_tools *tools;
	unsigned pending; /* questions, fetches and wishes */
	struct lookup_question sts, misnamed, tlsrpt, apex, mx;
	struct lookup_question host4, host6, detour4, detour6;
	struct lookup_question listed[FACTS_MX_MAX];
	char host[HOSTNAME_SIZE]; /* mta-sts.<domain> */
	unsigned awaited;         /* of the answers with addresses */
	struct detour detour;
	struct fetch fetch4, fetch6;     /* with all addresses of the family */
	struct examine_further *further; /* malloc'd */
	unsigned fetching;
	bool listed_asked;
	struct probe_wish wishes[FACTS_MX_MAX];
};

/* Begins with job->facts.domain; the rest is zero, or facts->local. */
void examine_job_begin(struct examine_job *job, struct examine_tools *tools);

/*
 * Begins the fetches. Pre: the addresses are in job->fetch4 and fetch6; those
 * of a family may be none.
 */
void examine_fetch_begin(struct examine_job *job);

/* Asks for the names that the policy lists. Pre: it is a good one. */
void examine_job_ask_listed(
    struct examine_job *job, const struct facts_fetch *fetch);

/* One thing more, or less, that is under way; with the last the job is done. */
void examine_job_hold(struct examine_job *job);
void examine_job_release(struct examine_job *job);

#endif
