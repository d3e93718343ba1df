/*
 * The TXT records at _mta-sts.<domain>, one a line of the input: what a sender
 * makes of them, read as record.c reads them and once more, another way.
 */
#include "fuzz.h"

#include "record.h"

#define DIGITS     "0123456789"
#define ALNUM      DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define VALUES_MAX 64

/* sts-field of RFC 8461 section 3.1; a field named id is an sts-id or wrong. */
static bool
is_field(const char *field, char *id)
{
	size_t name = strcspn(field, "="), i, alnum;
	const char *value = field + name + 1;

	if (field[name] == '\0' || name == 0 || name > 32 || *value == '\0' ||
	    strchr("_-.", field[0]) != NULL ||
	    strspn(field, ALNUM "_-.") != name)
		return false;
	for (i = 0; value[i] != '\0'; i++)
		if (value[i] < 0x21 || value[i] > 0x7e || value[i] == '=')
			return false;
	alnum = strspn(value, ALNUM);
	if (strncmp(field, "id=", 3) != 0)
		return true;
	if (id[0] == '\0')
		(void)strncpy(id, value, 32);
	return value[alnum] == '\0' && alnum <= 32;
}

/* sts-text-record; id becomes the first one. */
static bool
is_record(char *record, char *id)
{
	char *rest = record + strlen("v=STSv1;"), *field;
	bool any = false;

	while ((field = strsep(&rest, ";")) != NULL) {
		size_t end = strlen(field += strspn(field, " \t"));

		if (end == 0)
			return rest == NULL && any && id[0] != '\0';
		while (end > 0 && strchr(" \t", field[end - 1]) != NULL)
			field[--end] = rest == NULL ? '\1' : '\0';
		if (!is_field(field, id))
			return false;
		any = true;
	}
	return id[0] != '\0';
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text_span values[VALUES_MAX];
	char got[RECORD_ID_SIZE], want[RECORD_ID_SIZE] = "", *line, *copy;
	struct diag_sink sink = fuzz_sink();
	size_t count = 0, records = 0;
	bool valid = false, found;
	char *all = strndup((const char *)data, size), *rest = all;

	copy = strdup(all);
	for (; count < VALUES_MAX && (line = strsep(&rest, "\n")); count++) {
		/* From the copy, which strsep leaves alone. */
		values[count] =
		    (struct text_span){ copy + (line - all), strlen(line) };
		if (strncmp(line, "v=STSv1;", 8) == 0 && ++records == 1)
			valid = is_record(line, want);
	}
	found = record_read_sts(values, count, got, &sink);
	FUZZ_EXPECT(found == (records == 1 && valid));
	FUZZ_EXPECT(strcmp(got, found ? want : "") == 0);
	FUZZ_EXPECT(found || sink.errors > 0);
	free(copy);
	free(all);
	return 0;
}
