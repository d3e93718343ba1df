/*
 * The raw bytes of a connection, through fastcgi.c and libfcgi. The first octet
 * of the input has flags, the next four are the sizes of the pieces that the
 * rest comes in, in turn; 0 is all that is left.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fastcgi.h"

enum { SHUT = 1, TIGHT = 2, LARGE = 4 }; /* and what the look-up finds */
#define HEAD_SIZE 5

static struct policy policies[2]; /* a small one, and a large one */
static struct output {
	size_t length;
	unsigned char bytes[1 << 22];
} pieces, whole;

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

/* What a look-up finds, and gives away. */
struct found {
	enum responder_found found;
	const struct policy *policy;
};

static enum responder_found
find(void *context, const char *domain, const struct policy **policy)
{
	const struct found *found = context;

	(void)domain;
	*policy = found->policy;
	return found->found;
}

static void
set_up(void)
{
	static const char small[] =
	    "version: STSv1\nmode: none\nmax_age: 5\nx: x";
	static char large[60000];

	memset(large, 'x', sizeof(large));
	memcpy(large, small, sizeof(small) - 1);
	FUZZ_EXPECT(fuzz_accepts(&policies[0],
	    (struct text_span){ small, sizeof(small) - 1 },
	    POLICY_UNKNOWN_PASS));
	FUZZ_EXPECT(fuzz_accepts(&policies[1],
	    (struct text_span){ large, sizeof(large) }, POLICY_UNKNOWN_PASS));
	FUZZ_EXPECT(fastcgi_init());
	(void)signal(SIGPIPE, SIG_IGN);
}

static unsigned
open_descriptors(void)
{
	unsigned count = 0;
	int descriptor;

	for (descriptor = 0; descriptor < 32; descriptor++)
		count += fcntl(descriptor, F_GETFD) >= 0;
	return count;
}

/* Whole records that a responder sends, and nothing else. */
static bool
is_whole(const struct output *output)
{
	const unsigned char *at = output->bytes, *end = at + output->length;

	while (end - at >= 8 && at[0] == 1 && (at[1] == 3 || at[1] == 6))
		at += 8 + (at[4] << 8 | at[5]) + at[6];
	return at == end;
}

/* A peer that leaves more than this unread may lose its connection. */
static bool
fits(const uint8_t *data, const struct output *output)
{
	return (data[0] & TIGHT) == 0 && output->length < 2 * 65536;
}

static void
collect(int peer, struct output *output)
{
	ssize_t count;

	while ((count = recv(peer, output->bytes + output->length,
		    sizeof(output->bytes) - output->length, 0)) > 0)
		output->length += (size_t)count;
	FUZZ_EXPECT(output->length < sizeof(output->bytes));
}

/* One turn, after which the connection still does not block. */
static enum fastcgi_state
serve(struct fastcgi *connection, struct found *found)
{
	const struct responder_source source = { find, found };
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
			collect(pair[0], out);
	}
	if (data[0] & SHUT)
		(void)shutdown(pair[0], SHUT_WR);
	for (turn = 0; turn < 8 && state != FASTCGI_ENDED; turn++)
		state = serve(connection, &found);
	FUZZ_EXPECT(state == FASTCGI_ENDED || (data[0] & SHUT) == 0);
	fastcgi_close(connection);
	collect(pair[0], out);
	FUZZ_EXPECT(!fits(data, out) || is_whole(out));
	(void)close(pair[0]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	const unsigned before = open_descriptors();

	if (!ready)
		set_up();
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
