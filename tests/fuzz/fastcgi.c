/*
 * The raw bytes of a connection, through fastcgi.c and libfcgi. The first octet
 * of the input has flags, the next four are the sizes of the pieces that the
 * rest comes in, in turn; 0 is all that is left.
 */
#include "conversation.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/select.h>
#include <unistd.h>

enum { SHUT = 1, TIGHT = 2, LARGE = 4 }; /* and what the look-up finds */
#define HEAD_SIZE 5

static struct policy policies[2];
static struct output pieces, whole;

/* Whoever calls these would wait. */
int
poll(struct pollfd *fds, nfds_t count, int timeout)
{
	struct timespec none = { 0, 0 };

	FUZZ_EXPECT(timeout == 0);
	return ppoll(fds, count, &none, NULL);
}

int
select(
    int count, fd_set *in, fd_set *out, fd_set *other, struct timeval *timeout)
{
	(void)count, (void)in, (void)out, (void)other, (void)timeout;
	abort();
}

/* A peer that leaves more than this unread may lose its connection. */
static bool
fits(const uint8_t *data, const struct output *output)
{
	return (data[0] & TIGHT) == 0 && output->length < 2 * 65536;
}

/* One turn, after which the connection still does not block. */
static enum fastcgi_state
serve(struct fastcgi *connection, struct found *found)
{
	const struct responder_source source = { found_find, found };
	bool answered = false;
	enum fastcgi_state state =
	    fastcgi_serve(connection, &source, &answered);
	int descriptor = fastcgi_descriptor(connection);
	char c;

	if (state == FASTCGI_ENDED)
		return state;
	FUZZ_EXPECT((fcntl(descriptor, F_GETFL) & O_NONBLOCK) != 0);
	if (state != FASTCGI_PARTIAL)
		FUZZ_EXPECT(
		    recv(descriptor, &c, 1, MSG_PEEK) < 0 && errno == EAGAIN);
	return state;
}

static void
converse(const uint8_t *data, size_t size, bool in_pieces, struct output *out)
{
	struct found found = { data[0] >> 3 & 3,
		&policies[data[0] & LARGE ? 1 : 0] };
	const uint8_t *at = data + HEAD_SIZE, *end = data + size;
	enum fastcgi_state state = FASTCGI_QUIET;
	struct fastcgi *connection;
	int pair[2], turn, little = 2048;
	size_t n;

	FUZZ_EXPECT(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	if (data[0] & TIGHT)
		(void)setsockopt(
		    pair[1], SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
	connection = fastcgi_open(pair[1]);
	out->length = 0;
	for (turn = 0; at < end && state != FASTCGI_ENDED; at += n, turn++) {
		n = in_pieces ? data[1 + turn % 4] : 0;
		if (n == 0 || n > (size_t)(end - at))
			n = (size_t)(end - at);
		FUZZ_EXPECT(send(pair[0], at, n, MSG_NOSIGNAL) == (ssize_t)n);
		state = serve(connection, &found);
		if ((data[0] & TIGHT) == 0)
			output_collect(pair[0], out);
	}
	if (data[0] & SHUT)
		(void)shutdown(pair[0], SHUT_WR);
	for (turn = 0; turn < 8 && state != FASTCGI_ENDED; turn++)
		state = serve(connection, &found);
	FUZZ_EXPECT(state == FASTCGI_ENDED || (data[0] & SHUT) == 0);
	fastcgi_close(connection);
	output_collect(pair[0], out);
	FUZZ_EXPECT(!fits(data, out) || output_is_whole(out));
	(void)close(pair[0]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	const unsigned before = open_descriptors();

	if (!ready) {
		found_policies(policies);
		FUZZ_EXPECT(fastcgi_init());
		(void)signal(SIGPIPE, SIG_IGN);
	}
	ready = true;
	if (size < HEAD_SIZE)
		return 0;
	converse(data, size, true, &pieces);
	converse(data, size, false, &whole);
	/* However the bytes come, the answers are the same. */
	if (fits(data, &pieces) && fits(data, &whole))
		FUZZ_EXPECT(
		    pieces.length == whole.length &&
		    memcmp(pieces.bytes, whole.bytes, whole.length) == 0);
	FUZZ_EXPECT(open_descriptors() == before);
	return 0;
}
