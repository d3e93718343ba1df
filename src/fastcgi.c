/*
 * FastCGI without waiting; see fastcgi.h.
 *
 * libfcgi alone blocks on a peer that sends half a request, and it reads ahead.
 * So it is given the socket only when just one whole request waits there. Any
 * other is put together here first, and libfcgi reads it from a socket that has
 * nothing else. No descriptor blocks: a read finds all it wants, and an answer
 * fits the socket's buffer, or the peer is one that does not read, and loses
 * its connection.
 */
#include "fastcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "framing.h"
#include "heap.h"

#define DISCARDS_MAX 16 /* reads of a body at a time */
#define HOLDERS_MANY 32 /* 2 MiB: worth giving back */

/*
 * What libfcgi takes of the heap for a request, at most: its three streams with
 * their buffers, of 8192, 8192 and 512 bytes; and for each pair of parameters,
 * which has two bytes at least, a block of 32 bytes at least and room in a
 * table that doubles, all the tables that it outgrows being counted.
 */
#define HEAP_REQUEST  20480U
#define HEAP_PER_BYTE 32U

/* What is to be done with what comes after an answer. */
enum body {
	BODY_NONE,
	BODY_RECORDS, /* skip it up to its end; then comes another request */
	BODY_REST,    /* nothing else will come */
};

struct fastcgi {
	FCGX_Request request;
	int descriptor; /* -1 when libfcgi has closed it */
	/* What came in pieces, taken off the socket, NULL for none. */
	unsigned char *held;
	size_t held_length;
	enum body body;
	size_t skip; /* bytes to come of a record that is being skipped */
};

/* How many connections have something in held, and at most had of late. */
static size_t holders, most_holders;

size_t
fastcgi_held(void)
{
	return holders * FRAMING_SIZE_MAX;
}

bool
fastcgi_init(void)
{
	return heap_suffices(HEAP_REQUEST) && FCGX_Init() == 0;
}

struct fastcgi *
fastcgi_open(int descriptor)
{
	struct fastcgi *connection = calloc(1, sizeof(*connection));

	if (connection == NULL) {
		(void)close(descriptor);
		return NULL;
	}
	FCGX_InitRequest(&connection->request, -1, 0);
	connection->descriptor = descriptor;
	connection->request.ipcFd = descriptor;
	/* Or the first FCGX_Accept_r closes it. */
	connection->request.keepConnection = 1;
	return connection;
}

static void
held_free(struct fastcgi *connection)
{
	if (connection->held == NULL)
		return;
	free(connection->held);
	connection->held = NULL;
	if (--holders > 0)
		return;
	if (most_holders >= HOLDERS_MANY)
		heap_return();
	most_holders = 0;
}

void
fastcgi_close(struct fastcgi *connection)
{
	if (connection->descriptor >= 0)
		(void)close(connection->descriptor);
	held_free(connection);
	free(connection);
}

int
fastcgi_descriptor(const struct fastcgi *connection)
{
	return connection->descriptor;
}

/*
 * Answers the request of so many bytes that waits; false when the connection is
 * over, and ipcFd below 0 when libfcgi has closed it. ended: the empty record
 * that ends its input waits there, too, and is taken off. *body tells whether
 * one was announced.
 */
static bool
answer_request(FCGX_Request *request, const struct responder_source *source,
    size_t size, bool ended, bool *body)
{
	static char storage[RESPONDER_ANSWER_SIZE];
	struct responder_request variables;
	struct text answer;

	*body = false;
	/* The web server tells its client of an error by itself. */
	if (!heap_suffices(HEAP_REQUEST + HEAP_PER_BYTE * size))
		return false;
	/* Or libfcgi lingers up to two seconds on each connection it closes. */
	request->detached = 1;
	if (FCGX_Accept_r(request) != 0)
		return false;
	/* Cut-off parameters look like fewer parameters. */
	if (FCGX_GetError(request->in) != 0) {
		FCGX_Free(request, 1);
		return false;
	}
	responder_request_read(&variables, request->envp);
	*body = responder_request_has_body(&variables);
	text_init(&answer, storage, sizeof(storage));
	responder_answer(&variables, source, &answer);
	(void)FCGX_PutStr(answer.bytes, (int)answer.length, request->out);
	if (ended && FCGX_GetChar(request->in) != EOF)
		request->keepConnection = 0;
	FCGX_Finish_r(request);
	return request->ipcFd >= 0;
}

/* Passes on to the peer what libfcgi has written. */
static bool
forward(int from, int to)
{
	char bytes[4096];
	ssize_t count;

	while ((count = recv(from, bytes, sizeof(bytes), 0)) > 0)
		if (send(to, bytes, (size_t)count, 0) != count)
			return false;
	return true;
}

static void
held_drop(struct fastcgi *connection, size_t size)
{
	connection->held_length -= size;
	memmove(
	    connection->held, connection->held + size, connection->held_length);
	if (connection->held_length == 0)
		held_free(connection);
}

/* Takes off the socket what there is room for; false at the peer's end. */
static bool
held_fill(struct fastcgi *connection)
{
	ssize_t count;

	if (connection->held == NULL) {
		connection->held = malloc(FRAMING_SIZE_MAX);
		if (connection->held == NULL)
			return false;
		holders++;
		if (holders > most_holders)
			most_holders = holders;
	}
	while (connection->held_length < FRAMING_SIZE_MAX) {
		count = recv(connection->descriptor,
		    connection->held + connection->held_length,
		    FRAMING_SIZE_MAX - connection->held_length, 0);
		if (count < 0)
			return errno == EAGAIN || errno == EINTR;
		if (count == 0)
			return false;
		connection->held_length += (size_t)count;
	}
	return true;
}

/* Whether the end of the request of so many bytes has come with it. */
static bool
has_ended(const struct fastcgi *connection, size_t size)
{
	size_t end;

	return framing_look(connection->held + size,
		   connection->held_length - size, &end) == FRAMING_LEFTOVER;
}

/*
 * Answers a request that was taken off the socket; false when the connection
 * does not go on, unless for the rest of what the peer sends.
 */
static bool
answer_held(struct fastcgi *connection, size_t size,
    const struct responder_source *source)
{
	bool body = false, kept = false, passed;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		pair) != 0)
		return false;
	connection->request.ipcFd = pair[1];
	if (send(pair[0], connection->held, size, 0) == (ssize_t)size)
		kept = answer_request(
		    &connection->request, source, size, false, &body);
	if (connection->request.ipcFd >= 0)
		(void)close(pair[1]);
	connection->request.ipcFd = connection->descriptor;
	passed = forward(pair[0], connection->descriptor);
	(void)close(pair[0]);
	if (kept && body)
		connection->body = BODY_RECORDS;
	else if (!kept && !has_ended(connection, size))
		connection->body = BODY_REST;
	return passed && (kept || connection->body == BODY_REST);
}

/*
 * Skips the records of a body among what is held. FRAMING_READY when there is
 * nothing to be skipped any more.
 */
static enum framing
skip_body(struct fastcgi *connection)
{
	enum framing next;
	size_t size;

	while (connection->body == BODY_RECORDS || connection->skip > 0) {
		if (connection->held_length == 0)
			return FRAMING_PARTIAL;
		if (connection->skip > 0) {
			size = connection->skip < connection->held_length
				   ? connection->skip
				   : connection->held_length;
			connection->skip -= size;
			held_drop(connection, size);
			continue;
		}
		next = framing_look_body(connection->held,
		    connection->held_length, &connection->skip);
		if (next == FRAMING_READY)
			connection->body = BODY_NONE;
		else if (next != FRAMING_LEFTOVER)
			return next;
	}
	return FRAMING_READY;
}

/*
 * After the answer to a request whose body, or just its end, is still to come,
 * on a connection that the peer does not keep: tells it that there will be no
 * more, and takes off what still comes. Closed at once, a peer that has not
 * sent it all would see its own failure and not the answer.
 */
static enum fastcgi_state
discard_rest(struct fastcgi *connection)
{
	char bytes[4096];
	ssize_t count;
	int reads;

	if (connection->held != NULL) {
		held_drop(connection, connection->held_length);
		(void)shutdown(connection->descriptor, SHUT_WR);
	}
	/* A peer that sends without end must not keep the others waiting. */
	for (reads = 0; reads < DISCARDS_MAX; reads++) {
		count = recv(connection->descriptor, bytes, sizeof(bytes), 0);
		if (count < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (count <= 0)
			return FASTCGI_ENDED;
	}
	return FASTCGI_PARTIAL;
}

/* What comes in pieces, or with something before or behind it. */
static enum fastcgi_state
serve_held(struct fastcgi *connection, const struct responder_source *source,
    bool *answered)
{
	bool open = held_fill(connection);
	enum framing next;
	size_t size = 0;

	for (;;) {
		next = skip_body(connection);
		if (next == FRAMING_READY) {
			if (connection->held_length == 0)
				break;
			next = framing_look(
			    connection->held, connection->held_length, &size);
		}
		if (next == FRAMING_READY) {
			*answered = true;
			if (!answer_held(connection, size, source))
				return FASTCGI_ENDED;
			if (connection->body == BODY_REST)
				return discard_rest(connection);
		} else if (next != FRAMING_LEFTOVER) {
			return open && next == FRAMING_PARTIAL ? FASTCGI_PARTIAL
							       : FASTCGI_ENDED;
		}
		held_drop(connection, size);
	}
	if (connection->held != NULL)
		held_drop(connection, 0);
	return open ? FASTCGI_QUIET : FASTCGI_ENDED;
}

/*
 * Whether just one whole request waits: its parameters and its end, which has
 * the same id (libfcgi waits for one that has).
 */
static bool
is_one_request(const unsigned char *bytes, size_t length)
{
	size_t size, end;

	return framing_look(bytes, length, &size) == FRAMING_READY &&
	       framing_look(bytes + size, length - size, &end) ==
		   FRAMING_LEFTOVER &&
	       size + end == length &&
	       memcmp(bytes + 2, bytes + size + 2, 2) == 0;
}

enum fastcgi_state
fastcgi_serve(struct fastcgi *connection, const struct responder_source *source,
    bool *answered)
{
	static unsigned char peeked[FRAMING_SIZE_MAX];
	ssize_t count;
	bool body;

	*answered = false;
	if (connection->body == BODY_REST)
		return discard_rest(connection);
	if (connection->held != NULL || connection->body != BODY_NONE ||
	    connection->skip > 0)
		return serve_held(connection, source, answered);
	count = recv(connection->descriptor, peeked, sizeof(peeked), MSG_PEEK);
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return FASTCGI_QUIET;
	if (count <= 0)
		return FASTCGI_ENDED;
	if (!is_one_request(peeked, (size_t)count))
		return serve_held(connection, source, answered);
	*answered = true;
	if (answer_request(
		&connection->request, source, (size_t)count, true, &body))
		return FASTCGI_QUIET;
	connection->descriptor = connection->request.ipcFd;
	return FASTCGI_ENDED;
}
