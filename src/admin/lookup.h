/*
 * Questions to the DNS, many at a time, validated here: libunbound asks the
 * resolver it is told of, and believes its signatures, not its word. A question
 * that is not answered in time has failed. libunbound does its work in a thread
 * of its own; every function here is called, and every answer taken, in the
 * caller's. What the records hold is for rdata.
 */
#ifndef MTASTS_LOOKUP_H
#define MTASTS_LOOKUP_H

#include <sys/queue.h>

#include "facts.h"
#include "rdata.h"

#define LOOKUP_ACTIVE_MAX 256  /* questions asked at the same time */
#define LOOKUP_SOCKETS    1024 /* of libunbound; more are of no use */
#define LOOKUP_NAME_SIZE  (HOSTNAME_SIZE + 16) /* "_25._tcp." and a host */

enum lookup_type {
	LOOKUP_A = 1,
	LOOKUP_MX = 15,
	LOOKUP_TXT = 16,
	LOOKUP_AAAA = 28,
	LOOKUP_DNSKEY = 48,
	LOOKUP_TLSA = 52,
};

/*
 * The answer to a question; valid during the call that brings it. The question
 * may be put again then.
 */
struct lookup_reply {
	struct facts_answer answer;
	size_t count; /* of the records; more than 0 with FACTS_DNS_FOUND */
	const struct lookup_question *question;
	const struct ub_result *result;
};

struct lookup;

/*
 * A question. It belongs to the caller, who sets the upper part and leaves it
 * where it is until done has been called.
 */
struct lookup_question {
	char name[LOOKUP_NAME_SIZE];
	enum lookup_type type;
	void (*done)(void *context, const struct lookup_reply *reply);
	void *context;

	TAILQ_ENTRY(lookup_question) link;
	struct lookup *lookup;
	int64_t deadline;
	int id;
};

struct lookup_options {
	const char *resolver;     /* "ADDRESS[@PORT]"; NULL: resolv.conf's */
	const char *trust_anchor; /* a file; "" for none, NULL: Debian's */
	unsigned timeout;         /* seconds for a question */
	unsigned sockets;         /* of libunbound; LOOKUP_SOCKETS or fewer */
};

/*
 * With Debian's trust anchor the root's own keys are asked for first: a
 * resolver that keeps the signatures back would make everything look forged.
 * There, and where the file is not installed, nothing is validated.
 *
 * NULL, with a message in why, when there is no memory, or an option will not
 * do. The strings of options must live as long.
 */
struct lookup *
lookup_open(const struct lookup_options *options, char why[FACTS_WHY_SIZE]);

/* Questions that are under way are never answered then. */
void lookup_close(struct lookup *lookup);

/* Puts a question; done is called once, from lookup_step or lookup_process. */
void lookup_ask(struct lookup *lookup, struct lookup_question *question);

/*
 * Sends what waits to be sent, and ends what has had its time. The milliseconds
 * until this must be called again, or -1 when nothing has a deadline.
 */
int lookup_step(struct lookup *lookup);

/* Readable when lookup_process has something to do. */
int lookup_fd(const struct lookup *lookup);

/* Takes the answers that have come. */
void lookup_process(struct lookup *lookup);

/* Whether DNSSEC is checked; known once the first question is answered. */
bool lookup_validates(const struct lookup *lookup);

/* The record number i. Pre: i < reply->count. */
struct rdata lookup_rdata(const struct lookup_reply *reply, size_t i);

#endif
