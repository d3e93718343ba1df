/*
 * A Host header: read as hostname.c reads it and once more, another way. The
 * input is the header, up to the first NUL.
 */
#include "fuzz.h"

#include "hostname.h"

#define ALNUM "0123456789abcdefghijklmnopqrstuvwxyz"

static bool
is_label(const char *label, size_t length)
{
	return length >= 1 && length <= 63 && label[0] != '-' &&
	       label[length - 1] != '-' && strspn(label, ALNUM "-") == length;
}

/* Takes the port and the final dot off, and judges what remains. */
static bool
is_host(char *host)
{
	char *colon = strchr(host, ':'), *last = host, *dot;

	if (colon != NULL) {
		if (strlen(colon + 1) > 5 ||
		    strspn(colon + 1, "0123456789") != strlen(colon + 1))
			return false;
		*colon = '\0';
	}
	if (strlen(host) > 0 && host[strlen(host) - 1] == '.')
		host[strlen(host) - 1] = '\0';
	for (; (dot = strchr(last, '.')) != NULL; last = dot + 1)
		if (!is_label(last, (size_t)(dot - last)))
			return false;
	return is_label(last, strlen(last)) && strlen(host) <= 253 &&
	       strspn(last, "0123456789") != strlen(last);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char domain[HOSTNAME_SIZE], *host = strndup((const char *)data, size);
	char *again = strdup(host);
	enum hostname_host want, got = hostname_policy_domain(host, domain);
	size_t i;

	for (i = 0; again[i] != '\0'; i++)
		if (again[i] >= 'A' && again[i] <= 'Z')
			again[i] = (char)(again[i] - 'A' + 'a');
	want = !is_host(again)                      ? HOSTNAME_INVALID
	       : strncmp(again, "mta-sts.", 8) != 0 ? HOSTNAME_OTHER_HOST
						    : HOSTNAME_POLICY_HOST;
	FUZZ_EXPECT(got == want);
	FUZZ_EXPECT(
	    strcmp(domain, want == HOSTNAME_POLICY_HOST ? again + 8 : "") == 0);
	free(again);
	free(host);
	return 0;
}
