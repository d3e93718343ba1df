/*
 * How often the policy of one domain is fetched, from which addresses, and with
 * which Host headers; see examine_job.h. First once of each family: all else
 * that is asked follows from that. Then all others, side by side.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examine_job.h"

#define REPEATS 2 /* of a form that is answered otherwise */

/* One of the others. */
struct examine_further {
	struct examine_job *job;
	struct fetch fetch;
	unsigned repeated; /* of a form */
};

static void
begin(struct examine_job *job, struct fetch *fetch, struct facts_fetch *facts)
{
	const struct examine_tools *tools = job->tools;

	memcpy(fetch->host, job->host, sizeof(fetch->host));
	fetch->port = tools->options.https_port;
	fetch->port_called = job->detour.port;
	fetch->facts = facts;
	job->fetching++;
	examine_job_hold(job);
	fetch_begin(fetch, tools->peer);
}

/* As soon as there is a policy that lists them. */
static void
ask_listed(struct examine_job *job)
{
	const struct facts *facts = &job->facts;
	const struct facts_fetch *fetch = &facts->fetch4;

	if (fetch->id[0] == '\0')
		fetch = &facts->fetch6;
	if (job->listed_asked || fetch->id[0] == '\0')
		return;
	job->listed_asked = true;
	if (job->tools->options.mx)
		examine_job_ask_listed(job, fetch);
}

/* How much is to be had from it. */
static unsigned
worth(const struct facts_fetch *fetch)
{
	if (fetch->id[0] != '\0')
		return facts_is_plain(fetch) ? 3 : 2;
	return fetch_succeeded(fetch) ? 1 : 0;
}

/* The first of its family, and the better. */
static void
keep_better(struct facts *facts, struct facts_fetch *fetch)
{
	struct facts_fetch *first =
	    facts_is_six(fetch) ? &facts->fetch6 : &facts->fetch4;
	const struct facts_fetch found = *fetch;

	if (worth(fetch) <= worth(first))
		return;
	*fetch = *first;
	*first = found;
}

static void
end_one(struct examine_further *further)
{
	struct examine_job *job = further->job;

	free(further->fetch.facts->body);
	further->fetch.facts->body = NULL;
	if (--job->fetching == 0)
		ask_listed(job);
	examine_job_release(job);
}

static void
end_further(void *context)
{
	struct examine_further *further = context;

	keep_better(&further->job->facts, further->fetch.facts);
	end_one(further);
}

/* Whether it answers otherwise than the host whose name it is. */
static bool
is_odd(const struct facts *facts, const struct facts_fetch *form)
{
	const struct facts_fetch *good = &facts->fetch4;

	if (!fetch_succeeded(good))
		good = &facts->fetch6;
	return form != &facts->forms[FACTS_FORM_ANY] &&
	       (form->end == FACTS_FETCH_BROKEN ||
		   form->end == FACTS_FETCH_LARGE ||
		   (form->end == FACTS_FETCH_ANSWER &&
		       (form->status != good->status ||
			   strcmp(form->digest, good->digest) != 0)));
}

/*
 * What one form alone has may be one machine's. A second try may meet the same
 * one, where machines take turns, a third cannot.
 */
static void
end_form(void *context)
{
	struct examine_further *further = context;
	struct fetch *fetch = &further->fetch;

	if (further->repeated == REPEATS ||
	    !is_odd(&further->job->facts, fetch->facts)) {
		end_one(further);
		return;
	}
	further->repeated++;
	free(fetch->facts->body);
	memset(fetch->facts, 0, sizeof(*fetch->facts));
	fetch->next = fetch->tries = fetch->size = 0;
	fetch_begin(fetch, further->job->tools->peer);
}

/* The addresses of both families in turn, and how often each was asked. */
struct places {
	const char *at[FACTS_PLACES_MAX];
	unsigned asked[FACTS_PLACES_MAX];
	size_t count;
};

static void
add_place(struct places *places, const struct fetch *fetch, size_t i)
{
	const struct facts_fetch *facts = fetch->facts;

	/* A family that nobody wants, or that this machine has no way to. */
	if (facts == NULL || facts->end == FACTS_FETCH_UNASKED ||
	    i >= fetch->count || places->count == FACTS_PLACES_MAX)
		return;
	places->at[places->count] = fetch->addresses[i];
	places->asked[places->count] =
	    strcmp(facts->address, fetch->addresses[i]) == 0;
	places->count++;
}

static void
find_places(const struct examine_job *job, struct places *places)
{
	size_t i;

	places->count = 0;
	for (i = 0; i < FACTS_PLACES_MAX; i++) {
		add_place(places, &job->fetch4, i);
		add_place(places, &job->fetch6, i);
	}
}

/* How many fetches there still are to be. */
static size_t
count_further(const struct examine_job *job, const struct places *places)
{
	size_t i, wanted = job->tools->options.fetches, left = 0;

	if (wanted > FACTS_FETCHES_MAX)
		wanted = FACTS_FETCHES_MAX;
	for (i = 0; i < places->count; i++) {
		left += places->asked[i] == 0;
		wanted -= places->asked[i] > 0 && wanted > 0;
	}
	if (places->count == 0)
		return 0;
	return wanted > left ? wanted : left;
}

/* The place that was asked least. */
static const char *
next_place(struct places *places)
{
	size_t i, least = 0;

	for (i = 1; i < places->count; i++)
		if (places->asked[i] < places->asked[least])
			least = i;
	places->asked[least]++;
	return places->at[least];
}

static void
begin_one(struct examine_further *further, struct examine_job *job,
    const char *address, struct facts_fetch *facts, void (*done)(void *))
{
	struct fetch *fetch = &further->fetch;

	further->job = job;
	(void)snprintf(
	    fetch->addresses[0], sizeof(fetch->addresses[0]), "%s", address);
	fetch->count = 1;
	fetch->done = done;
	fetch->context = further;
	begin(job, fetch, facts);
}

/* What the Host header says, in that form. */
static void
make_header(const struct examine_job *job, enum facts_form form,
    char header[PEER_HEADER_SIZE])
{
	struct text text;
	size_t i;

	text_init(&text, header, PEER_HEADER_SIZE);
	text_add_string(
	    &text, form == FACTS_FORM_ANY ? FACTS_FORM_STRANGER : job->host);
	if (form == FACTS_FORM_PORT)
		text_add_format(&text, ":%u", job->facts.port);
	for (i = 0; form == FACTS_FORM_CASE && i < text.length; i++)
		if (header[i] >= 'a' && header[i] <= 'z')
			header[i] = (char)(header[i] - 'a' + 'A');
}

static void
begin_forms(struct examine_job *job, struct examine_further *them)
{
	const struct facts_fetch *good = &job->facts.fetch4;
	size_t i;

	if (!fetch_succeeded(good))
		good = &job->facts.fetch6;
	if (!fetch_succeeded(good))
		return;
	for (i = 0; i < FACTS_FORMS; i++) {
		make_header(job, (enum facts_form)i, them[i].fetch.header);
		begin_one(&them[i], job, good->address, &job->facts.forms[i],
		    end_form);
	}
}

static void
begin_others(struct examine_job *job)
{
	struct facts *facts = &job->facts;
	struct places places;
	size_t i, count;

	find_places(job, &places);
	count = count_further(job, &places);
	job->further = calloc(count + FACTS_FORMS, sizeof(*job->further));
	facts->further = calloc(count + 1, sizeof(*facts->further));
	if (job->further == NULL || facts->further == NULL) {
		job->tools->error = ENOMEM;
		return;
	}
	facts->further_count = count;
	for (i = 0; i < count; i++)
		begin_one(&job->further[i], job, next_place(&places),
		    &facts->further[i], end_further);
	begin_forms(job, job->further + count);
}

/* A family without a way to it tells nothing, where the other one does. */
static void
forget_family(struct fetch *fetch, const struct fetch *other)
{
	if (fetch->call.no_way && other->call.connected)
		memset(fetch->facts, 0, sizeof(*fetch->facts));
}

static void
end_first(struct examine_job *job)
{
	if (--job->fetching == 0) {
		forget_family(&job->fetch4, &job->fetch6);
		forget_family(&job->fetch6, &job->fetch4);
		ask_listed(job);
		if (job->tools->options.fetches > 1)
			begin_others(job);
	}
	examine_job_release(job);
}

static void
end_fetch6(void *context)
{
	end_first(context);
}

static void
begin_first(struct examine_job *job, struct fetch *fetch,
    struct facts_fetch *facts, void (*done)(void *))
{
	fetch->again = true;
	fetch->done = done;
	fetch->context = job;
	begin(job, fetch, facts);
}

static void
begin_fetch6(struct examine_job *job)
{
	begin_first(job, &job->fetch6, &job->facts.fetch6, end_fetch6);
}

/* By either family: by the other only when there is no connection. */
static void
end_fetch4(void *context)
{
	struct examine_job *job = context;

	if (!job->tools->options.families && !job->fetch4.call.connected &&
	    job->fetch6.count > 0)
		begin_fetch6(job);
	end_first(job);
}

void
examine_fetch_begin(struct examine_job *job)
{
	const bool four = job->fetch4.count > 0, six = job->fetch6.count > 0;

	if (four)
		begin_first(job, &job->fetch4, &job->facts.fetch4, end_fetch4);
	if (six && (!four || job->tools->options.families))
		begin_fetch6(job);
}
