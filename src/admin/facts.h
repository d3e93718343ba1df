/*
 * What is seen of a policy domain from outside, the way a sender looks: DNS,
 * HTTPS and SMTP. Nothing but facts; examine gathers them, judge says what they
 * mean, and the formats print them. All sizes are bounds on what strangers
 * send; what is beyond them is cut and said to be.
 */
#ifndef MTASTS_FACTS_H
#define MTASTS_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "hostname.h"
#include "record.h"

#define FACTS_TXT_MAX      8     /* TXT records kept of one name */
#define FACTS_TXT_SIZE     1024  /* octets kept of one, with a NUL */
#define FACTS_MX_MAX       16    /* MX hosts that are probed */
#define FACTS_ADDRESS_SIZE 46    /* an address as text */
#define FACTS_WHY_SIZE     160   /* what a library says of a failure */
#define FACTS_CHAIN_MAX    8     /* CNAMEs followed in a row */
#define FACTS_BODY_MAX     65536 /* octets of a policy that are read */
#define FACTS_PLACES_MAX   8     /* addresses of a policy host that are asked */
#define FACTS_FETCHES_MAX  20    /* fetches of one policy */

enum facts_dns {
	FACTS_DNS_UNASKED,
	FACTS_DNS_FOUND,
	FACTS_DNS_NO_DATA, /* the name is there, this type is not */
	FACTS_DNS_NO_NAME,
	FACTS_DNS_BOGUS,  /* DNSSEC says that it is forged or broken */
	FACTS_DNS_FAILED, /* no answer, SERVFAIL, a loop of CNAMEs */
};

/* The answer to one question. */
struct facts_answer {
	enum facts_dns dns;
	bool secure;  /* by DNSSEC */
	uint32_t ttl; /* seconds, the smallest on the way; 0 when not found */
	size_t chain; /* CNAMEs on the way */
	char canonical[HOSTNAME_SIZE]; /* where they end; "" for none */
	char why[FACTS_WHY_SIZE];      /* of BOGUS and FAILED */
};

/* The TXT records at a name, the strings of each joined. */
struct facts_txt {
	struct facts_answer answer;
	size_t count; /* of all that are there */
	struct {
		size_t length; /* of all of it; what is kept may be less */
		char bytes[FACTS_TXT_SIZE];
	} at[FACTS_TXT_MAX];
};

/* The certificate that a server showed, and what was wrong with it. */
enum facts_certificate {
	FACTS_CERTIFICATE_UNSEEN, /* it did not come to that */
	FACTS_CERTIFICATE_GOOD,
	FACTS_CERTIFICATE_EXPIRED,
	FACTS_CERTIFICATE_TOO_EARLY,
	FACTS_CERTIFICATE_NAME, /* for other names */
	FACTS_CERTIFICATE_SELF_SIGNED,
	FACTS_CERTIFICATE_UNTRUSTED, /* by nobody known, or a link is missing */
	FACTS_CERTIFICATE_OTHER,     /* why tells */
};

struct facts_tls {
	enum facts_certificate certificate;
	time_t begins, expires; /* its notBefore and notAfter; 0: unknown */
	char protocol[16];      /* "TLSv1.3"; "" for none */
	bool old; /* the server knows nothing as new as TLS 1.2; no session */
	char why[FACTS_WHY_SIZE];
};

/* How far one attempt to fetch the policy came. */
enum facts_fetch_end {
	/*
	 * There is no address of this family, or this machine has no way to
	 * the family at all (ENETUNREACH, EAFNOSUPPORT): nobody's fault there.
	 */
	FACTS_FETCH_UNASKED,
	FACTS_FETCH_REFUSED, /* no connection; why tells */
	FACTS_FETCH_TIMEOUT,
	FACTS_FETCH_TLS,    /* no TLS; tls tells */
	FACTS_FETCH_BROKEN, /* no HTTP answer, or half of one; why tells */
	FACTS_FETCH_LARGE,  /* headers or body beyond all bounds */
	FACTS_FETCH_ANSWER,
};

struct facts_fetch {
	enum facts_fetch_end end;
	char address[FACTS_ADDRESS_SIZE]; /* the one that was asked */
	char why[FACTS_WHY_SIZE];
	struct facts_tls tls;
	unsigned status;       /* HTTP */
	char location[256];    /* of a redirect, which is not followed */
	char media_type[128];  /* Content-Type as it came; "" for none */
	unsigned milliseconds; /* from the start to the last octet */
	size_t length;         /* of the body */
	char *body; /* malloc'd, facts_free frees it; NULL for none */
	/* Of any answer: alike for the same body, octet for octet. */
	char digest[RECORD_ID_SIZE];
	/*
	 * Of a good policy, and else "": the id that follows from it, whatever
	 * its layout (record_id_of_policy), and its mode.
	 */
	char id[RECORD_ID_SIZE];
	enum policy_mode mode;
};

/* Forms of the Host header that the policy is asked for with. */
enum facts_form {
	FACTS_FORM_PORT, /* with the port */
	FACTS_FORM_CASE, /* in upper case */
	FACTS_FORM_ANY,  /* FACTS_FORM_STRANGER instead */
	FACTS_FORMS,     /* how many */
};

/* What a policy has to come as (RFC 8461 section 3.2). */
#define FACTS_MEDIA_TYPE "text/plain"

/* A policy host that nobody has (RFC 6761 section 6.4). */
#define FACTS_FORM_STRANGER "mta-sts.no-such-domain.invalid"

/* How far a look at one MX host came. */
enum facts_probe_end {
	FACTS_PROBE_UNASKED,
	FACTS_PROBE_NO_ADDRESS,
	FACTS_PROBE_REFUSED, /* no connection to any address */
	FACTS_PROBE_TIMEOUT,
	FACTS_PROBE_GREETING,    /* no SMTP, or it turns us away; why tells */
	FACTS_PROBE_NO_STARTTLS, /* not offered */
	FACTS_PROBE_TLS,         /* offered, and fails; tls tells */
	FACTS_PROBE_DONE,        /* a TLS session; tls has its certificate */
};

struct facts_mx {
	char name[HOSTNAME_SIZE]; /* lower case, without the final dot; "" for
				     the null MX "." (RFC 7505) */
	unsigned preference;
	struct facts_answer addresses; /* A and AAAA together */
	enum facts_probe_end end;
	char address[FACTS_ADDRESS_SIZE];
	char why[FACTS_WHY_SIZE];
	struct facts_tls tls;
	struct facts_answer tlsa; /* _25._tcp.<name>, RFC 7672 */
};

/* What is known of the domain on this machine. */
struct facts_local {
	bool known;                /* there is a policy file, and it is good */
	bool broken;               /* there is one, and it is not */
	char alias[HOSTNAME_SIZE]; /* whose file it is, or "" for its own */
	char id[RECORD_ID_SIZE];   /* that dns prints for it */
	char *text;                /* as it is served; malloc'd, or NULL */
	size_t length;
	time_t testing_since; /* 0: not in testing, or unknown */
};

struct facts {
	size_t number; /* for whoever fills in domain; examine leaves it */
	char domain[HOSTNAME_SIZE];
	time_t looked; /* when */
	bool dnssec;   /* could be checked; else nothing is secure or bogus */
	unsigned port; /* of HTTPS */
	struct facts_local local;
	struct facts_txt sts;    /* _mta-sts.<domain> */
	struct facts_txt tlsrpt; /* _smtp._tls.<domain> */
	struct facts_txt apex;   /* <domain>, for records that are misplaced */
	/* _mta_sts.<domain>, likewise; asked only where sts has none */
	struct facts_txt misnamed;
	struct facts_answer host4, host6; /* mta-sts.<domain>, A and AAAA */
	/*
	 * Of each family the first fetch that brought a good policy, as text
	 * of the right type if any did; else the first that brought any text,
	 * else the first. Its body is kept.
	 */
	struct facts_fetch fetch4, fetch6;
	/*
	 * All other fetches, in the order of their beginning, without bodies:
	 * another machine may have answered. malloc'd, or NULL.
	 */
	struct facts_fetch *further;
	size_t further_count;
	/*
	 * By enum facts_form, without bodies; asked of the address that first
	 * brought a text, under the policy host's name in TLS. UNASKED where
	 * there is no text, or nobody wanted to know.
	 */
	struct facts_fetch forms[FACTS_FORMS];
	struct facts_answer mx_answer;
	size_t mx_count; /* of all; only the first FACTS_MX_MAX are kept */
	struct facts_mx mx[FACTS_MX_MAX]; /* best preference first; the domain
					     itself where it has no MX */
	bool mx_implicit;                 /* it is that */
	/* The names of the policy that are no pattern: whether they exist. */
	size_t listed_count;
	struct facts_listed {
		char name[HOSTNAME_SIZE];
		enum facts_dns dns;
	} listed[FACTS_MX_MAX];
};

/* Frees what it points to, and leaves all zeroes. */
void facts_free(struct facts *facts);

/*
 * The fetch number i, from 0, of all that were made: fetch4, fetch6, and the
 * further ones; any of them may be UNASKED. NULL beyond the last.
 */
const struct facts_fetch *facts_fetch(const struct facts *facts, size_t i);

/* Whether the fetch was made by IPv6. */
bool facts_is_six(const struct facts_fetch *fetch);

/* Whether Content-Type is FACTS_MEDIA_TYPE, whatever its parameters. */
bool facts_is_plain(const struct facts_fetch *fetch);

/*
 * Copies what a stranger says, escaped as by text_add_escaped, and cut to size
 * with its NUL. So are all texts here but domain, local.text, the TXT records
 * and the bodies.
 */
void facts_cut(char *to, size_t size, const char *bytes, size_t length);

#endif
