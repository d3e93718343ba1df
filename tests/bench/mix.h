/*
 * What the load generator asks: a file of requests to choose from, a request in
 * the bytes that a web server would send, and whether an answer is the one
 * expected. Opens no socket.
 */
#ifndef BENCH_MIX_H
#define BENCH_MIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIX_REQUEST_MAX 65536 /* bytes of a request, raw ones included */
#define MIX_PIECES_MAX  4     /* writes that a request is sent in */
#define MIX_NUMBER      "{n}" /* stands for six digits */

/* How a raw line's connection is to end. */
enum mix_end {
	MIX_CLOSE, /* the server closes it */
	MIX_DROP,  /* we close it as soon as all is sent */
	MIX_ANY,   /* the server closes it, or 6 s pass */
};

/* A line of the file. */
struct mix_entry {
	uint64_t weights; /* of this line and all before it */
	bool raw;
	enum mix_end end; /* raw */
	uint32_t numbers; /* how many hosts the line stands for */
	unsigned status;  /* 0: any */
	char *host;       /* with MIX_NUMBER, maybe */
	char *bytes;      /* the expected body, NULL for any; or the raw ones */
	size_t length;
};

struct mix {
	struct mix_entry *entries;
	size_t count;
};

/* One request that was chosen. */
struct mix_pick {
	const struct mix_entry *entry;
	uint32_t number;
};

/* Whose way of speaking FastCGI is taken. */
enum mix_server {
	MIX_NGINX,  /* the three parameters of cgi-bin/nginx.conf, one write */
	MIX_APACHE, /* all that mod_proxy_fcgi sends, in its four writes */
};

/* All of a request but its host. */
struct mix_form {
	enum mix_server server;
	bool kept; /* FCGI_KEEP_CONN */
	unsigned char params[8192];
	size_t length;
};

/* A request, as the offsets at which each write ends. */
struct mix_pieces {
	size_t count;
	size_t ends[MIX_PIECES_MAX];
};

/* Reads the file (its lines: load.c); exits with a message on any error. */
void mix_load(struct mix *mix, const char *path);

/* Chooses by weight; *seed is any number and changes. */
void mix_choose(const struct mix *mix, uint64_t *seed, struct mix_pick *pick);

void mix_form_init(struct mix_form *form, enum mix_server server, bool kept);

/* Adds a parameter; exits when there is no room. */
void mix_form_add(struct mix_form *form, const char *name, const char *value);

/* Makes the request in MIX_REQUEST_MAX bytes of room; its length. */
size_t mix_request(const struct mix_form *form, const struct mix_pick *pick,
    unsigned char *bytes, struct mix_pieces *pieces);

/*
 * Whether that is the answer expected: everything on STDOUT, headers, blank
 * line and body. No Status header means 200 (RFC 3875 section 6.3.3).
 */
bool
mix_is_right(const struct mix_pick *pick, const char *answer, size_t length);

#endif
