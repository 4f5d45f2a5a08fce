// Thread, priority, memory and one gate: see CRealtimeLoop.h for why each is here.
#define _GNU_SOURCE
#include "CRealtimeLoop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { stack_bytes = 512 * 1024 };

struct start {
  void (*body)(void *);
  void *context;
};

static void *begin(void *argument) {
  struct start start = *(struct start *)argument;
  free(argument);
  // Touch the stack page by page; half of it stays free for the frames above this one.
  volatile char pages[stack_bytes / 2];
  for (int i = 0; i < stack_bytes / 2; i += 4096) pages[i] = 0;
  // Whether it is granted, us_lock_all_memory has said; this much is within nearly every limit.
  (void)mlock((const void *)pages, sizeof pages);
  start.body(start.context);
  return 0;
}

int us_thread_start(void (*body)(void *), void *context, uint64_t *thread) {
  pthread_attr_t attributes;
  int error = pthread_attr_init(&attributes);
  if (error) return error;
  pthread_attr_setstacksize(&attributes, stack_bytes);
  struct start *start = malloc(sizeof *start);
  if (!start) return ENOMEM;
  *start = (struct start){body, context};
  pthread_t made;
  error = pthread_create(&made, &attributes, begin, start);
  pthread_attr_destroy(&attributes);
  if (error) free(start);
  else *thread = (uint64_t)made;
  return error;
}

int us_thread_join(uint64_t thread) { return pthread_join((pthread_t)thread, 0); }

int us_fifo_self(int priority) {
  struct sched_param parameter = {.sched_priority = priority};
  return pthread_setschedparam(pthread_self(), SCHED_FIFO | SCHED_RESET_ON_FORK, &parameter);
}

int us_idle_self(void) {
  struct sched_param parameter = {0};
  return sched_setscheduler(0, SCHED_IDLE, &parameter) ? errno : 0;
}

int us_pin_self(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

bool us_may_run_on(int cpu) {
  cpu_set_t set;
  return cpu >= 0 && cpu < CPU_SETSIZE && !sched_getaffinity(0, sizeof set, &set) && CPU_ISSET(cpu, &set);
}

int us_keep_off(int cpu, int thread) {
  cpu_set_t set;
  if (sched_getaffinity(thread, sizeof set, &set)) return errno;
  CPU_CLR(cpu, &set);
  return sched_setaffinity(thread, sizeof set, &set) ? errno : 0;
}

void us_thread_usage(int64_t *minor_faults, int64_t *major_faults, int64_t *involuntary_switches) {
  struct rusage usage = {0};
  getrusage(RUSAGE_THREAD, &usage);
  *minor_faults = usage.ru_minflt;
  *major_faults = usage.ru_majflt;
  *involuntary_switches = usage.ru_nivcsw;
}

int us_timer_slack_self(void) { return prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0) ? errno : 0; }

static bool may_lock_everything(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY) return true;
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
  return syscall(SYS_capget, &header, sets) == 0 && sets[CAP_TO_INDEX(CAP_IPC_LOCK)].effective & CAP_TO_MASK(CAP_IPC_LOCK);
}

int us_lock_all_memory(void) {
  // With a bounded limit MCL_FUTURE would make later allocations fail.
  if (!may_lock_everything()) return EPERM;
  // Without MCL_ONFAULT every library and every thread's whole stack would be fetched: some hundred MB.
  return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) ? errno : 0;
}

int us_lock(const void *address, size_t bytes) { return mlock(address, bytes) ? errno : 0; }

int us_cpu_dma_latency_zero(void) {
  int descriptor = open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return -errno;
  int32_t microseconds = 0;
  if (write(descriptor, &microseconds, sizeof microseconds) != sizeof microseconds) {
    int error = errno;
    close(descriptor);
    return -error;
  }
  return descriptor;
}

struct us_gate {
  sem_t semaphore;
};

us_gate *us_gate_make(void) {
  us_gate *gate = malloc(sizeof *gate);
  if (gate) sem_init(&gate->semaphore, 0, 0);
  return gate;
}

void us_gate_free(us_gate *gate) {
  sem_destroy(&gate->semaphore);
  free(gate);
}

void us_gate_post(us_gate *gate) { sem_post(&gate->semaphore); }

bool us_gate_wait_until(us_gate *gate, int64_t deadline_ns) {
  struct timespec t = {.tv_sec = deadline_ns / 1000000000, .tv_nsec = deadline_ns % 1000000000};
  int result;
  do result = sem_clockwait(&gate->semaphore, CLOCK_MONOTONIC, &t);
  while (result && errno == EINTR);
  return result == 0;
}
