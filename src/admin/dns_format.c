/*
 * The four forms in which records are printed; see dns_format.h.
 */
#include "dns_format.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json.h>

#include "jsonout.h"

#define STRING_MAX 255 /* octets of one character string, RFC 1035 3.3 */

static const char *const type_names[] = {
	[DNS_CNAME] = "CNAME",
	[DNS_TXT] = "TXT",
	[DNS_A] = "A",
	[DNS_AAAA] = "AAAA",
};

bool
dns_form_parse(const char *word, enum dns_form *form)
{
	static const char *const words[] = {
		[DNS_ZONE] = "zone",
		[DNS_NSUPDATE] = "nsupdate",
		[DNS_JSON] = "json",
		[DNS_TABLE] = "table",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0) {
			*form = (enum dns_form)i;
			return true;
		}
	return false;
}

/* A text as the character strings of a zone file, in quotes. */
static void
print_strings(const char *text)
{
	size_t i;

	(void)putchar('"');
	for (i = 0; text[i] != '\0'; i++) {
		if (i > 0 && i % STRING_MAX == 0)
			(void)fputs("\" \"", stdout);
		if (text[i] == '"' || text[i] == '\\')
			(void)putchar('\\');
		(void)putchar(text[i]);
	}
	(void)putchar('"');
}

/* The last field of a record in a zone file, and its line end. */
static void
print_value(const struct dns_record *record)
{
	if (record->type == DNS_TXT)
		print_strings(record->value);
	else
		(void)printf("%s%s", record->value,
		    record->type == DNS_CNAME ? "." : "");
	(void)putchar('\n');
}

/*
 * Out goes what the new records could not stand beside: a server passes over a
 * CNAME where there are other records, and over others where there is a CNAME,
 * without a word (RFC 2136 section 3.4.2.2). Types that are not ours stay.
 */
static void
print_deletes(const struct dns_record *record)
{
	static const char *const of_text[] = { "CNAME", "TXT", NULL };
	static const char *const of_host[] = { "CNAME", "A", "AAAA", NULL };
	bool text = record->type == DNS_TXT || record->name[0] == '_';
	const char *const *type = text ? of_text : of_host;

	for (; *type != NULL; type++)
		(void)printf("update delete %s. %s\n", record->name, *type);
}

static void
keep_json(struct dns_printer *printer, const struct dns_record *record)
{
	struct json_object *object = json_object_new_object();

	jsonout_set_string(object, "name", record->name);
	jsonout_set_string(object, "type", type_names[record->type]);
	(void)json_object_object_add(
	    object, "ttl", json_object_new_int64(record->ttl));
	jsonout_set_string(object, "value", record->value);
	(void)json_object_array_add(printer->records, object);
}

void
dns_print_begin(struct dns_printer *printer, enum dns_form form)
{
	*printer = (struct dns_printer){ .form = form };
	if (form == DNS_JSON)
		jsonout_begin();
}

void
dns_print_end(struct dns_printer *printer)
{
	if (printer->form == DNS_JSON)
		jsonout_end();
}

void
dns_print_group(struct dns_printer *printer, const char *domain, const char *id)
{
	printer->name[0] = '\0';
	if (printer->form == DNS_ZONE)
		(void)printf("%s; %s\n", printer->begun ? "\n" : "", domain);
	if (printer->form == DNS_TABLE && !printer->begun)
		(void)printf(
		    "%-40s %-5s %7s  %s\n", "NAME", "TYPE", "TTL", "VALUE");
	if (printer->form == DNS_JSON) {
		printer->group = json_object_new_object();
		printer->records = json_object_new_array();
		jsonout_set_string(printer->group, "domain", domain);
		jsonout_set_string(
		    printer->group, "id", id[0] != '\0' ? id : NULL);
		(void)json_object_object_add(
		    printer->group, "records", printer->records);
	}
	printer->begun = true;
}

void
dns_print_group_end(struct dns_printer *printer)
{
	if (printer->form == DNS_NSUPDATE && printer->name[0] != '\0')
		(void)puts("send");
	if (printer->form == DNS_JSON)
		jsonout_row(printer->group);
	printer->group = printer->records = NULL;
}

void
dns_print(struct dns_printer *printer, const struct dns_record *record)
{
	const char *type = type_names[record->type];
	bool first = strcmp(printer->name, record->name) != 0;

	(void)snprintf(
	    printer->name, sizeof(printer->name), "%s", record->name);
	switch (printer->form) {
	case DNS_ZONE:
		(void)printf("%s. %u IN %s ", record->name, record->ttl, type);
		print_value(record);
		break;
	case DNS_NSUPDATE:
		if (first)
			print_deletes(record);
		(void)printf(
		    "update add %s. %u %s ", record->name, record->ttl, type);
		print_value(record);
		break;
	case DNS_JSON:
		keep_json(printer, record);
		break;
	case DNS_TABLE:
		(void)printf("%-40s %-5s %7u  %s\n", record->name, type,
		    record->ttl, record->value);
		break;
	}
}
