// The few Linux calls that Swift's Glibc overlay cannot express, and annotated wrappers that the tick may call.
//
// `US_RT` lets a function be called from Swift code marked `@_noLocks` or `@_noAllocation`: the wrapper promises
// what the compiler cannot see in C. Each function says why it exists.
#pragma once

#include <math.h>
#include <poll.h>
#include <stdint.h>
#include <time.h>

#define US_RT __attribute__((swift_attr("@_noLocks"), swift_attr("@_noAllocation")))

/// Nanoseconds of CLOCK_MONOTONIC. Swift's own clocks return `Duration`, whose comparison allocates metadata.
US_RT static inline int64_t us_monotonic_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/// Nanoseconds of CPU time that the calling thread has used.
US_RT static inline int64_t us_thread_cpu_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/// Sleeps until an absolute CLOCK_MONOTONIC time; an interrupted sleep goes on.
US_RT void us_sleep_until_ns(int64_t deadline_ns);

/// poll(2) with a timeout in nanoseconds; a negative one does not wait.
US_RT int us_poll_ns(struct pollfd *ports, int count, int64_t timeout_ns);

/// The rate of a tty in bits a second, or −1.
int us_tty_rate(int descriptor);

/// Sets any rate; returns the one that the driver chose, or −1.
int us_tty_set_rate(int descriptor, int bits_per_second);

/// For how long the machine has been suspended since it booted: CLOCK_BOOTTIME goes on then, CLOCK_MONOTONIC does not.
/// −1 where this thread was held up between reading the one and the other.
US_RT static inline int64_t us_suspended_ns(void) {
  struct timespec before, boot, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  clock_gettime(CLOCK_BOOTTIME, &boot);
  clock_gettime(CLOCK_MONOTONIC, &after);
  int64_t first = (int64_t)before.tv_sec * 1000000000 + before.tv_nsec;
  int64_t last = (int64_t)after.tv_sec * 1000000000 + after.tv_nsec;
  if (last - first > 1000000) return -1;
  return (int64_t)boot.tv_sec * 1000000000 + boot.tv_nsec - first;
}

/// Asks the driver to pass on bytes at once (ASYNC_LOW_LATENCY; an FTDI adapter's latency timer becomes 1 ms). 1: it does;
/// 0: it knows no such thing, or refuses. The struct is the kernel's own, which Swift does not import.
int us_tty_low_latency(int descriptor);

/// The IEEE square root: correctly rounded everywhere, so logs verify on any CPU. Swift's `squareRoot()` is rejected
/// in functions that are proved free of locks.
US_RT static inline float us_sqrtf(float x) { return sqrtf(x); }
US_RT static inline float us_floorf(float x) { return floorf(x); }
US_RT static inline float us_ceilf(float x) { return ceilf(x); }
US_RT static inline float us_rintf(float x) { return rintf(x); }

/// Lets two paths change places in one step; -1 and errno where the file system cannot (EINVAL). Swift's Glibc overlay
/// has no renameat2.
int us_exchange_paths(const char *a, const char *b);

/// 1 where a time server keeps the wall clock right, 0 where nobody does, -1 where the system does not tell. Swift's
/// Glibc overlay has no adjtimex.
int us_clock_is_synchronized(void);

#include "CRealtimeLoop.h"
