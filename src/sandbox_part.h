/*
 * Private to sandbox: its two large parts. Each puts itself in force and says
 * how that went; telling it is for sandbox.
 *
 * Both return 0, ENOSYS when the kernel lacks it, or another errno when the
 * kernel has it and it failed; then nothing is in force.
 */
#ifndef MTASTS_SANDBOX_PART_H
#define MTASTS_SANDBOX_PART_H

#include "sandbox.h"

/* *abi becomes the version that the kernel has. */
int sandbox_landlock(const struct sandbox *sandbox, int *abi);

int sandbox_seccomp(const struct sandbox *sandbox);

#endif
