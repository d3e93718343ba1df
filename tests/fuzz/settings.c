/*
 * A settings text, which is the input: what is read is within the bounds, and
 * nothing makes the process open a file. The user database is in memory, since
 * looking a user up may open whatever the system has for it.
 */
#include "fuzz.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "settings.h"

static bool reading;

/*
 * libconfig 1.5 forgets a text that a syntax error follows (p="",""). Whoever
 * reads such settings refuses them and ends.
 */
const char *__lsan_default_suppressions(void);

const char *
__lsan_default_suppressions(void)
{
	return "leak:libconfig.so\n";
}

struct passwd *
getpwnam(const char *name)
{
	static struct passwd user = { .pw_uid = 1 };

	return strcmp(name, "daemon") == 0 ? &user : NULL;
}

int
open(const char *path, int flags, ...)
{
	FUZZ_EXPECT(!reading);
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0644);
}

int
openat(int directory, const char *path, int flags, ...)
{
	FUZZ_EXPECT(!reading);
	return (int)syscall(SYS_openat, directory, path, flags, 0644);
}

FILE *
fopen(const char *path, const char *mode)
{
	FILE *(*next)(const char *, const char *);

	FUZZ_EXPECT(!reading);
	*(void **)&next = dlsym(RTLD_NEXT, "fopen");
	return next(path, mode);
}

DIR *
opendir(const char *path)
{
	FUZZ_EXPECT(!reading);
	return fdopendir(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct settings s;
	struct diag_sink sink = fuzz_sink();
	size_t i, at;
	bool good;

	reading = true;
	good = settings_parse(&s, (const char *)data, size, &sink);
	reading = false;
	FUZZ_EXPECT(good == (sink.errors == 0));
	FUZZ_EXPECT(s.policies[0] == '/' && s.state[0] == '/');
	FUZZ_EXPECT(s.owner != (uid_t)-1);
	FUZZ_EXPECT(s.unknown_fields <= POLICY_UNKNOWN_PASS);
	FUZZ_EXPECT(s.defaults.mode <= POLICY_NONE);
	FUZZ_EXPECT(s.defaults.max_age <= POLICY_MAX_AGE_MAX);
	FUZZ_EXPECT(s.defaults.mx_count <= SETTINGS_MX_MAX);
	for (i = 0; i < s.defaults.mx_count; i++)
		FUZZ_EXPECT(strlen(s.defaults.mx[i]) > 0);
	FUZZ_EXPECT(s.dns.address_count <= SETTINGS_ADDRESSES_MAX);
	FUZZ_EXPECT(!good || s.dns.address_count == 0 || s.dns.host[0] == '\0');
	FUZZ_EXPECT(s.dns.report_count <= SETTINGS_REPORTS_MAX);
	for (i = 0; i < s.dns.report_count; i++)
		FUZZ_EXPECT(strpbrk(s.dns.reports[i], ",;! \"\\") == NULL);
	FUZZ_EXPECT(
	    s.dns.host[0] == '\0' ||
	    hostname_fault((struct text_span){ s.dns.host, strlen(s.dns.host) },
		&at) == NULL);
	return 0;
}
