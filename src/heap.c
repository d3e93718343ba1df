/*
 * Memory for libraries; see heap.h.
 */
#include "heap.h"

#include <malloc.h>
#include <stdlib.h>

bool
heap_suffices(size_t size)
{
	static bool keeps;
	/* Or the compiler sees that nobody uses it, and leaves it out. */
	void *volatile block;

	/* What is freed below is to stay where it is found again. */
	if (!keeps) {
		(void)mallopt(M_MMAP_MAX, 0);
		(void)mallopt(M_TRIM_THRESHOLD, HEAP_MAX);
		keeps = true;
	}
	block = malloc(size);
	free(block);
	return block != NULL;
}
