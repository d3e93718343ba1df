/*
 * For LD_PRELOAD: a heap that fails as the test says, in a file that both map
 * (the variable FAULTS_HEAP names it). What the fields mean to the test is in
 * faults.py. Real shortage is the kernel's word, by RLIMIT_AS; only HEAP_OWN
 * and HEAP_EACH fail a call by themselves.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define LOG_MAX 65536U

enum mode {
	HEAP_PLAIN, /* as ever; ends what the others began */
	HEAP_OWN,   /* the n-th call of the program itself fails */
	HEAP_EACH,  /* the n-th call of whomever fails */
	HEAP_FULL,  /* the heap has n bytes left and cannot grow */
	HEAP_LOG,   /* as ever, and each call is noted */
};

struct call {
	uint32_t own; /* by the program itself, not by a library */
	uint32_t size;
};

struct control {
	volatile uint32_t mode, n, calls, failed, full;
	struct call log[LOG_MAX];
};

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);

static struct control *control;
static uintptr_t program_first, program_end;
static struct rlimit limit;

/* What fills the heap. */
static struct filler {
	struct filler *next;
} * fillers;

/* The first object is the program. */
static int
find_program(struct dl_phdr_info *info, size_t size, void *context)
{
	size_t i;

	(void)size;
	(void)context;
	program_first = info->dlpi_addr;
	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD)
			program_end = info->dlpi_addr +
				      info->dlpi_phdr[i].p_vaddr +
				      info->dlpi_phdr[i].p_memsz;
	return 1;
}

__attribute__((constructor)) static void
heap_begin(void)
{
	const char *path = getenv("FAULTS_HEAP");
	int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	void *memory;

	if (file < 0)
		return;
	memory = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE,
	    MAP_SHARED, file, 0);
	(void)close(file);
	(void)dl_iterate_phdr(find_program, NULL);
	if (memory != MAP_FAILED)
		control = memory;
}

static bool
fill_with(size_t size)
{
	struct filler *filler = __libc_malloc(size);

	if (filler == NULL)
		return false;
	filler->next = fillers;
	fillers = filler;
	return true;
}

/* From large to small, and each small size, for malloc keeps lists of them. */
static void
fill(size_t left)
{
	void *kept = __libc_malloc(left);
	const struct rlimit none = { 0, limit.rlim_max };
	size_t size;

	(void)setrlimit(RLIMIT_AS, &none);
	for (size = 4U << 20; size > 1040; size /= 2)
		while (fill_with(size))
			;
	for (; size >= 16; size -= 16)
		while (fill_with(size))
			;
	free(kept);
	control->full = 1;
}

static void
empty(void)
{
	struct filler *next;

	(void)setrlimit(RLIMIT_AS, &limit);
	for (; fillers != NULL; fillers = next) {
		next = fillers->next;
		free(fillers);
	}
	control->full = 0;
}

/* Before each call: whether it is to fail. */
static bool
fails(size_t size, const void *caller)
{
	const bool own = (uintptr_t)caller >= program_first &&
			 (uintptr_t)caller < program_end;
	uint32_t call;

	if (control == NULL)
		return false;
	if (limit.rlim_max == 0)
		(void)getrlimit(RLIMIT_AS, &limit);
	if (control->mode == HEAP_FULL && !control->full)
		fill(control->n);
	if (control->mode != HEAP_FULL && control->full)
		empty();
	if (control->mode == HEAP_OWN && !own)
		return false;
	call = control->calls++;
	if (control->mode == HEAP_LOG && call < LOG_MAX)
		control->log[call] = (struct call){ own, (uint32_t)size };
	if ((control->mode != HEAP_OWN && control->mode != HEAP_EACH) ||
	    control->calls != control->n)
		return false;
	control->failed++;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t size)
{
	return fails(size, __builtin_return_address(0)) ? NULL
							: __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	return fails(count * size, __builtin_return_address(0))
		   ? NULL
		   : __libc_calloc(count, size);
}

void *
realloc(void *block, size_t size)
{
	return fails(size, __builtin_return_address(0))
		   ? NULL
		   : __libc_realloc(block, size);
}
