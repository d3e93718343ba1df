/*
 * What several fetches of one policy tell that one alone does not: of the
 * machines that share a name, some fail, or have another policy. What all of a
 * family have in common is told where the first is judged.
 */
#include <string.h>

#include "judge_part.h"

#define GROUPS_MAX 4 /* that are told apart */
#define PLACES     "from "

/* Fetches that are alike: that have the same fault, or the same policy. */
struct group {
	struct judge_fault fault;
	const struct facts_fetch *first;
	size_t count;
	struct text places;
	char storage[FACTS_PLACES_MAX * (FACTS_ADDRESS_SIZE + 2)];
};

struct groups {
	size_t count, all; /* of groups; of the fetches in any, or in none */
	struct group at[GROUPS_MAX];
};

/* Whether the list has it, which begins with PLACES. */
static bool
has_place(const struct text *places, const char *address)
{
	const size_t length = strlen(address);
	const char *at = places->bytes;

	while ((at = strstr(at, address)) != NULL) {
		if (at[-1] == ' ' && (at[length] == ',' || at[length] == '\0'))
			return true;
		at += length;
	}
	return false;
}

static void
add_place(struct group *group, const char *address)
{
	group->count++;
	if (group->places.length == 0)
		text_add_format(&group->places, PLACES "%s", address);
	else if (!has_place(&group->places, address))
		text_add_format(&group->places, ", %s", address);
}

static bool
is_alike(const struct group *group, const struct facts_fetch *fetch,
    const struct judge_fault *fault)
{
	if (fault == NULL)
		return strcmp(group->first->id, fetch->id) == 0;
	return group->fault.code == fault->code &&
	       group->first->status == fetch->status;
}

/* Puts it to those that are alike, unless there are too many groups already. */
static void
join(struct groups *groups, const struct facts_fetch *fetch,
    const struct judge_fault *fault)
{
	struct group *group = groups->at;
	const struct group *end = groups->at + groups->count;

	groups->all++;
	while (group < end && !is_alike(group, fetch, fault))
		group++;
	if (group == groups->at + GROUPS_MAX)
		return;
	if (group == end) {
		groups->count++;
		group->first = fetch;
		group->count = 0;
		if (fault != NULL)
			group->fault = *fault;
		text_init(
		    &group->places, group->storage, sizeof(group->storage));
	}
	add_place(group, fetch->address);
}

/* The fetch by which those of its family are judged. */
static const struct facts_fetch *
first_of(const struct facts *facts, const struct facts_fetch *fetch)
{
	return facts_is_six(fetch) ? &facts->fetch6 : &facts->fetch4;
}

/* Fetches by families that brought a text at all; fails: also those without. */
static size_t
count_fetches(const struct facts *facts, bool fails)
{
	const struct facts_fetch *fetch;
	size_t i, count = 0;

	for (i = 0; (fetch = facts_fetch(facts, i)) != NULL; i++)
		count += fails ? fetch->end != FACTS_FETCH_UNASKED &&
				     judge_is_served(first_of(facts, fetch))
			       : judge_is_served(fetch);
	return count;
}

/* Faults that the first of the family has not. */
static void
find_faults(const struct judging *judging, bool errors, struct groups *groups)
{
	const struct facts *facts = judging->facts;
	size_t i, reader;

	groups->count = groups->all = 0;
	for (i = 0; i < facts->further_count; i++) {
		const struct facts_fetch *fetch = &facts->further[i];
		const struct facts_fetch *first = first_of(facts, fetch);
		struct judge_fault fault, known;

		if (!judge_is_served(first))
			continue;
		for (reader = 0; reader < JUDGE_READERS; reader++) {
			if (!judge_read_fault(judging, reader, fetch, &fault))
				continue;
			if (judge_rules[fault.code].severity !=
			    (errors ? JUDGE_ERROR : JUDGE_WARNING))
				continue;
			if (judge_read_fault(judging, reader, first, &known) &&
			    known.code == fault.code)
				continue;
			join(groups, fetch, &fault);
			if (errors)
				break;
		}
	}
}

/* A command that asks that address alone. */
static void
paste_curl(const struct judging *judging, struct judge_finding *finding,
    const struct facts_fetch *fetch)
{
	const bool six = facts_is_six(fetch);

	judge_paste(finding, "curl -v --connect-to '::%s%s%s:' %s",
	    six ? "[" : "", fetch->address, six ? "]" : "", judging->url);
}

static void
add_groups_left(struct judge_finding *finding, const struct groups *groups)
{
	size_t i, told = 0;

	for (i = 0; i < groups->count; i++)
		told += groups->at[i].count;
	if (told < groups->all)
		judge_what(finding, "; and %zu more", groups->all - told);
}

/* Those that we have asked too often are not broken. */
static void
mend_fails(const struct judging *judging, struct judge_finding *finding,
    const struct group *group)
{
	if (group->first->status == JUDGE_HTTP_OFTEN)
		judge_mend(finding,
		    "The web server limits how often it may be asked: exempt "
		    "that path, since large senders ask from few addresses. "
		    "To see what it says, several times:");
	else
		judge_mend(finding,
		    "Of the machines behind the name, mend the one that "
		    "fails, or have the balancer leave it out, as haproxy.cfg "
		    "does. To see it, several times:");
	paste_curl(judging, finding, group->first);
}

static void
send_fails(struct judging *judging, const struct groups *groups)
{
	struct judge_finding finding;
	size_t i;

	judge_begin(&finding, JUDGE_NODES_FAIL);
	judge_what(&finding, "of %zu fetches %zu failed",
	    count_fetches(judging->facts, true), groups->all);
	for (i = 0; i < groups->count; i++)
		judge_what(&finding, "%s %s, %s", i == 0 ? ":" : ";",
		    groups->at[i].fault.storage, groups->at[i].places.bytes);
	add_groups_left(&finding, groups);
	mend_fails(judging, &finding, &groups->at[0]);
	judge_send(judging, &finding);
}

void
judge_nodes(struct judging *judging)
{
	struct groups groups;
	size_t i;

	find_faults(judging, true, &groups);
	if (groups.all > 0)
		send_fails(judging, &groups);
	find_faults(judging, false, &groups);
	for (i = 0; i < groups.count; i++)
		judge_send_fault(judging, &groups.at[i].fault,
		    groups.at[i].places.bytes + strlen(PLACES), NULL);
}

/* Whether two fetches of one family brought different policies. */
static bool
is_mixed(const struct facts *facts)
{
	size_t i;

	for (i = 0; i < facts->further_count; i++) {
		const struct facts_fetch *fetch = &facts->further[i];
		const struct facts_fetch *first = first_of(facts, fetch);

		if (judge_is_served(fetch) && judge_has_text(first) &&
		    strcmp(fetch->id, first->id) != 0)
			return true;
	}
	return false;
}

/* All that brought another policy than the one that is judged. */
static void
find_others(const struct judging *judging, struct groups *groups)
{
	const struct facts_fetch *fetch;
	size_t i;

	groups->count = groups->all = 0;
	for (i = 0; (fetch = facts_fetch(judging->facts, i)) != NULL; i++)
		if (judge_is_served(fetch) &&
		    strcmp(fetch->id, judging->text->id) != 0)
			join(groups, fetch, NULL);
}

static void
add_other(struct judge_finding *finding, const struct facts_fetch *other,
    const struct facts_fetch *judged)
{
	if (other->id[0] == '\0') {
		judge_what(finding, "a text that is no policy");
		return;
	}
	if (other->mode != judged->mode) {
		judge_what(finding, "mode %s instead of %s (",
		    policy_mode_name(other->mode),
		    policy_mode_name(judged->mode));
		/* Whom it protects is a matter of luck. */
		finding->severity = JUDGE_ERROR;
	}
	judge_what(finding, "id %s instead of %s%s", other->id, judged->id,
	    other->mode != judged->mode ? ")" : "");
}

/* The id of the policy here, whatever the settings make of it. */
static void
read_local(const struct facts_local *local, char id[RECORD_ID_SIZE])
{
	static struct policy policy;
	const struct facts_fetch text = { .body = local->text,
		.length = local->length };

	id[0] = '\0';
	if (local->known && judge_read_text(&text, &policy))
		record_id_of_policy(&policy, id);
}

/* Which of them is the one of the file here. */
static void
add_local(const struct judging *judging, struct judge_finding *finding)
{
	const struct facts_fetch *fetch;
	char id[RECORD_ID_SIZE];
	size_t i;

	read_local(&judging->facts->local, id);
	if (id[0] == '\0')
		return;
	for (i = 0; (fetch = facts_fetch(judging->facts, i)) != NULL; i++)
		if (strcmp(fetch->id, id) == 0) {
			judge_what(finding,
			    "; the policy on this machine has id %s", id);
			return;
		}
	judge_what(finding, "; the policy on this machine is none of these");
	finding->severity = JUDGE_ERROR;
}

static void
send_others(struct judging *judging)
{
	struct groups groups;
	struct judge_finding finding;
	size_t i;

	find_others(judging, &groups);
	judge_begin(&finding, JUDGE_NODES_DIFFER);
	judge_what(&finding, "of %zu fetches %zu brought another policy",
	    count_fetches(judging->facts, false), groups.all);
	for (i = 0; i < groups.count; i++) {
		judge_what(&finding, "%s ", i == 0 ? ":" : ";");
		add_other(&finding, groups.at[i].first, judging->text);
		judge_what(&finding, ", %s", groups.at[i].places.bytes);
	}
	add_groups_left(&finding, &groups);
	add_local(judging, &finding);
	judge_mend(&finding,
	    "See which of the machines behind the name has which, copy the "
	    "policies to those that differ (see the README, Many machines), "
	    "and let the id of the record change only after that. On each:");
	judge_paste(&finding, "mta-sts id %s", judging->facts->domain);
	judge_send(judging, &finding);
}

/* The same policy in other words is a sign of something, and no more. */
static void
send_layouts(struct judging *judging)
{
	const struct facts *facts = judging->facts;
	struct groups groups;
	struct judge_finding finding;
	size_t i;

	groups.count = groups.all = 0;
	for (i = 0; i < facts->further_count; i++) {
		const struct facts_fetch *fetch = &facts->further[i];
		const struct facts_fetch *first = first_of(facts, fetch);

		if (judge_is_served(fetch) && fetch->id[0] != '\0' &&
		    judge_is_served(first) &&
		    strcmp(fetch->digest, first->digest) != 0)
			join(&groups, fetch, NULL);
	}
	if (groups.all == 0)
		return;
	judge_begin(&finding, JUDGE_NODES_DIFFER);
	finding.severity = JUDGE_NOTE;
	judge_sender(&finding, JUDGE_DELIVERS, "");
	judge_what(&finding,
	    "of %zu fetches %zu brought the policy laid out otherwise, %s",
	    count_fetches(facts, false), groups.all, groups.at[0].places.bytes);
	judge_mend(&finding,
	    "Have the same mta-sts.fcgi on all machines behind the name, and "
	    "nothing in front of it that changes the text.");
	judge_send(judging, &finding);
}

bool
judge_nodes_text(struct judging *judging)
{
	if (!is_mixed(judging->facts)) {
		send_layouts(judging);
		return false;
	}
	send_others(judging);
	return true;
}
