/*
 * The limit of the responder's design: the same look-up, validation and answer,
 * by its own modules, and around them the least that one thread can do with
 * FastCGI. No libfcgi, one read and one write a request, nothing copied, epoll
 * told of kept connections alone.
 *
 *   bare DIRECTORY OWNER
 *
 * Lacks what the responder must have: time-outs, signals, the watch over the
 * directory, limits, a log, bodies. It is here to be measured.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "source.h"

#define LISTENER        0
#define EVENTS_MAX      64
#define ACCEPTS_MAX     64
#define DESCRIPTORS_MAX 20000
#define REQUEST_MAX     65536
#define HEADER_SIZE     8
#define END_SIZE        16

enum { BEGIN_REQUEST = 1, END_REQUEST = 3, PARAMS = 4, STDIN = 5, STDOUT = 6 };

/* What has come of a request, for those that come in pieces. */
struct held {
	size_t length;
	unsigned char bytes[REQUEST_MAX];
};

static struct held *held[DESCRIPTORS_MAX];
static size_t
content_of(const unsigned char *header)
{
	return (size_t)header[4] << 8 | header[5];
}

static size_t
size_of(const unsigned char *header)
{
	return HEADER_SIZE + content_of(header) + header[6];
}

static const unsigned char *
read_length(const unsigned char *at, const unsigned char *end, size_t *length)
{
	if (at == end)
		return NULL;
	*length = *at++;
	if (*length < 128)
		return at;
	if (end - at < 3)
		return NULL;
	*length = (*length & 127) << 24 | (size_t)at[0] << 16 |
		  (size_t)at[1] << 8 | at[2];
	return at + 3;
}

static void
keep(struct responder_request *request, const unsigned char *name,
    size_t length, const char *value)
{
#define IS(string)                                                             \
	(length == sizeof(string) - 1 && memcmp(name, string, length) == 0)
	switch (length) {
	case 9:
		if (IS("HTTP_HOST"))
			request->host = value;
		else if (IS("PATH_INFO"))
			request->path_info = value;
		break;
	case 11:
		if (IS("REQUEST_URI"))
			request->uri = value;
		else if (IS("SCRIPT_NAME"))
			request->script_name = value;
		break;
	case 14:
		if (IS("REQUEST_METHOD"))
			request->method = value;
		else if (IS("CONTENT_LENGTH"))
			request->content_length = value;
		break;
	case 22:
		if (IS("HTTP_TRANSFER_ENCODING"))
			request->transfer_encoding = value;
	}
#undef IS
}

/*
 * Reads the parameters where they are. Each value is ended by a NUL over what
 * comes after it, once that has been read.
 */
static bool
read_params(
    struct responder_request *request, unsigned char *at, unsigned char *end)
{
	unsigned char *last = NULL;
	const unsigned char *next;
	size_t name, value;

	while (at < end) {
		next = read_length(at, end, &name);
		if (next == NULL)
			return false;
		next = read_length(next, end, &value);
		if (next == NULL || name + value > (size_t)(end - next))
			return false;
		if (last != NULL)
			*last = '\0';
		at += next - at;
		last = at + name + value;
		keep(request, at, name, (const char *)at + name);
		at = last;
	}
	if (last != NULL)
		*last = '\0';
	return true;
}

static void
put_header(char *bytes, unsigned char type, size_t content)
{
	const unsigned char header[HEADER_SIZE] = { 1, type, 0, 1,
		(unsigned char)(content >> 8), (unsigned char)content, 0, 0 };

	memcpy(bytes, header, sizeof(header));
}

static bool
answer(int descriptor, const struct responder_request *request)
{
	static char bytes[HEADER_SIZE + RESPONDER_ANSWER_SIZE + END_SIZE];
	struct text text;
	size_t length;

	text_init(&text, bytes + HEADER_SIZE, RESPONDER_ANSWER_SIZE);
	responder_answer(request, &rival_source, &text);
	put_header(bytes, STDOUT, text.length);
	length = HEADER_SIZE + text.length;
	put_header(bytes + length, END_REQUEST, HEADER_SIZE);
	memset(bytes + length + HEADER_SIZE, 0, HEADER_SIZE);
	length += END_SIZE;
	return send(descriptor, bytes, length, MSG_NOSIGNAL) == (ssize_t)length;
}

enum outcome { OUTCOME_KEEP, OUTCOME_CLOSE, OUTCOME_MORE };

/*
 * Answers the request that is all of these bytes: BEGIN_REQUEST, one PARAMS, an
 * empty one, an empty STDIN. No web server cuts the parameters of this path.
 */
static enum outcome
serve_bytes(int descriptor, unsigned char *bytes, size_t length)
{
	struct responder_request request = { NULL };
	unsigned char *params = bytes + 2 * HEADER_SIZE, *end;
	size_t size, content;

	if (length < 3 * HEADER_SIZE)
		return OUTCOME_MORE;
	if (bytes[1] != BEGIN_REQUEST || params[1] != PARAMS)
		return OUTCOME_CLOSE;
	size = 2 * HEADER_SIZE + size_of(params);
	if (length < size + 2 * HEADER_SIZE)
		return length < REQUEST_MAX ? OUTCOME_MORE : OUTCOME_CLOSE;
	end = bytes + size;
	if (end[1] != PARAMS || size_of(end) != HEADER_SIZE ||
	    end[HEADER_SIZE + 1] != STDIN ||
	    size_of(end + HEADER_SIZE) != HEADER_SIZE ||
	    length != size + 2 * HEADER_SIZE)
		return OUTCOME_CLOSE;
	content = content_of(params);
	params += HEADER_SIZE;
	if (!read_params(&request, params, params + content) ||
	    !answer(descriptor, &request))
		return OUTCOME_CLOSE;
	return bytes[HEADER_SIZE + 2] & 1 ? OUTCOME_KEEP : OUTCOME_CLOSE;
}

/* Reads once and answers; whether the connection goes on. */
static bool
serve(int descriptor)
{
	static struct held fresh;
	struct held *in = held[descriptor] ? held[descriptor] : &fresh;
	enum outcome outcome;
	ssize_t count;

	if (in == &fresh)
		fresh.length = 0;
	count = recv(descriptor, in->bytes + in->length,
	    REQUEST_MAX - in->length, MSG_DONTWAIT);
	if (count <= 0)
		return count < 0 && errno == EAGAIN;
	in->length += (size_t)count;
	outcome = serve_bytes(descriptor, in->bytes, in->length);
	if (outcome == OUTCOME_MORE && in == &fresh) {
		held[descriptor] = malloc(sizeof(fresh));
		if (held[descriptor] == NULL)
			return false;
		held[descriptor]->length = fresh.length;
		memcpy(held[descriptor]->bytes, fresh.bytes, fresh.length);
	} else if (outcome != OUTCOME_MORE && in != &fresh) {
		free(in);
		held[descriptor] = NULL;
	}
	return outcome != OUTCOME_CLOSE;
}

static void
drop(int descriptor)
{
	free(held[descriptor]);
	held[descriptor] = NULL;
	(void)close(descriptor);
}

/* Most bring their request along, and many end with it. */
static void
accept_all(int watch)
{
	struct epoll_event event = { .events = EPOLLIN };
	int i;

	for (i = 0; i < ACCEPTS_MAX; i++) {
		event.data.fd =
		    accept4(LISTENER, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (event.data.fd < 0)
			return;
		if (event.data.fd >= DESCRIPTORS_MAX)
			(void)close(event.data.fd);
		else if (!serve(event.data.fd) ||
			 epoll_ctl(
			     watch, EPOLL_CTL_ADD, event.data.fd, &event) != 0)
			drop(event.data.fd);
	}
}

int
main(int argc, char **argv)
{
	struct epoll_event events[EVENTS_MAX], event = { .events = EPOLLIN };
	int watch = epoll_create1(EPOLL_CLOEXEC), count, i;

	if (argc != 3 || watch < 0 || !rival_open(argv[1], argv[2]) ||
	    fcntl(LISTENER, F_SETFL, O_NONBLOCK) != 0 ||
	    epoll_ctl(watch, EPOLL_CTL_ADD, LISTENER, &event) != 0)
		return 1;
	for (;;) {
		count = epoll_wait(watch, events, EVENTS_MAX, -1);
		for (i = 0; i < count; i++)
			if (events[i].data.fd == LISTENER)
				accept_all(watch);
			else if (!serve(events[i].data.fd))
				drop(events[i].data.fd);
	}
}
