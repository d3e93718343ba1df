/*
 * The order of numbers; see order.h.
 */
#include "order.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 64

static bool
grow(struct order *order, size_t i)
{
	size_t size = order->size > 0 ? order->size : FIRST_SIZE;
	void **slots;

	if (i < order->size)
		return true;
	while (size <= i)
		size *= 2;
	slots = reallocarray(order->slots, size, sizeof(*slots));
	if (slots == NULL)
		return false;
	memset(slots + order->size, 0, (size - order->size) * sizeof(*slots));
	order->slots = slots;
	order->size = size;
	return true;
}

static void
print_next(struct order *order)
{
	void *what = order->slots[order->next];

	order->slots[order->next++] = NULL;
	if (what != NULL)
		order->print(what);
}

bool
order_put(struct order *order, size_t i, void *what)
{
	if (!grow(order, i))
		return false;
	order->slots[i] = what;
	while (order->next < order->size && order->slots[order->next] != NULL)
		print_next(order);
	return true;
}

void
order_end(struct order *order)
{
	while (order->next < order->size)
		print_next(order);
	free(order->slots);
	order->slots = NULL;
	order->size = order->next = 0;
}
