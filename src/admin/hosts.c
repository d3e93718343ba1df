/*
 * mta-sts hosts: the policy hosts, in the form of the client that is to get
 * their certificates. One certificate for each: a domain that leaves takes no
 * other one's certificate with it. How certificates are got is for that client.
 */
#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "admin.h"
#include "jsonout.h"
#include "walk.h"

#define FORMS (sizeof(forms) / sizeof(forms[0]))

/* A form is what stands before each host; certbot takes the name twice. */
struct form {
	const char *name;
	const char *before, *again;
};

static const struct form forms[] = {
	{ "plain", "", NULL },
	/* Arguments: xargs -L 1 certbot certonly ... */
	{ "certbot", "--cert-name ", " -d " },
	/* domains.txt: a certificate a line. */
	{ "dehydrated", "", NULL },
	/* Arguments: xargs -L 1 acme.sh --issue ... */
	{ "acme.sh", "-d ", NULL },
	/* The macro of cgi-bin/apache-md.conf, for Apache's mod_md. */
	{ "md", "Use mta_sts_host ", NULL },
};

struct hosts {
	const struct admin *admin;
	const struct form *form;
};

static const struct form *
form_named(const char *name)
{
	size_t i;

	for (i = 0; i < FORMS; i++)
		if (strcmp(name, forms[i].name) == 0)
			return &forms[i];
	return NULL;
}

static void
print_host(const struct form *form, const char *domain)
{
	(void)printf("%s" HOSTNAME_POLICY_LABEL "%s", form->before, domain);
	if (form->again != NULL)
		(void)printf(
		    "%s" HOSTNAME_POLICY_LABEL "%s", form->again, domain);
	(void)putchar('\n');
}

static void
print_json(const char *domain)
{
	char storage[HOSTNAME_SIZE];
	struct json_object *row = json_object_new_object();
	struct text host;

	text_init(&host, storage, sizeof(storage));
	text_add_string(&host, HOSTNAME_POLICY_LABEL);
	text_add_string(&host, domain);
	jsonout_set_string(row, "domain", domain);
	jsonout_set_string(row, "host", storage);
	jsonout_row(row);
}

static void
host_of(void *context, const struct walk_policy *found)
{
	const struct hosts *hosts = context;

	/* Else a typing mistake would let the certificate lapse. */
	if (found->policy == NULL)
		(void)admin_fail(ADMIN_FINDINGS,
		    "%s: its policy is broken; its certificate is still wanted",
		    found->domain);
	if (hosts->admin->json)
		print_json(found->domain);
	else
		print_host(hosts->form, found->domain);
}

enum admin_exit
admin_hosts(struct admin *admin)
{
	const char *name = admin_option(admin, "format");
	struct hosts hosts = { admin, form_named(name ? name : "plain") };
	const struct walk walk = { NULL, host_of, &hosts };
	enum admin_exit result;

	if (hosts.form == NULL)
		return admin_misused(admin,
		    "--format is plain, certbot, dehydrated, acme.sh or md");
	result = admin_open(admin);
	if (result != ADMIN_DONE)
		return result;
	if (admin->json)
		jsonout_begin();
	result = walk_policies(admin, &walk);
	if (admin->json)
		jsonout_end();
	return result;
}
