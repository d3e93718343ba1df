/*
 * DNS host names as RFC 5321 section 4.1.2 writes them (letters, digits and
 * hyphens; A-labels), and the way from a Host header to the policy domain
 * (RFC 8461 section 3.2). Looks nothing up.
 */
#ifndef MTASTS_HOSTNAME_H
#define MTASTS_HOSTNAME_H

#include "text.h"

#define HOSTNAME_MAX  253 /* octets of a name without its final dot */
#define HOSTNAME_SIZE (HOSTNAME_MAX + 1)

/* The label that makes a policy host of a policy domain, with its dot. */
#define HOSTNAME_POLICY_LABEL "mta-sts."

/* The longest policy domain that still has a policy host: 245 octets. */
#define HOSTNAME_DOMAIN_MAX (HOSTNAME_MAX - (sizeof(HOSTNAME_POLICY_LABEL) - 1))

/*
 * What keeps the span from being a host name, as a constant phrase ("a final
 * dot"), with *at the offset of the byte to blame; NULL when it is a host
 * name. A final dot, an underscore, a label
 * over 63 octets, a name over 253 and an all-numeric last label (an address)
 * are all faults.
 */
const char *hostname_fault(struct text_span name, size_t *at);

enum hostname_host {
	HOSTNAME_POLICY_HOST, /* mta-sts.<domain> */
	HOSTNAME_OTHER_HOST,  /* a host name without that first label */
	HOSTNAME_INVALID,     /* no host name at all */
};

/*
 * Reads a Host header (RFC 9110 section 7.2: host, optional port) as a policy
 * host and writes the policy domain in lower case, without a final dot. host
 * may be NULL, which is invalid. domain is "" unless the answer is
 * HOSTNAME_POLICY_HOST.
 */
enum hostname_host
hostname_policy_domain(const char *host, char domain[HOSTNAME_SIZE]);

#endif
