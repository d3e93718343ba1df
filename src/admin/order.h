/*
 * What comes in any order, handed on in that of its numbers.
 */
#ifndef MTASTS_ORDER_H
#define MTASTS_ORDER_H

#include <stdbool.h>
#include <stddef.h>

/* All zero but for print. Memory is a pointer for each number. */
struct order {
	void (*print)(void *what);
	void **slots;
	size_t size, next;
};

/*
 * Keeps what number i is, and hands all whose turn has come to print, which
 * owns what it gets. False without memory; it is not kept then.
 */
bool order_put(struct order *order, size_t i, void *what);

/* Prints what is left, even where others are missing before it. */
void order_end(struct order *order);

#endif
