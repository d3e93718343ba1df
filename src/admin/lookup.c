/*
 * Questions to the DNS; see lookup.h. What libunbound answers is read in
 * lookup_reply.c.
 */
#include "lookup.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "lookup_reply.h"

#define ANCHOR   "/usr/share/dns/root.key" /* package dns-root-data */
#define CLASS_IN 1

TAILQ_HEAD(lookup_queue, lookup_question);

struct lookup {
	const struct looklib *lib;
	struct lookup_options options;
	struct ub_ctx *unbound;
	struct lookup_queue waiting, asked; /* asked: next deadline first */
	size_t asked_count;
	struct lookup_question root;
	enum { ROOT_UNASKED, ROOT_ASKED, ROOT_KEPT_BACK, ROOT_DONE } root_state;
	bool validates;
};

/*
 * The defaults of the library are for a few questions. A forwarder that is slow
 * with one name is still asked for others; a day's TTL is not cut. A question
 * that has been cancelled keeps its socket until the library gives it up, so
 * there are several times as many as questions: names that nobody answers for
 * would else have all of them, and the others be asked too late.
 */
static int
set_options(struct lookup *lookup)
{
	char sockets[16];
	const char *const options[][2] = {
		{ "outgoing-range:", sockets },
		{ "outgoing-num-tcp:", "32" },
		{ "num-queries-per-thread:", "2048" },
		{ "msg-cache-size:", "4m" },
		{ "rrset-cache-size:", "8m" },
		{ "cache-max-ttl:", "2419200" },
		{ "infra-keep-probing:", "yes" },
		{ "unblock-lan-zones:", "yes" },
		{ "insecure-lan-zones:", "yes" },
		{ "use-syslog:", "no" },
	};
	size_t i;
	int error = 0;

	(void)snprintf(sockets, sizeof(sockets), "%u", lookup->options.sockets);
	for (i = 0; error == 0 && i < sizeof(options) / sizeof(options[0]); i++)
		error = lookup->lib->ub_ctx_set_option_(
		    lookup->unbound, options[i][0], options[i][1]);
	return error;
}

/* It answers for these itself unless told not to, and we ask the resolver. */
static int
remove_zones(struct lookup *lookup)
{
	static const char *const zones[] = { "localhost.", "test.", "invalid.",
		"onion.", "home.arpa." };
	size_t i;
	int error = 0;

	for (i = 0; error == 0 && i < sizeof(zones) / sizeof(zones[0]); i++)
		error =
		    lookup->lib->ub_ctx_zone_remove_(lookup->unbound, zones[i]);
	return error;
}

static int
set_resolver(struct lookup *lookup)
{
	if (lookup->options.resolver != NULL)
		return lookup->lib->ub_ctx_set_fwd_(
		    lookup->unbound, lookup->options.resolver);
	return lookup->lib->ub_ctx_resolvconf_(lookup->unbound, NULL);
}

static const char *
anchor(const struct lookup *lookup)
{
	return lookup->options.trust_anchor != NULL
		   ? lookup->options.trust_anchor
		   : ANCHOR;
}

/* A new context; what the old one knew is lost. */
static bool
start(struct lookup *lookup, char why[FACTS_WHY_SIZE])
{
	const struct looklib *lib = lookup->lib;
	const char *what = "libunbound";
	int error = UB_NOMEM;

	if (lookup->unbound != NULL)
		lib->ub_ctx_delete_(lookup->unbound);
	lookup->unbound = lib->ub_ctx_create_();
	if (lookup->unbound == NULL)
		goto out;
	/* What it would print on stderr is what strangers make it print. */
	error = lib->ub_ctx_debugout_(lookup->unbound, NULL);
	if (error == 0)
		error = lib->ub_ctx_async_(lookup->unbound, 1);
	if (error == 0)
		error = set_options(lookup);
	if (error != 0)
		goto out;
	what = lookup->options.resolver != NULL ? lookup->options.resolver
						: "/etc/resolv.conf";
	error = set_resolver(lookup);
	if (error != 0)
		goto out;
	if (lookup->validates)
		error =
		    lib->ub_ctx_add_ta_file_(lookup->unbound, anchor(lookup));
	what = lookup->validates ? anchor(lookup) : "libunbound";
	/* From here on the options count, and are found wanting. */
	if (error == 0)
		error = remove_zones(lookup);
out:
	if (error != 0)
		(void)snprintf(why, FACTS_WHY_SIZE, "%s: %s", what,
		    lib->ub_strerror_(error));
	return error == 0;
}

struct lookup *
lookup_open(const struct lookup_options *options, char why[FACTS_WHY_SIZE])
{
	const struct looklib *lib = looklib_load(why);
	struct lookup *lookup;

	if (lib == NULL)
		return NULL;
	lookup = calloc(1, sizeof(*lookup));
	if (lookup == NULL) {
		(void)snprintf(why, FACTS_WHY_SIZE, "%s", strerror(errno));
		return NULL;
	}
	lookup->lib = lib;
	lookup->options = *options;
	TAILQ_INIT(&lookup->waiting);
	TAILQ_INIT(&lookup->asked);
	lookup->validates =
	    *anchor(lookup) != '\0' && access(anchor(lookup), R_OK) == 0;
	lookup->root_state = options->trust_anchor == NULL && lookup->validates
				 ? ROOT_UNASKED
				 : ROOT_DONE;
	if (options->trust_anchor != NULL && *options->trust_anchor != '\0' &&
	    !lookup->validates) {
		(void)snprintf(why, FACTS_WHY_SIZE, "%s: %s",
		    options->trust_anchor, strerror(errno));
		goto fail;
	}
	if (!start(lookup, why))
		goto fail;
	return lookup;
fail:
	lookup_close(lookup);
	return NULL;
}

void
lookup_close(struct lookup *lookup)
{
	if (lookup == NULL)
		return;
	if (lookup->unbound != NULL)
		lookup->lib->ub_ctx_delete_(lookup->unbound);
	free(lookup);
}

void
lookup_ask(struct lookup *lookup, struct lookup_question *question)
{
	question->lookup = lookup;
	TAILQ_INSERT_TAIL(&lookup->waiting, question, link);
}

bool
lookup_validates(const struct lookup *lookup)
{
	return lookup->validates;
}

int
lookup_fd(const struct lookup *lookup)
{
	return lookup->unbound != NULL ? lookup->lib->ub_fd_(lookup->unbound)
				       : -1;
}

/* What libunbound calls, from lookup_process. */
static void
take(void *context, int error, struct ub_result *result)
{
	struct lookup_question *question = context;
	struct lookup *lookup = question->lookup;

	TAILQ_REMOVE(&lookup->asked, question, link);
	lookup->asked_count--;
	if (error != 0 || result == NULL)
		lookup_fail(question, lookup->lib->ub_strerror_(error));
	else
		lookup_answer(question, result);
	if (result != NULL)
		lookup->lib->ub_resolve_free_(result);
}

/*
 * The thread that the first question starts inherits what is blocked; signals
 * are for the caller's.
 */
static void
send_question(struct lookup *lookup, struct lookup_question *question)
{
	sigset_t all, before;
	int error;

	question->deadline =
	    (int64_t)clock_ms() + (int64_t)lookup->options.timeout * 1000;
	TAILQ_INSERT_TAIL(&lookup->asked, question, link);
	lookup->asked_count++;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = lookup->lib->ub_resolve_async_(lookup->unbound, question->name,
	    (int)question->type, CLASS_IN, question, take, &question->id);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0)
		take(question, error, NULL);
}

static void
take_root(void *context, const struct lookup_reply *reply)
{
	struct lookup *lookup = context;

	lookup->validates = reply->answer.secure;
	lookup->root_state = lookup->validates ? ROOT_DONE : ROOT_KEPT_BACK;
}

static void
fail_all(struct lookup *lookup, const char *why)
{
	struct lookup_question *question;

	while ((question = TAILQ_FIRST(&lookup->waiting)) != NULL) {
		TAILQ_REMOVE(&lookup->waiting, question, link);
		lookup_fail(question, why);
	}
}

/*
 * Whether the root's keys have come, or are not wanted. When they do not come,
 * all begins anew without validation; not within an answer, for the context is
 * libunbound's then.
 */
static bool
root_is_known(struct lookup *lookup)
{
	char why[FACTS_WHY_SIZE];

	if (lookup->root_state == ROOT_UNASKED) {
		lookup->root = (struct lookup_question){ .name = ".",
			.type = LOOKUP_DNSKEY,
			.done = take_root,
			.context = lookup,
			.lookup = lookup };
		lookup->root_state = ROOT_ASKED;
		send_question(lookup, &lookup->root);
	}
	if (lookup->root_state == ROOT_KEPT_BACK && start(lookup, why))
		lookup->root_state = ROOT_DONE;
	else if (lookup->root_state == ROOT_KEPT_BACK)
		fail_all(lookup, why);
	return lookup->root_state == ROOT_DONE;
}

static void
expire(struct lookup *lookup)
{
	struct lookup_question *question;
	const int64_t now = (int64_t)clock_ms();

	while ((question = TAILQ_FIRST(&lookup->asked)) != NULL &&
	       question->deadline <= now) {
		(void)lookup->lib->ub_cancel_(lookup->unbound, question->id);
		TAILQ_REMOVE(&lookup->asked, question, link);
		lookup->asked_count--;
		lookup_fail(question, "no answer in time");
	}
}

int
lookup_step(struct lookup *lookup)
{
	struct lookup_question *question;
	int64_t left;

	expire(lookup);
	if (TAILQ_EMPTY(&lookup->waiting) && TAILQ_EMPTY(&lookup->asked))
		return -1;
	while (root_is_known(lookup) &&
	       lookup->asked_count < LOOKUP_ACTIVE_MAX &&
	       (question = TAILQ_FIRST(&lookup->waiting)) != NULL) {
		TAILQ_REMOVE(&lookup->waiting, question, link);
		send_question(lookup, question);
	}
	question = TAILQ_FIRST(&lookup->asked);
	if (question == NULL)
		return -1;
	left = question->deadline - (int64_t)clock_ms();
	return left > 0 ? (int)left : 0;
}

void
lookup_process(struct lookup *lookup)
{
	if (lookup->unbound != NULL)
		(void)lookup->lib->ub_process_(lookup->unbound);
}
