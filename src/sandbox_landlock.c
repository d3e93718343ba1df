/*
 * Landlock: files and networks; see sandbox.h. Which rights there are depends
 * on the kernel that runs this, not on the headers it was built with: those of
 * Debian 12 know ABI 2. So what is newer is written out here.
 */
#include "sandbox_part.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct landlock_ruleset_attr as of ABI 6; an older kernel takes less. */
struct ruleset {
	uint64_t files;
	uint64_t networks; /* ABI 4 */
	uint64_t scoped;   /* ABI 6 */
};

#define RULESET_SIZE_1 offsetof(struct ruleset, networks)
#define RULESET_SIZE_4 offsetof(struct ruleset, scoped)
#define RULESET_SIZE_6 sizeof(struct ruleset)

/* All rights of an ABI: the lowest so many bits. */
#define RIGHTS(count) ((UINT64_C(1) << (count)) - 1)

#define FILES_1  RIGHTS(13) /* EXECUTE to MAKE_SYM */
#define FILES_2  RIGHTS(14) /* and REFER */
#define FILES_3  RIGHTS(15) /* and TRUNCATE */
#define FILES_5  RIGHTS(16) /* and IOCTL_DEV */
#define NETWORKS RIGHTS(2)  /* BIND_TCP, CONNECT_TCP */
#define SCOPED   RIGHTS(2)  /* ABSTRACT_UNIX_SOCKET, SIGNAL */

/* Everything that the ABI can refuse; returns the size that it has. */
static size_t
ruleset_fill(struct ruleset *ruleset, int abi)
{
	*ruleset = (struct ruleset){ FILES_1, 0, 0 };
	if (abi >= 2)
		ruleset->files = FILES_2;
	if (abi >= 3)
		ruleset->files = FILES_3;
	if (abi >= 5)
		ruleset->files = FILES_5;
	if (abi >= 4)
		ruleset->networks = NETWORKS;
	if (abi >= 6)
		ruleset->scoped = SCOPED;
	if (abi >= 6)
		return RULESET_SIZE_6;
	return abi >= 4 ? RULESET_SIZE_4 : RULESET_SIZE_1;
}

/*
 * READ_DIR because a directory that stands in a policy's place is opened before
 * it is found to be none. Nothing lists it: seccomp has no getdents.
 */
static int
allow_reading(int ruleset, int directory)
{
	const struct landlock_path_beneath_attr beneath = {
		.allowed_access =
		    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
		.parent_fd = directory,
	};

	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		&beneath, 0) != 0)
		return errno;
	return 0;
}

int
sandbox_landlock(const struct sandbox *sandbox, int *abi)
{
	struct ruleset attributes;
	int ruleset, error = 0;

	*abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	/* EOPNOTSUPP: it is there, and was not chosen at boot. */
	if (*abi < 0)
		return errno == EOPNOTSUPP ? ENOSYS : errno;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes,
	    ruleset_fill(&attributes, *abi), 0);
	if (ruleset < 0)
		return errno;
	if (sandbox->directory >= 0)
		error = allow_reading(ruleset, sandbox->directory);
	if (error == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		error = errno;
	(void)close(ruleset);
	return error;
}
