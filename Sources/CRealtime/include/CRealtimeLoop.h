// What the loop's thread needs of Linux and Swift's overlay cannot say.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Starts a thread that runs `body(context)` and can be joined; 0 or an errno. Its stack (512 KiB) is touched, and locked
/// where that is granted, before `body` begins, so the loop meets no page fault there. (Swift's Thread gives no say in stack and scheduling.)
int us_thread_start(void (*body)(void *), void *context, uint64_t *thread);
/// Waits for the thread's end.
int us_thread_join(uint64_t thread);

/// SCHED_FIFO for the calling thread alone; threads and processes that it starts fall back to normal. 0 or an errno.
int us_fifo_self(int priority);
/// SCHED_IDLE for the calling thread and what it starts: only time that nobody else wants. 0 or an errno.
int us_idle_self(void);
/// Pins the calling thread to one CPU. 0 or an errno.
int us_pin_self(int cpu);
/// Whether the calling thread may run on a CPU.
bool us_may_run_on(int cpu);
/// Keeps a thread of this process (0: the calling one), and what it starts from now on, off one CPU. 0 or an errno; EINVAL
/// where no other is left.
int us_keep_off(int cpu, int thread);
/// What happened to the calling thread since it began: page faults that were answered from memory, those that had to wait
/// for a disk, and how often another thread was given its CPU while it wanted to run. (Swift's Glibc overlay has no
/// RUSAGE_THREAD.)
void us_thread_usage(int64_t *minor_faults, int64_t *major_faults, int64_t *involuntary_switches);
/// Asks the kernel to wake the calling thread as exactly as it can (1 ns of slack). 0 or an errno.
int us_timer_slack_self(void);
/// Locks each page that the process has or will have, once it is touched. 0 or an errno; EPERM where the limit is bounded.
int us_lock_all_memory(void);
/// Locks the pages of a block. 0 or an errno.
int us_lock(const void *address, size_t bytes);
/// Holds /dev/cpu_dma_latency at 0 µs for as long as the descriptor stays open; −errno where that is refused.
int us_cpu_dma_latency_zero(void);

/// A posting place between a timer and a thread: `us_post` never waits; `us_wait_posted` returns at the post or at the
/// deadline, whichever is first, true for a post.
typedef struct us_gate us_gate;
us_gate *us_gate_make(void);
void us_gate_free(us_gate *gate);
void us_gate_post(us_gate *gate);
bool us_gate_wait_until(us_gate *gate, int64_t deadline_ns);
