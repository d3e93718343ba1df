/*
 * URIs for TLS reports; see reporturi.h.
 */
#include "reporturi.h"

#include <string.h>

#include "hostname.h"
#include "text.h"

static const char mail[] = "mailto:", web[] = "https://";

static bool
is_hexadecimal(char c)
{
	c = text_lower(c);
	return text_is_digit(c) || (c >= 'a' && c <= 'f');
}

/* RFC 3986 section 2, and what RFC 8460 wants encoded on top. */
static bool
byte_fault(const char *at, struct reporturi_fault *fault)
{
	if (*at <= ' ' || *at > '~' || strchr("\"<>\\^`{|}", *at) != NULL) {
		fault->message = "a byte that no URI has";
		fault->hint = "write it percent-encoded, %20 for a blank";
	} else if (strchr(",!;", *at) != NULL) {
		fault->message = "a byte that a TXT record needs encoded";
		fault->hint = "write %2C for a comma, %21 for an exclamation "
			      "mark, %3B for a semicolon";
	} else if (*at == '%' &&
		   (!is_hexadecimal(at[1]) || !is_hexadecimal(at[2]))) {
		fault->message =
		    "a percent sign without two hexadecimal digits";
		fault->hint = "write %25 for a percent sign";
	} else {
		return false;
	}
	return true;
}

/* The host of an https URI, or of the address in a mailto URI. */
static const char *
host_fault(const char *uri)
{
	struct text_span host;
	size_t at;

	if (strncmp(uri, web, sizeof(web) - 1) == 0) {
		host.at = uri + sizeof(web) - 1;
		host.length = strcspn(host.at, ":/?#");
	} else if (strncmp(uri, mail, sizeof(mail) - 1) == 0) {
		host.at = strchr(uri, '@');
		if (host.at == NULL || host.at == uri + sizeof(mail) - 1)
			return "no mail address";
		host.length = strcspn(++host.at, "?#");
	} else {
		return "neither mailto: nor https://";
	}
	return hostname_fault(host, &at);
}

bool
reporturi_check(const char *uri, struct reporturi_fault *fault)
{
	const char *at;

	for (at = uri; *at != '\0'; at++)
		if (byte_fault(at, fault))
			return false;
	fault->message = host_fault(uri);
	fault->hint = "write mailto:tls-reports@example.com, or a URL with "
		      "https://";
	return fault->message == NULL;
}
