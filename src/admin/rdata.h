/*
 * What DNS records hold, read from their bytes: addresses, MX, TXT, and how
 * many CNAMEs an answer went along. Pure. Strangers wrote every byte of it;
 * whatever comes out as text is printable ASCII.
 */
#ifndef MTASTS_RDATA_H
#define MTASTS_RDATA_H

#include "facts.h"

/* Some bytes of somebody else's memory. */
struct rdata {
	const unsigned char *at;
	size_t length;
};

/* An A (4 octets) or AAAA (16) as text; false for any other length. */
bool rdata_address(struct rdata rdata, char address[FACTS_ADDRESS_SIZE]);

/*
 * Joins the strings of a TXT: at most size octets of them into bytes, which
 * gets no NUL. The length of all of them is returned; a last string that is cut
 * off counts as far as it goes.
 */
size_t rdata_txt(struct rdata rdata, char *bytes, size_t size);

/*
 * An MX, without compression: its preference, and its host in lower case
 * without the final dot, "" for the root. Octets that no host name has come as
 * \xNN, a dot within a label too. False when it is no MX, or the name does not
 * fit; name is then "?".
 */
bool
rdata_mx(struct rdata rdata, unsigned *preference, char name[HOSTNAME_SIZE]);

/* How many CNAME records the answer section of a DNS message has. */
size_t rdata_chain(struct rdata message);

#endif
