/*
 * What was published when: a text file to which every change of a policy adds
 * one line: time, domain, id, mode, max_age, separated by single spaces.
 * Nothing else is ever done to it, but that a line for a change that then fails
 * is taken back. The id is that of the policy's text, whatever id the settings
 * want in the DNS.
 *
 *   2026-11-22T04:51:52Z example.com 0123456789abcdef... enforce 604800
 *   2026-11-22T04:51:52Z example.org example.com alias -
 *   2026-11-22T04:51:52Z example.com - unknown 31557600
 *   2026-11-22T04:51:52Z example.com example.net renamed -
 *   2026-11-22T04:51:52Z example.com - removed -
 *
 * An alias has what it names in place of the id, and so has what was renamed:
 * for a moment both names are those of one file. "unknown": since the line
 * before something else was served than the lines say, a file that was edited
 * by hand for one; the longest max_age is assumed. From it all follows until
 * when senders may hold on to a policy (RFC 8461 section 8.3).
 */
#ifndef MTASTS_HISTORY_H
#define MTASTS_HISTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "admin.h"
#include "record.h"

struct history_entry {
	time_t time;
	char domain[STORE_STEM_SIZE]; /* or a shared name */
	char id[RECORD_ID_SIZE];      /* "" when it has none */
	char alias[STORE_STEM_SIZE];  /* what it is an alias of, or "" */
	bool renamed;                 /* to what alias says */
	bool removed;
	bool unknown;
	enum policy_mode mode; /* of a policy only, like max_age */
	uint32_t max_age;
};

/*
 * Makes the directory and the file if need be. False, with a message on stderr,
 * when nothing could be added: to be asked before a policy is changed.
 */
bool history_ready(const struct admin *admin);

/* For the above: the directory, made if there is none, with safe parents. */
bool history_make_directory(const struct admin *admin);

/*
 * The length of the file, -1 with a message on stderr, and how to take back
 * what was added since, when the change it tells of has failed. Pre: the lock
 * has been held in between.
 */
off_t history_length(const struct admin *admin);
void history_take_back(const struct admin *admin, off_t length);

/*
 * Adds a line, in one write, and syncs it. What a writer that was killed left
 * of its line is marked, so that nobody takes it for a whole one. False with a
 * message on stderr. Pre: the lock of the policy directory is held.
 */
bool history_add(const struct admin *admin, const struct history_entry *entry);

/*
 * Calls the function with each entry of a domain, oldest first (all domains
 * when NULL). A line that cannot be read is warned of; when its domain can, it
 * is an entry that is unknown, with the time of the line or, failing that, of
 * the entry before. Is even the domain lost, *whole becomes false (it may be
 * NULL). What a killed writer left is neither. False, with a message on stderr,
 * when the file cannot be read; no file is no entry.
 */
bool history_each(const struct admin *admin, const char *domain,
    void (*each)(void *context, const struct history_entry *entry),
    void *context, bool *whole);

/*
 * The time from which no sender can hold a policy of the domain any more that
 * asks for anything, if none is served from now on: over all entries but those
 * of mode none, the time until which each was served (the next one's, or now)
 * plus its max_age; 0 when there is none. An alias had what the history of its
 * target says, while it was one.
 *
 * *known is false when something unknown decides: an "unknown" line, no entry
 * at all, or a last one whose id is not current_id (somebody changed the file
 * by hand). The RFC's maximum is added to those. It is false as well when a
 * line is spoilt so that it may have been about any domain.
 *
 * False, with a message on stderr, when the history cannot be read.
 */
bool history_expiry(const struct admin *admin, const char *domain,
    const char *current_id, time_t now, time_t *expiry, bool *known);

#endif
