/*
 * Memory for libraries; see heap.h.
 */
#include "heap.h"

#include <malloc.h>
#include <stdlib.h>

bool
heap_suffices(size_t size)
{
	static size_t kept;
	/* Or the compiler sees that nobody uses it, and leaves it out. */
	void *volatile block;

	if (size == 0)
		return true;
	/* What is freed below is to stay where it is found again. */
	if (size > kept) {
		(void)mallopt(M_MMAP_MAX, 0);
		(void)mallopt(M_TRIM_THRESHOLD, 2 * (int)size);
		kept = size;
	}
	block = malloc(size);
	free(block);
	return block != NULL;
}

void
heap_return(void)
{
	(void)malloc_trim(0);
}
