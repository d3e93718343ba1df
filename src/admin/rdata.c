/*
 * What DNS records hold; see rdata.h.
 */
#include "rdata.h"

#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#define HEADER_SIZE   12 /* of a message, RFC 1035 section 4.1.1 */
#define QUESTION_SIZE 4  /* after its name: type, class */
#define RECORD_SIZE   10 /* after its name: type, class, ttl, length */
#define TYPE_CNAME    5
#define POINTER       0xc0
#define LABEL_MAX     63

static unsigned
read_16(const unsigned char *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

bool
rdata_address(struct rdata rdata, char address[FACTS_ADDRESS_SIZE])
{
	int family = AF_INET6;

	if (rdata.length == sizeof(struct in_addr))
		family = AF_INET;
	else if (rdata.length != sizeof(struct in6_addr))
		return false;
	return inet_ntop(family, rdata.at, address, FACTS_ADDRESS_SIZE) != NULL;
}

size_t
rdata_txt(struct rdata rdata, char *bytes, size_t size)
{
	size_t i = 0, all = 0;

	while (i < rdata.length) {
		size_t length = rdata.at[i++];

		if (length > rdata.length - i)
			length = rdata.length - i;
		if (all < size)
			memcpy(bytes + all, rdata.at + i,
			    length < size - all ? length : size - all);
		all += length;
		i += length;
	}
	return all;
}

static void
add_label(struct text *text, const unsigned char *label, size_t length)
{
	size_t i;

	if (text->length > 0)
		text_add_string(text, ".");
	for (i = 0; i < length; i++) {
		char c = text_lower((char)label[i]);

		if (text_is_letter(c) || text_is_digit(c) || c == '-' ||
		    c == '_')
			text_add(text, &c, 1);
		else
			text_add_format(text, "\\x%02x", label[i]);
	}
}

bool
rdata_mx(struct rdata rdata, unsigned *preference, char name[HOSTNAME_SIZE])
{
	struct text text;
	size_t i = 2;

	text_init(&text, name, HOSTNAME_SIZE);
	while (i < rdata.length && rdata.at[i] != 0) {
		size_t length = rdata.at[i++];

		if (length > LABEL_MAX || length > rdata.length - i)
			break;
		add_label(&text, rdata.at + i, length);
		i += length;
	}
	if (i + 1 != rdata.length || rdata.at[i] != 0 || text.overflow) {
		memcpy(name, "?", 2);
		return false;
	}
	*preference = read_16(rdata.at);
	return true;
}

/* Where the name that begins at i ends; past the end when it does not. */
static size_t
skip_name(struct rdata message, size_t i)
{
	while (i < message.length && message.at[i] != 0) {
		if ((message.at[i] & POINTER) == POINTER)
			return i + 2;
		i += 1 + (size_t)message.at[i];
	}
	return i + 1;
}

size_t
rdata_chain(struct rdata message)
{
	size_t count = 0, i = HEADER_SIZE;
	unsigned questions, answers;

	if (message.length < HEADER_SIZE)
		return 0;
	questions = read_16(message.at + 4);
	answers = read_16(message.at + 6);
	for (; questions > 0 && i < message.length; questions--)
		i = skip_name(message, i) + QUESTION_SIZE;
	for (; answers > 0 && i < message.length; answers--) {
		i = skip_name(message, i);
		if (i + RECORD_SIZE > message.length)
			break;
		if (read_16(message.at + i) == TYPE_CNAME)
			count++;
		i += RECORD_SIZE + read_16(message.at + i + RECORD_SIZE - 2);
	}
	return count;
}
