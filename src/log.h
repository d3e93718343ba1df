/*
 * The log: one line a message, to syslog or to stderr, safe to read on a
 * terminal and not to be flooded by requests. Does not know what is worth
 * telling.
 */
#ifndef MTASTS_LOG_H
#define MTASTS_LOG_H

enum log_target { LOG_TO_SYSLOG, LOG_TO_STDERR };

enum log_level { LOG_ERRORS, LOG_WARNINGS, LOG_INFORMATION, LOG_DEBUGGING };

/*
 * Says where messages go from now on and which are worth it: those of this
 * level and the more urgent ones. Before the first call it is stderr and
 * LOG_INFORMATION. name stands before each message and must stay valid.
 *
 * For syslog it opens a socket and learns the time zone, so that nothing has to
 * be opened later. The socket is not connected: each message finds the daemon
 * that there is by then, one that was started again too. While there is none
 * messages go to stderr. Neither target is ever waited for. The daemon is to
 * take datagrams (RFC 3164's form, local time).
 */
void log_open(const char *name, enum log_target target, enum log_level level);

/*
 * The address that messages for syslog are sent to, for a sandbox that lets
 * nothing else pass; constant, in memory that cannot be written to. NULL where
 * they go to stderr.
 */
const void *log_destination(void);

/*
 * Each writes one line; control characters and bytes outside ASCII stand as
 * \xNN in it. What is longer than LOG_LINE_MAX octets is cut.
 */
#define LOG_LINE_MAX 4000
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * For what requests can cause: writes the message unless the very same one was
 * written by this call less than LOG_SELDOM_SECONDS ago, or LOG_SELDOM_MAX
 * others were. What is left out for the latter reason, and what stderr or the
 * syslog daemon does not take at once, is counted and told by a later call.
 */
#define LOG_SELDOM_SECONDS 60
#define LOG_SELDOM_MAX     256
void log_seldom(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
