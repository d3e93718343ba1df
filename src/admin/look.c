/*
 * Options of the verbs that look at other machines; see look.h.
 */
#include "look.h"

#include <string.h>

#include "examine.h"

#define TIMEOUT     10 /* seconds */
#define TIMEOUT_MAX 600
#define JOBS_MAX    1024
#define HTTPS_PORT  443
#define SMTP_PORT   25

bool
look_number(const struct admin *admin, const char *name, uint64_t most,
    unsigned *number)
{
	const char *value = admin_option(admin, name);
	uint64_t read;

	if (value == NULL)
		return true;
	if (!text_decimal(
		(struct text_span){ value, strlen(value) }, 6, &read) ||
	    read < 1 || read > most)
		return false;
	*number = (unsigned)read;
	return true;
}

static bool
read_timeout(const struct admin *admin, unsigned *timeout)
{
	const char *value = admin_option(admin, "timeout");
	uint64_t seconds;

	if (value == NULL)
		return true;
	if (!text_duration(
		(struct text_span){ value, strlen(value) }, &seconds) ||
	    seconds < 1 || seconds > TIMEOUT_MAX)
		return false;
	*timeout = (unsigned)seconds;
	return true;
}

enum admin_exit
look_options(const struct admin *admin, struct examine_options *options)
{
	options->resolver = admin_option(admin, "resolver");
	options->trust_anchor = admin_option(admin, "trust-anchor");
	options->ca_file = admin_option(admin, "ca-file");
	options->connect_to = admin_option(admin, "connect-to");
	options->https_port = HTTPS_PORT;
	options->smtp_port = SMTP_PORT;
	options->timeout = TIMEOUT;
	if (!look_number(admin, "port", LOOK_PORT_MAX, &options->https_port))
		return admin_misused(admin, "a port is 1 to %d", LOOK_PORT_MAX);
	if (!look_number(admin, "jobs", JOBS_MAX, &options->jobs))
		return admin_misused(admin, "--jobs is 1 to %d", JOBS_MAX);
	if (!read_timeout(admin, &options->timeout))
		return admin_misused(
		    admin, "--timeout is 1s to %ds", TIMEOUT_MAX);
	return ADMIN_DONE;
}
