/*
 * mta-sts show: a policy as it goes over the wire, byte for byte. What an
 * answer is made of is for the responder, which makes it here as well.
 */
#include <stdio.h>

#include <json-c/json.h>

#include "admin.h"
#include "id.h"
#include "jsonout.h"
#include "report.h"
#include "responder.h"
#include "source.h"

/* One look-up of the responder. */
struct look_up {
	const struct store *store;
	struct report *report;
	enum admin_exit result;
	const struct policy *policy; /* NULL unless it is good */
};

static enum responder_found
find_policy(void *context, const char *domain, const struct policy **found)
{
	static const enum responder_found results[] = {
		[SAFEFILE_OK] = RESPONDER_FOUND,
		[SAFEFILE_ABSENT] = RESPONDER_ABSENT,
		[SAFEFILE_REFUSED] = RESPONDER_REFUSED,
		[SAFEFILE_UNAVAILABLE] = RESPONDER_UNAVAILABLE,
	};
	static struct policy policy;
	struct look_up *look_up = context;
	enum safefile_result result =
	    source_policy(look_up->store, domain, &policy, look_up->report);

	look_up->result = result == SAFEFILE_OK            ? ADMIN_DONE
			  : result == SAFEFILE_UNAVAILABLE ? ADMIN_SYSTEM
							   : ADMIN_FINDINGS;
	if (result == SAFEFILE_ABSENT)
		source_absent(look_up->store, domain, look_up->report);
	if (result == SAFEFILE_OK)
		look_up->policy = &policy;
	*found = &policy;
	return results[result];
}

static void
ask(const char *domain, struct look_up *look_up, struct text *answer)
{
	const struct responder_source store = { find_policy, look_up };
	struct responder_request request = { .method = "GET",
		.uri = RESPONDER_PATH };
	char storage[HOSTNAME_SIZE];
	struct text host;

	text_init(&host, storage, sizeof(storage));
	text_add_string(&host, HOSTNAME_POLICY_LABEL);
	text_add_string(&host, domain);
	request.host = storage;
	responder_answer(&request, &store, answer);
}

static void
print_json(const struct admin *admin, const char *domain,
    const struct policy *policy, const char *text, const char *answer)
{
	struct json_object *row = json_object_new_object();
	char alias[STORE_STEM_SIZE], id[RECORD_ID_SIZE];

	jsonout_set_string(row, "domain", domain);
	jsonout_set_policy(row, policy);
	jsonout_set_string(row, "alias_of",
	    store_alias(&admin->store, domain, alias) ? alias : NULL);
	if (id_of_policy(admin, domain, policy, id))
		jsonout_set_string(row, "id", id);
	jsonout_set_string(row, "text", text);
	if (answer != NULL)
		jsonout_set_string(row, "answer", answer);
	jsonout_row(row);
}

/* Of several the name of each goes to stderr, so that stdout stays exact. */
static void
print_name(const struct admin *admin, const char *domain)
{
	if (!admin_is_many(admin) || admin->quiet)
		return;
	(void)fflush(stdout);
	(void)fprintf(stderr, "# %s\n", domain);
}

static enum admin_exit
show_domain(struct admin *admin, const char *domain)
{
	static char body_storage[POLICY_SIZE_MAX + 1];
	static char answer_storage[RESPONDER_ANSWER_SIZE + 1];
	const bool headers = admin_option(admin, "headers") != NULL;
	struct text body, answer;
	struct look_up look_up = { .store = &admin->store };
	struct report report;

	report_init(&report, admin);
	report_errors_only(&report);
	look_up.report = &report;
	text_init(&body, body_storage, sizeof(body_storage));
	text_init(&answer, answer_storage, sizeof(answer_storage));
	if (!admin->json)
		print_name(admin, domain);
	ask(domain, &look_up, &answer);
	if (look_up.policy != NULL)
		policy_render(look_up.policy, &body);
	if (!admin->json)
		(void)fwrite(headers ? answer.bytes : body.bytes, 1,
		    headers ? answer.length : body.length, stdout);
	else if (look_up.policy != NULL)
		print_json(admin, domain, look_up.policy, body.bytes,
		    headers ? answer.bytes : NULL);
	return look_up.result;
}

enum admin_exit
admin_show(struct admin *admin)
{
	return jsonout_each_domain(admin, show_domain);
}
