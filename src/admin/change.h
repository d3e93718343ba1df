/*
 * The one way in which the command changes the policy directory: under a lock,
 * validated first, atomically, and noted in the history. What to write is for
 * the verbs. Names are policy domains, or shared names such as _hosting.
 */
#ifndef MTASTS_CHANGE_H
#define MTASTS_CHANGE_H

#include "admin.h"
#include "record.h"
#include "source.h"

/*
 * Waits for and takes the lock of the policy directory (flock on conf.d/.lock),
 * so that of two writers the second sees what the first wrote, and sees that
 * the history can be written. Neither is done in a dry run. Gives up after a
 * minute. change_end releases the lock; so does the end of the process.
 */
enum admin_exit change_begin(struct admin *admin);
void change_end(void);

/* Calls the function between the two above. */
enum admin_exit change_with_lock(struct admin *admin, const char *domain,
    enum admin_exit (*work)(struct admin *admin, const char *domain));

enum change_kind { CHANGE_ABSENT, CHANGE_POLICY, CHANGE_ALIAS };

/*
 * What the directory has under a name. alias is what it is an alias of, "" for
 * a link to something that is no policy file.
 */
enum change_kind change_look(
    const struct admin *admin, const char *domain, char alias[STORE_STEM_SIZE]);

/*
 * Reads and validates what is served for a name, and the id of its text. Errors
 * go to stderr, warnings do not. Pre: it is there.
 */
enum admin_exit change_read(const struct admin *admin, const char *domain,
    struct source *source, struct policy *policy, char id[RECORD_ID_SIZE]);

/* The same in silence; id is "" when it is not there or has an error. */
bool change_peek(const struct admin *admin, const char *domain,
    struct source *source, struct policy *policy, char id[RECORD_ID_SIZE]);

/*
 * The same for a text that is to become the policy of a name. aloud: with
 * warnings.
 */
enum admin_exit change_judge(const struct admin *admin, const char *domain,
    struct text_span text, bool aloud, struct policy *policy,
    char id[RECORD_ID_SIZE]);

/*
 * Puts a policy in place: parses and validates it (errors on stderr, nothing
 * written when there is one), writes a temporary file in the directory, mode
 * 0644, of the trusted owner, fsyncs it, renames it over <domain>.txt, fsyncs
 * the directory, and adds to the history. The file that was there stays as it
 * is when anything fails. A dry run prints the text and writes nothing.
 */
enum admin_exit
change_put(struct admin *admin, const char *domain, struct text_span text);

/*
 * The same for a policy that somebody else has published until now: what the
 * domain had before is unknown.
 */
enum admin_exit
change_adopt(struct admin *admin, const char *domain, struct text_span text);

/* What a policy is retired with: mode none, for so long. */
#define CHANGE_RETIRED_MAX_AGE 86400

/*
 * The text of a retired policy, in bytes: the source with only these fields
 * changed and no mx, or a new one when source is NULL.
 */
struct text_span
change_retired(const struct source *source, char bytes[POLICY_SIZE_MAX + 1]);

/*
 * Makes <alias>.txt a symbolic link to <target>.txt, atomically. Links that
 * name <alias> are made to name the target. Pre: the target is a file.
 */
enum admin_exit
change_link(struct admin *admin, const char *alias, const char *target);

/*
 * Renames, never over something else. The new name is there before the old one
 * goes, and links that name the old one follow in between. One that was begun
 * and not finished is finished. left, unless empty, is the policy that stays at
 * the old name, in a file of its own.
 */
enum admin_exit change_rename(struct admin *admin, const char *old,
    const char *new, struct text_span left);

/* Whether a rename has been begun: both names are those of one file. */
bool
change_is_begun(const struct admin *admin, const char *old, const char *new);

/* Removes <domain>.txt; not when it is a directory. */
enum admin_exit change_remove(struct admin *admin, const char *domain);

/*
 * Calls the function with each other name that is an alias of it, until it
 * returns false. False with a message when the directory cannot be listed.
 */
bool change_each_alias(const struct admin *admin, const char *domain,
    bool (*each)(void *context, const char *alias), void *context);

/*
 * Where ids are made of the time, waits until that of a change made now is
 * another one than the policy and its aliases have. Pre: the lock is held. The
 * aliases are looked at by the first call alone.
 */
void change_await_second(const struct admin *admin, const char *domain);

#endif
