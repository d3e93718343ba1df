/*
 * JSON on stdout; see jsonout.h.
 */
#include "jsonout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "diag.h"
#include "human.h"

#define STYLE (JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)

/* There is one stdout, and so one array. */
static size_t rows;

enum admin_exit
jsonout_each_domain(struct admin *admin,
    enum admin_exit (*each)(struct admin *admin, const char *domain))
{
	enum admin_exit result = admin_open(admin);

	if (result != ADMIN_DONE)
		return result;
	if (admin->json)
		jsonout_begin();
	result = admin_each_domain(admin, each);
	if (admin->json)
		jsonout_end();
	return result;
}

void
jsonout_begin(void)
{
	rows = 0;
	(void)fputs("[", stdout);
}

void
jsonout_row(struct json_object *row)
{
	const char *text = json_object_to_json_string_ext(row, STYLE);

	(void)fputs(rows++ > 0 ? ",\n " : "\n ", stdout);
	(void)fputs(text != NULL ? text : "null", stdout);
	(void)json_object_put(row);
}

void
jsonout_end(void)
{
	(void)fputs(rows > 0 ? "\n]\n" : "]\n", stdout);
}

static struct json_object *
escaped(const char *string)
{
	const size_t size = 4 * strlen(string) + 1;
	struct json_object *value;
	char *storage = malloc(size);
	struct text text;

	if (storage == NULL)
		return NULL;
	text_init(&text, storage, size);
	for (; *string != '\0'; string++)
		if (*string == '\n' || *string == '\r')
			text_add(&text, string, 1);
		else
			text_add_escaped(&text, string, 1);
	value = json_object_new_string(storage);
	free(storage);
	return value;
}

void
jsonout_set_string(struct json_object *row, const char *key, const char *string)
{
	(void)json_object_object_add(
	    row, key, string != NULL ? escaped(string) : NULL);
}

void
jsonout_set_time(struct json_object *row, const char *key, time_t time)
{
	char storage[64];
	struct text text;

	text_init(&text, storage, sizeof(storage));
	human_add_time(&text, time);
	jsonout_set_string(row, key, storage);
}

static void
set_number(struct json_object *row, const char *key, unsigned number)
{
	(void)json_object_object_add(
	    row, key, number != 0 ? json_object_new_int64(number) : NULL);
}

struct json_object *
jsonout_finding(const struct diag *diag)
{
	struct json_object *row = json_object_new_object();

	jsonout_set_string(row, "file", diag->file);
	set_number(row, "line", diag->place.line);
	set_number(row, "column", diag->place.column);
	jsonout_set_string(row, "severity",
	    diag->severity == DIAG_ERROR ? "error" : "warning");
	jsonout_set_string(row, "message", diag->message);
	jsonout_set_string(
	    row, "hint", diag->hint[0] != '\0' ? diag->hint : NULL);
	return row;
}

void
jsonout_set_policy(struct json_object *row, const struct policy *policy)
{
	struct json_object *mode = NULL, *max_age = NULL, *mx = NULL;
	size_t i;

	if (policy != NULL) {
		mode = json_object_new_string(policy_mode_name(policy->mode));
		max_age = json_object_new_int64(policy->max_age);
		mx = json_object_new_array();
		for (i = 0; i < policy->mx_count; i++)
			(void)json_object_array_add(mx,
			    json_object_new_string(policy_mx_name(policy, i)));
	}
	(void)json_object_object_add(row, "mode", mode);
	(void)json_object_object_add(row, "max_age", max_age);
	(void)json_object_object_add(row, "mx", mx);
}
