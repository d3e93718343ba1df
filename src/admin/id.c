/*
 * mta-sts id, and how all verbs come to an id; see id.h.
 */
#include "id.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "jsonout.h"
#include "report.h"
#include "source.h"

bool
id_of_policy(const struct admin *admin, const char *domain,
    const struct policy *policy, char id[RECORD_ID_SIZE])
{
	time_t changed;

	id[0] = '\0';
	if (admin->settings.dns.id == SETTINGS_ID_HASH) {
		record_id_of_policy(policy, id);
		return true;
	}
	if (!store_changed(&admin->store, domain, &changed)) {
		admin_fail(ADMIN_SYSTEM, "%s: its file cannot be looked at: %s",
		    domain, strerror(errno));
		return false;
	}
	record_id_of_time(changed, id);
	return true;
}

static void
print_id(const struct admin *admin, const char *domain, const char *id)
{
	struct json_object *row;

	if (admin->json) {
		row = json_object_new_object();
		jsonout_set_string(row, "domain", domain);
		jsonout_set_string(row, "id", id);
		jsonout_row(row);
	} else if (admin_is_many(admin)) {
		(void)printf("%s %s\n", domain, id);
	} else {
		(void)printf("%s\n", id);
	}
}

static enum admin_exit
id_domain(struct admin *admin, const char *domain)
{
	static struct policy policy;
	char id[RECORD_ID_SIZE];
	struct report report;
	enum admin_exit result;

	report_init(&report, admin);
	report_errors_only(&report);
	result = source_required(&admin->store, domain, &policy, &report);
	if (result != ADMIN_DONE)
		return result;
	if (!id_of_policy(admin, domain, &policy, id))
		return ADMIN_SYSTEM;
	print_id(admin, domain, id);
	return ADMIN_DONE;
}

enum admin_exit
admin_id(struct admin *admin)
{
	return jsonout_each_domain(admin, id_domain);
}
