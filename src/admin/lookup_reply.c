/*
 * The answers to questions; see lookup_reply.h.
 */
#include "lookup_reply.h"

#include <string.h>

#define RCODE_SERVFAIL 2
#define RCODE_NXDOMAIN 3

struct rdata
lookup_rdata(const struct lookup_reply *reply, size_t i)
{
	struct rdata rdata = { (const unsigned char *)reply->result->data[i],
		(size_t)reply->result->len[i] };

	return rdata;
}

void
lookup_fail(struct lookup_question *question, const char *why)
{
	struct lookup_reply reply = { .answer.dns = FACTS_DNS_FAILED,
		.question = question };

	facts_cut(reply.answer.why, sizeof(reply.answer.why), why, strlen(why));
	question->done(question->context, &reply);
}

/* The name at the end of the CNAMEs. */
static void
set_canonical(struct facts_answer *answer, const char *name)
{
	size_t i, length = strlen(name);

	if (length > 0 && name[length - 1] == '.')
		length--;
	facts_cut(answer->canonical, sizeof(answer->canonical), name, length);
	for (i = 0; answer->canonical[i] != '\0'; i++)
		answer->canonical[i] = text_lower(answer->canonical[i]);
}

static void
set_state(struct facts_answer *answer, const struct ub_result *result)
{
	const char *why = "";

	if (result->bogus) {
		answer->dns = FACTS_DNS_BOGUS;
		why = result->why_bogus != NULL ? result->why_bogus : "";
	} else if (answer->chain > FACTS_CHAIN_MAX) {
		answer->dns = FACTS_DNS_FAILED;
		why = "too many CNAMEs in a row";
	} else if (result->havedata)
		answer->dns = FACTS_DNS_FOUND;
	else if (result->nxdomain || result->rcode == RCODE_NXDOMAIN)
		answer->dns = FACTS_DNS_NO_NAME;
	else if (result->rcode == 0)
		answer->dns = FACTS_DNS_NO_DATA;
	else {
		answer->dns = FACTS_DNS_FAILED;
		why = result->rcode == RCODE_SERVFAIL
			  ? "the resolver answers SERVFAIL"
			  : "the resolver refuses to answer";
	}
	facts_cut(answer->why, sizeof(answer->why), why, strlen(why));
}

void
lookup_answer(struct lookup_question *question, const struct ub_result *result)
{
	struct lookup_reply reply = { .question = question, .result = result };
	struct facts_answer *it = &reply.answer;

	it->secure = result->secure && !result->bogus;
	if (result->answer_packet != NULL && result->answer_len > 0)
		it->chain = rdata_chain((struct rdata){
		    result->answer_packet, (size_t)result->answer_len });
	if (it->chain > 0 && result->canonname != NULL)
		set_canonical(it, result->canonname);
	set_state(it, result);
	if (it->dns == FACTS_DNS_FOUND) {
		it->ttl = result->ttl > 0 ? (uint32_t)result->ttl : 0;
		while (result->data[reply.count] != NULL)
			reply.count++;
	}
	question->done(question->context, &reply);
}
