/*
 * Memory for libraries that do not bear to get none: libfcgi aborts, libconfig
 * goes on with NULL. Who calls one of them asks here first.
 */
#ifndef MTASTS_HEAP_H
#define MTASTS_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* The most that can be asked for: 32 MiB. */
#define HEAP_MAX (32U << 20)

/*
 * Whether the heap has so many octets, of which some go into the overhead of
 * many small blocks. They are at hand for whoever allocates next, up to the
 * first call that frees. Costs no system call once the heap has grown to it.
 * Pre: there is one thread; size is at most HEAP_MAX.
 */
bool heap_suffices(size_t size);

/* Gives back to the system what is free: for after a rush, since it takes long.
 */
void heap_return(void);

#endif
