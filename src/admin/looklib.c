/*
 * Loading the libraries that look at other machines; see looklib.h.
 */
#include "looklib.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define UNBOUND "libunbound.so.8"
#define LIBCURL "libcurl.so.4"

static struct looklib lib;

/* What is being loaded, and the first function that it does not have. */
struct loading {
	void *library;
	const char *missing;
};

static bool
open_library(
    struct loading *loading, const char *file, char why[FACTS_WHY_SIZE])
{
	loading->missing = NULL;
	loading->library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (loading->library == NULL)
		(void)snprintf(why, FACTS_WHY_SIZE, "%s", dlerror());
	return loading->library != NULL;
}

/* POSIX has it that a pointer to data can be one to a function. */
static void
load(struct loading *loading, const char *name, void *function)
{
	void *found = dlsym(loading->library, name);

	if (found == NULL && loading->missing == NULL)
		loading->missing = name;
	memcpy(function, &found, sizeof(found));
}

#define LOAD(name) load(&loading, #name, &lib.name##_)

static bool
is_whole(
    const struct loading *loading, const char *file, char why[FACTS_WHY_SIZE])
{
	if (loading->missing != NULL)
		(void)snprintf(why, FACTS_WHY_SIZE, "%s has no %s", file,
		    loading->missing);
	return loading->missing == NULL;
}

static bool
load_unbound(char why[FACTS_WHY_SIZE])
{
	struct loading loading;

	if (!open_library(&loading, UNBOUND, why))
		return false;
	LOOKLIB_UNBOUND(LOAD);
	return is_whole(&loading, UNBOUND, why);
}

/* OpenSSL is looked for below libcurl, so that it is the one libcurl uses. */
static bool
load_curl(char why[FACTS_WHY_SIZE])
{
	struct loading loading;

	if (!open_library(&loading, LIBCURL, why))
		return false;
	LOOKLIB_CURL(LOAD);
	LOOKLIB_OPENSSL(LOAD);
	return is_whole(&loading, LIBCURL, why);
}

const struct looklib *
looklib_load(char why[FACTS_WHY_SIZE])
{
	static bool loaded;

	if (loaded)
		return &lib;
	if (!load_unbound(why) || !load_curl(why))
		return NULL;
	if (lib.curl_global_init_(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		(void)snprintf(
		    why, FACTS_WHY_SIZE, "%s does not start", LIBCURL);
		return NULL;
	}
	loaded = true;
	return &lib;
}
