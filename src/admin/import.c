/*
 * import: policies that customers publish from their document roots become the
 * administrator's. Of what they wrote only the meaning is carried over, as the
 * canonical text. The way to the files is in docroot.c.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <json-c/json.h>

#include "change.h"
#include "docroot.h"
#include "jsonout.h"
#include "report.h"

#define WELL_KNOWN ".well-known"
#define FILE_NAME  "mta-sts.txt"

/* Findings shown of one file: somebody else may have made it for their sake. */
#define FINDINGS_MAX 5

#define PATH_SIZE   (PATH_MAX + NAME_MAX)
#define REASON_SIZE 1024

/* One file being imported, and what is found on the way. */
struct import {
	struct admin *admin;
	const char *path;
	const char *domain; /* NULL: not known yet */
	struct report report;
	struct diag_sink sink;
	char reason[REASON_SIZE]; /* the first error */
	enum admin_exit result;
};

static struct source found;
static struct policy policy;
static char new_bytes[POLICY_SIZE_MAX + 1];

static void
take_finding(void *context, const struct diag *diag)
{
	struct import *import = context;
	struct text reason;

	if (diag->severity == DIAG_ERROR && import->reason[0] == '\0') {
		text_init(&reason, import->reason, sizeof(import->reason));
		text_add_format(&reason, "%.900s", diag->message);
	}
	if (import->sink.errors + import->sink.warnings <= FINDINGS_MAX)
		import->report.sink.take(&import->report, diag);
}

static void
import_init(struct import *import, struct admin *admin, const char *path)
{
	*import = (struct import){ .admin = admin, .path = path };
	report_init(&import->report, admin);
	import->sink = (struct diag_sink){
		.take = take_finding, .context = import, .file = path
	};
}

static void
print_row(const struct import *import, const char *outcome)
{
	struct json_object *row = json_object_new_object();

	jsonout_set_string(row, "domain", import->domain);
	jsonout_set_string(row, "file", import->path);
	jsonout_set_string(row, "outcome", outcome);
	jsonout_set_string(
	    row, "reason", import->reason[0] ? import->reason : NULL);
	jsonout_row(row);
}

static void
print_line(const struct import *import, const char *outcome)
{
	static char storage[4 * (PATH_SIZE + REASON_SIZE) + 512];
	struct text line;

	text_init(&line, storage, sizeof(storage));
	text_add_format(&line, "%s %s ", outcome,
	    import->domain != NULL ? import->domain : "-");
	text_add_escaped(&line, import->path, strlen(import->path));
	if (import->reason[0] != '\0') {
		text_add_string(&line, ": ");
		text_add_escaped(&line, import->reason, strlen(import->reason));
	}
	(void)puts(storage);
}

/* With --quiet only what wants looking at is told. */
static void
conclude(struct import *import, const char *outcome, enum admin_exit result)
{
	if (import->sink.errors > FINDINGS_MAX)
		(void)admin_fail(result, "%s: and %u more", import->path,
		    import->sink.errors + import->sink.warnings - FINDINGS_MAX);
	if (import->admin->json)
		print_row(import, outcome);
	else if (!import->admin->quiet || result != ADMIN_DONE)
		print_line(import, outcome);
	import->result = admin_worse(import->result, result);
}

static void
refuse(struct import *import, const char *reason)
{
	struct text text;

	if (reason != NULL) {
		text_init(&text, import->reason, sizeof(import->reason));
		text_add_string(&text, reason);
	}
	conclude(import, "refused", ADMIN_FINDINGS);
}

/* The canonical text with the line ends that files here have. */
static struct text_span
canonical_text(void)
{
	struct text text;
	size_t i, length = 0;

	text_init(&text, new_bytes, sizeof(new_bytes));
	policy_render(&policy, &text);
	for (i = 0; i < text.length; i++)
		if (new_bytes[i] != '\r')
			new_bytes[length++] = new_bytes[i];
	return (struct text_span){ new_bytes, length };
}

/* Reads the file and judges it; the policy is then in policy. */
static bool
read_found(struct import *import, int directory, const char *name, bool *absent)
{
	struct diag_sink *sink = &import->sink;
	enum safefile_result result = safefile_read_foreign(directory, name,
	    found.bytes, sizeof(found.bytes), &found.length, sink);

	*absent = result == SAFEFILE_ABSENT;
	if (result != SAFEFILE_OK)
		return false;
	report_source(
	    &import->report, (struct text_span){ found.bytes, found.length });
	policy_parse(&policy, found.bytes, found.length,
	    import->admin->store.unknown, sink);
	policy_validate(&policy, sink);
	return sink->errors == 0;
}

/* What is to become of a good policy; what is there already stays. */
static void
adopt(struct import *import)
{
	static struct source there;
	static struct policy policy_there;
	char id[RECORD_ID_SIZE], id_there[RECORD_ID_SIZE];
	char alias[STORE_STEM_SIZE];
	struct admin *admin = import->admin;
	enum admin_exit result;

	record_id_of_policy(&policy, id);
	if (change_look(admin, import->domain, alias) == CHANGE_ABSENT) {
		/* Somebody else served it until now. */
		result = admin->dry_run ? ADMIN_DONE
					: change_adopt(admin, import->domain,
					      canonical_text());
		if (result == ADMIN_DONE)
			conclude(import,
			    admin->dry_run ? "would-take" : "taken", result);
		else
			conclude(import, "failed", result);
	} else if (change_peek(admin, import->domain, &there, &policy_there,
		       id_there) &&
		   strcmp(id, id_there) == 0) {
		conclude(import, "already", ADMIN_DONE);
	} else {
		refuse(import,
		    "the domain has another policy already, which stays");
	}
}

static void
import_file(struct import *import, int directory, const char *name)
{
	enum admin_exit result;
	bool absent;

	if (!read_found(import, directory, name, &absent)) {
		refuse(import, absent ? "there is no such file" : NULL);
		return;
	}
	result = change_begin(import->admin);
	if (result == ADMIN_DONE)
		adopt(import);
	else
		conclude(import, "failed", result);
	change_end();
}

/*
 * The domain of a document root. That of the policy host itself will do, too;
 * a name without a dot is a user's rather than a domain.
 */
static bool
domain_of(const char *name, char domain[HOSTNAME_SIZE])
{
	struct text_span label = { name, strlen(HOSTNAME_POLICY_LABEL) };

	if (strlen(name) > label.length &&
	    text_equals_fold(label, HOSTNAME_POLICY_LABEL))
		name += label.length;
	return strchr(name, '.') != NULL && admin_domain(name, domain);
}

/* What goes through the document roots. */
struct tour {
	struct admin *admin;
	size_t roots;
	enum admin_exit result;
	struct json_object *claims; /* domain to path */
};

static bool
is_there(int directory)
{
	return faccessat(directory, FILE_NAME, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Who can make directories there can call them as anybody's domain. */
static bool
is_trusted(const struct import *import, const struct stat *parent)
{
	return (parent->st_uid == 0 ||
		   parent->st_uid == import->admin->settings.owner) &&
	       (parent->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Whether no document root before this one was the domain's; else a refusal. */
static bool
claim(struct import *import, struct json_object *claims)
{
	struct json_object *before;
	char reason[REASON_SIZE];

	if (!json_object_object_get_ex(claims, import->domain, &before)) {
		(void)json_object_object_add(claims, import->domain,
		    json_object_new_string(import->path));
		return true;
	}
	(void)snprintf(reason, sizeof(reason),
	    "%.400s has a policy for the domain, too: which one is it? Use "
	    "import FILE --domain",
	    json_object_get_string(before));
	refuse(import, reason);
	return false;
}

static void
import_root(struct import *import, int directory, const struct docroot *docroot,
    struct json_object *claims)
{
	char domain[HOSTNAME_SIZE];

	if (!is_there(directory))
		return;
	if (!domain_of(docroot->name, domain)) {
		refuse(import, "its document root is not called as a domain");
		return;
	}
	import->domain = domain;
	if (!is_trusted(import, docroot->parent))
		refuse(import,
		    "others can write to the directory whose entries stand for "
		    "domains: its owner could name any domain here; use "
		    "import FILE --domain");
	else if (claim(import, claims))
		import_file(import, directory, FILE_NAME);
	import->domain = NULL;
}

static void
visit(void *context, const struct docroot *docroot)
{
	struct tour *tour = context;
	char path[PATH_SIZE];
	struct import import;
	struct text text;
	int directory;

	text_init(&text, path, sizeof(path));
	text_add_format(&text, "%s/" WELL_KNOWN "/" FILE_NAME, docroot->path);
	import_init(&import, tour->admin, path);
	tour->roots++;
	switch (docroot_enter(
	    docroot->directory, WELL_KNOWN, &directory, &import.sink)) {
	case DOCROOT_OPEN:
		import_root(&import, directory, docroot, tour->claims);
		(void)close(directory);
		break;
	case DOCROOT_REFUSED:
		refuse(&import, NULL);
		break;
	default:
		break;
	}
	tour->result = admin_worse(tour->result, import.result);
}

static enum admin_exit
import_roots(struct admin *admin, const char *pattern)
{
	const char *fault = docroot_fault(pattern);
	struct tour tour = { .admin = admin };
	struct report report;

	if (fault != NULL)
		return admin_misused(admin, "--docroots: %s", fault);
	tour.claims = json_object_new_object();
	report_init(&report, admin);
	docroot_each(pattern, visit, &tour, &report.sink);
	(void)json_object_put(tour.claims);
	if (report.sink.errors > 0)
		tour.result = admin_worse(tour.result, ADMIN_FINDINGS);
	admin_tell(
	    admin, "%zu document root%s", tour.roots, text_plural(tour.roots));
	return tour.result;
}

static enum admin_exit
import_one(struct admin *admin, const char *path, const char *operand)
{
	char domain[HOSTNAME_SIZE];
	struct import import;
	const char *name;
	int directory;

	if (!admin_name(operand, domain))
		return ADMIN_FINDINGS;
	import_init(&import, admin, path);
	import.domain = domain;
	directory = docroot_parent(path, &name, &import.sink);
	if (directory < 0) {
		refuse(&import, NULL);
	} else {
		import_file(&import, directory, name);
		(void)close(directory);
	}
	return import.result;
}

enum admin_exit
admin_import(struct admin *admin)
{
	const char *domain = admin_option(admin, "domain");
	const char *pattern = admin_option(admin, "docroots");
	enum admin_exit result;

	if ((pattern == NULL) == (admin->operand_count == 0) ||
	    (domain == NULL) != (pattern != NULL))
		return admin_misused(admin,
		    "FILE and --domain, or --docroots, is what it takes");
	result = admin_open(admin);
	if (result != ADMIN_DONE)
		return result;
	if (admin->json)
		jsonout_begin();
	result = pattern != NULL
		     ? import_roots(admin, pattern)
		     : import_one(admin, admin->operands[0], domain);
	if (admin->json)
		jsonout_end();
	return result;
}
