/*
 * One connection and its request; see client.h.
 */
#include "client.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE     (10 * CLIENT_SECOND)
#define ANY_PATIENCE (6 * CLIENT_SECOND)
#define ANSWER_MAX   (128 * 1024)
#define HEADER_SIZE  8

enum { END_REQUEST = 3, STDOUT = 6 };

struct client {
	struct client_load *load;
	int descriptor; /* -1: none */
	bool busy;
	bool used;  /* the connection has had an answer */
	bool ended; /* the answer is there, the program is to close */
	struct mix_pick pick;
	uint64_t begin;
	size_t filled, parsed; /* bytes of in */
	size_t output;         /* bytes of out */
	unsigned char in[ANSWER_MAX];
	char out[ANSWER_MAX];
};

uint64_t
client_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * CLIENT_SECOND + (uint64_t)now.tv_nsec;
}

/* 64 buckets for each power of two: 1.6 % wide. */
static size_t
bucket_of(uint64_t value)
{
	unsigned shift;

	if (value < 64)
		return (size_t)value;
	shift = 57 - (unsigned)__builtin_clzll(value);
	return (size_t)(shift + 1) * 64 + (size_t)(value >> shift) - 64;
}

double
client_percentile(const struct client_load *load, double part)
{
	uint64_t left = (uint64_t)((double)load->requests * part), width;
	size_t i;

	for (i = 0; i < CLIENT_BUCKETS - 1 && left >= load->latencies[i]; i++)
		left -= load->latencies[i];
	if (i < 64)
		return (double)i / 1000;
	width = UINT64_C(1) << (i / 64 - 1);
	return (double)(((i % 64) + 64) * width + width / 2) / 1000;
}

struct client *
client_new(struct client_load *load)
{
	struct client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		err(2, "calloc");
	client->load = load;
	client->descriptor = -1;
	return client;
}

bool
client_is_busy(const struct client *client)
{
	return client->busy;
}

static bool
client_open(struct client *client)
{
	const struct client_load *load = client->load;
	struct epoll_event event = { .events = EPOLLIN,
		.data = { .ptr = client } };
	int descriptor =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (descriptor < 0)
		err(2, "socket");
	client->used = false;
	if (connect(descriptor, (const struct sockaddr *)&load->address,
		sizeof(load->address)) != 0) {
		(void)close(descriptor);
		return false;
	}
	if (epoll_ctl(load->watch, EPOLL_CTL_ADD, descriptor, &event) != 0)
		err(2, "epoll_ctl");
	client->descriptor = descriptor;
	return true;
}

static void
client_close(struct client *client)
{
	if (client->descriptor >= 0)
		(void)close(client->descriptor);
	client->descriptor = -1;
}

static void
client_finish(struct client *client, bool keep)
{
	client->busy = false;
	if (!keep)
		client_close(client);
}

static void
client_failed(struct client *client)
{
	client->load->errors++;
	client_finish(client, false);
}

static bool
send_pieces(
    int descriptor, const unsigned char *bytes, const struct mix_pieces *pieces)
{
	size_t i, at = 0, size;

	for (i = 0; i < pieces->count; at = pieces->ends[i++]) {
		size = pieces->ends[i] - at;
		if (send(descriptor, bytes + at, size, MSG_NOSIGNAL) !=
		    (ssize_t)size)
			return false;
	}
	return true;
}

/* Sends what was picked, on a new connection where there is none. */
static void
client_send(struct client *client)
{
	static unsigned char bytes[MIX_REQUEST_MAX];
	const struct mix_entry *entry = client->pick.entry;
	struct client_load *load = client->load;
	struct mix_pieces pieces;

	client->ended = false;
	client->filled = client->parsed = client->output = 0;
	(void)mix_request(&load->form, &client->pick, bytes, &pieces);
	if (client->descriptor >= 0 && client->used) {
		if (send_pieces(client->descriptor, bytes, &pieces))
			return;
		/* Closed meanwhile, as it may be. */
		load->reopened++;
		client_close(client);
	}
	if (!client_open(client)) {
		load->failed++;
		client_finish(client, false);
	} else if (!send_pieces(client->descriptor, bytes, &pieces) &&
		   !entry->raw) {
		client_failed(client);
	} else if (entry->raw && entry->end == MIX_DROP) {
		load->raw++;
		client_finish(client, false);
	}
}

void
client_begin(struct client *client, uint64_t begin)
{
	mix_choose(&client->load->mix, &client->load->seed, &client->pick);
	client->begin = begin;
	client->busy = true;
	client->load->begun++;
	if (client->pick.entry->raw)
		client_close(client);
	client_send(client);
}

static void
client_answered(struct client *client, bool right)
{
	struct client_load *load = client->load;
	uint64_t latency = client_now() - client->begin;

	load->requests++;
	load->wrong +=
	    !right || !mix_is_right(&client->pick, client->out, client->output);
	load->latencies[bucket_of(latency)]++;
	if (latency > load->slowest)
		load->slowest = latency;
	client->used = true;
	client->ended = load->waits && !load->form.kept;
	if (!client->ended)
		client_finish(client, load->form.kept);
}

/* Takes a record that is all there; true when the answer goes on. */
static bool
client_take(struct client *client, const unsigned char *header, size_t content)
{
	static const unsigned char good[5]; /* exit status, protocol status */
	const unsigned char *bytes = header + HEADER_SIZE;

	if (header[1] == END_REQUEST) {
		client_answered(client,
		    content == 8 && memcmp(bytes, good, sizeof(good)) == 0 &&
			client->parsed == client->filled);
		return false;
	}
	if (header[1] == STDOUT) {
		memcpy(client->out + client->output, bytes, content);
		client->output += content;
	}
	return true;
}

static void
client_parse(struct client *client)
{
	for (;;) {
		const unsigned char *header = client->in + client->parsed;
		size_t left = client->filled - client->parsed, content, size;

		if (left < HEADER_SIZE)
			break;
		content = (size_t)header[4] << 8 | header[5];
		size = HEADER_SIZE + content + header[6];
		if (header[0] != 1 || header[2] != 0 || header[3] != 1) {
			client_failed(client);
			return;
		}
		if (left < size)
			break;
		client->parsed += size;
		if (!client_take(client, header, content))
			return;
	}
	if (client->filled == ANSWER_MAX)
		client_failed(client);
}

static void
client_closed(struct client *client)
{
	client_close(client);
	if (!client->busy) {
		client->load->reopened++;
	} else if (client->ended) {
		client_finish(client, false);
	} else if (client->pick.entry->raw) {
		client->load->raw++;
		client_finish(client, false);
	} else if (client->used && client->filled == 0) {
		client->load->reopened++;
		client_send(client);
	} else {
		client_failed(client);
	}
}

void
client_read(struct client *client)
{
	unsigned char *room = client->in + client->filled;
	ssize_t count =
	    recv(client->descriptor, room, ANSWER_MAX - client->filled, 0);

	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count <= 0) {
		client_closed(client);
	} else if (!client->busy || client->ended) {
		client_failed(client);
	} else if (!client->pick.entry->raw) {
		client->filled += (size_t)count;
		client_parse(client);
	}
}

void
client_check(struct client *client, uint64_t now)
{
	const struct mix_entry *entry = client->pick.entry;
	uint64_t waited = now > client->begin ? now - client->begin : 0;

	if (!client->busy)
		return;
	if (entry->raw && entry->end == MIX_ANY && waited >= ANY_PATIENCE) {
		client->load->raw++;
		client_finish(client, false);
	} else if (waited >= PATIENCE && entry->raw) {
		client->load->raw_wrong++;
		client_finish(client, false);
	} else if (waited >= PATIENCE) {
		client_failed(client);
	}
}
