/*
 * Privileges given up, and what is told of the rest; see sandbox.h.
 */
#include "sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"
#include "sandbox_part.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_SANITIZERS true
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define WITH_SANITIZERS true
#endif
#ifndef WITH_SANITIZERS
#define WITH_SANITIZERS false
#endif

static void
tell_failure(const char *part, int error)
{
	log_error("sandbox: no %s: %s", part, strerror(error));
}

static void
drop_tracing(void)
{
	const struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		tell_failure("no_new_privs", errno);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		tell_failure("end of tracing", errno);
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		tell_failure("end of core dumps", errno);
}

/* Whoever lacks CAP_SETPCAP keeps it, and has no use for it. */
static void
drop_bounding(void)
{
	unsigned long capability = 0;

	while (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0)
		capability++;
	/* EINVAL: that was the last one. */
	if (errno != EINVAL && errno != EPERM)
		tell_failure("smaller bounding set", errno);
}

/* Where there is nothing to drop, a filter of systemd's may forbid to try. */
static void
drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3] = { { 0, 0,
	    0 } };
	static const struct __user_cap_data_struct
	    none[_LINUX_CAPABILITY_U32S_3];

	drop_bounding();
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
		tell_failure("end of ambient capabilities", errno);
	if (syscall(SYS_capget, &header, held) == 0 &&
	    memcmp(held, none, sizeof(held)) == 0)
		return;
	if (syscall(SYS_capset, &header, none) != 0)
		tell_failure("end of capabilities", errno);
}

void
sandbox_drop(void)
{
	drop_tracing();
	drop_capabilities();
}

/*
 * Whether the part is in force. What the kernel lacks is nothing that the
 * administrator did wrong, but worth knowing.
 */
static bool
tell_part(const struct sandbox *sandbox, const char *part, int error)
{
	if (error == ENOSYS && !sandbox->quiet)
		log_warning("sandbox: this kernel has no %s: left out", part);
	else if (error != 0 && error != ENOSYS)
		log_error("sandbox: no %s: %s; serving without it", part,
		    strerror(error));
	return error == 0;
}

void
sandbox_enter(const struct sandbox *sandbox)
{
	bool landlock, seccomp;
	int abi;

	if (WITH_SANITIZERS) {
		if (!sandbox->quiet)
			log_info("sandbox: neither Landlock nor seccomp in a "
				 "build with sanitizers");
		return;
	}
	landlock =
	    tell_part(sandbox, "Landlock", sandbox_landlock(sandbox, &abi));
	seccomp = tell_part(sandbox, "seccomp", sandbox_seccomp(sandbox));
	if (sandbox->quiet)
		return;
	if (landlock)
		log_info("sandbox: no privileges, Landlock (ABI %d)%s", abi,
		    seccomp ? ", seccomp" : "");
	else
		log_info(
		    "sandbox: no privileges%s", seccomp ? ", seccomp" : "");
}
