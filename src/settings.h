/*
 * The settings, /etc/mta-sts/mta-sts.conf: a libconfig text, read and checked
 * whole. The only user of libconfig. What a setting does is for those who read
 * it.
 */
#ifndef MTASTS_SETTINGS_H
#define MTASTS_SETTINGS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "diag.h"
#include "hostname.h"
#include "log.h"
#include "policy.h"

#define SETTINGS_PATH        "/etc/mta-sts/mta-sts.conf"
#define SETTINGS_ENVIRONMENT "MTA_STS_CONF"
#define SETTINGS_POLICIES    "/etc/mta-sts/conf.d"
#define SETTINGS_STATE       "/var/lib/mta-sts"

#define SETTINGS_MX_MAX        32 /* in defaults */
#define SETTINGS_REPORTS_MAX   8
#define SETTINGS_URI_SIZE      256
#define SETTINGS_ADDRESSES_MAX 8
#define SETTINGS_ADDRESS_SIZE  46 /* of an IPv6 address, the final NUL too */

enum settings_id { SETTINGS_ID_HASH, SETTINGS_ID_DATE };

struct settings {
	char policies[PATH_MAX]; /* absolute path of the policy directory */
	uid_t owner;             /* whom the files in it must belong to */
	char state[PATH_MAX];    /* the same of the history's directory */
	enum policy_unknown unknown_fields;
	bool sandbox; /* whether the responder enters it */
	struct {
		enum log_target to;
		enum log_level level;
	} log;
	struct { /* of a policy that the administrator adds */
		enum policy_mode mode;
		uint32_t max_age; /* seconds */
		size_t mx_count;
		/* "*." and a host name, or a host name; lower case */
		char mx[SETTINGS_MX_MAX][HOSTNAME_SIZE + 2];
	} defaults;
	struct {                          /* of the records to publish */
		char host[HOSTNAME_SIZE]; /* what mta-sts.<domain> points to, or
					     "" */
		/* or its addresses, where it is no alias; never both */
		size_t address_count;
		char addresses[SETTINGS_ADDRESSES_MAX][SETTINGS_ADDRESS_SIZE];
		size_t report_count;
		char reports[SETTINGS_REPORTS_MAX][SETTINGS_URI_SIZE];
		uint32_t ttl; /* seconds */
		enum settings_id id;
	} dns;
};

/*
 * Reads the settings from a file: path, or where that is NULL the one that the
 * environment's MTA_STS_CONF names, or SETTINGS_PATH. Only the last one may be
 * absent: every key has a default. The file belongs to root or to whoever runs
 * this and is writable by nobody else.
 *
 * Every error is sent to the sink, with its line, in one run. False when there
 * was one; *settings then holds the defaults where nothing better was read.
 */
bool settings_load(
    struct settings *settings, const char *path, struct diag_sink *sink);

/* The same for a text of length octets that has been read already. */
bool settings_parse(struct settings *settings, const char *bytes, size_t length,
    struct diag_sink *sink);

#endif
