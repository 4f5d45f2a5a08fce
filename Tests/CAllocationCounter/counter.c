// The malloc family over glibc's own, with a count per thread. The counters live in the program's own thread-local
// block, which exists before any thread runs, so that counting itself allocates nothing.
#include "CAllocationCounter.h"

#include <errno.h>
#include <stddef.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *pointer);

static __thread struct {
  us_allocations counts;
  int on;
} mine;

static void count(size_t bytes) {
  if (!mine.on) return;
  mine.counts.allocations += 1;
  mine.counts.bytes += bytes;
}

// What the Swift runtime calls at a throw, where somebody has set it.
extern void *_swift_willThrowTypedImpl __attribute__((weak));
extern void *_swift_willThrow __attribute__((weak));

static void unset(void **hook) {
  if (hook) __atomic_store_n(hook, (void *)0, __ATOMIC_RELAXED);
}

void us_allocations_note_no_throws(void) {
  unset(&_swift_willThrowTypedImpl);
  unset(&_swift_willThrow);
}

void us_allocations_resume(void) { mine.on = 1; }

int us_allocations_pause(void) {
  int was = mine.on;
  mine.on = 0;
  return was;
}

us_allocations us_allocations_take(void) {
  us_allocations counts = mine.counts;
  mine.counts = (us_allocations){0};
  return counts;
}

void *malloc(size_t size) {
  count(size);
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count(number * size);
  return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
  count(size);
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  count(size);
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count(size);
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) || (alignment & (alignment - 1)) || !alignment) return EINVAL;
  count(size);
  void *made = __libc_memalign(alignment, size);
  if (!made) return ENOMEM;
  *result = made;
  return 0;
}

void free(void *pointer) {
  if (pointer && mine.on) mine.counts.releases += 1;
  __libc_free(pointer);
}
