/*
 * DNS records as others read them: a zone file, the input of nsupdate, JSON,
 * and a table to copy from. Which records a domain needs is for dns.c.
 */
#ifndef MTASTS_DNS_FORMAT_H
#define MTASTS_DNS_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

struct json_object;

enum dns_form { DNS_ZONE, DNS_NSUPDATE, DNS_JSON, DNS_TABLE };

enum dns_type { DNS_CNAME, DNS_TXT, DNS_A, DNS_AAAA };

/*
 * A record. Names, in value too, are absolute and without the final dot; the
 * value of a TXT is its text, of any length, printable ASCII.
 */
struct dns_record {
	const char *name;
	enum dns_type type;
	uint32_t ttl;
	const char *value;
};

/* Where the output has got to. Everything goes to stdout. */
struct dns_printer {
	enum dns_form form;
	bool begun;                /* something has been printed */
	char name[256];            /* of the last record of this group */
	struct json_object *group; /* what is being put together, for JSON */
	struct json_object *records;
};

/* False, and *form untouched, for a word that is none of the forms. */
bool dns_form_parse(const char *word, enum dns_form *form);

/* Begins, and ends, the whole of it. */
void dns_print_begin(struct dns_printer *printer, enum dns_form form);
void dns_print_end(struct dns_printer *printer);

/*
 * Begins, and ends, the records of one domain, which are sent together where
 * records are sent. id is that of its policy, or "" where there is none.
 */
void dns_print_group(
    struct dns_printer *printer, const char *domain, const char *id);
void dns_print_group_end(struct dns_printer *printer);

/*
 * Prints a record. Those of the same name follow one another. For nsupdate it
 * replaces what the name has of the types that the new one could be.
 * Pre: dns_print_group.
 */
void dns_print(struct dns_printer *printer, const struct dns_record *record);

#endif
