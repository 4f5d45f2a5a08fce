// Preloaded into a child process: lets libserialport open a pseudo-terminal.
//
// libserialport reads and sets the modem lines of every port it opens; a pseudo-terminal has none and says ENOTTY. Here
// such a port has lines that are all off and accept everything. All other calls go through unchanged.
//
// With UNDERSTUDY_CLOCK_STEP_S the wall clock steps back and forth by so many seconds, four times a second.
#define _GNU_SOURCE
#include "CSerialShim.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>

int ioctl(int descriptor, unsigned long request, ...) {
  va_list arguments;
  va_start(arguments, request);
  void *argument = va_arg(arguments, void *);
  va_end(arguments);
  int (*real)(int, unsigned long, ...) = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
  int result = real(descriptor, request, argument);
  if (result >= 0 || errno != ENOTTY) return result;
  switch (request) {
  case TIOCMGET:
    *(int *)argument = 0;
    return 0;
  case TIOCMSET:
  case TIOCMBIS:
  case TIOCMBIC:
    return 0;
  default:
    return result;
  }
}

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static long step_s;

__attribute__((constructor)) static void prepare(void) {
  real_clock_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  const char *text = getenv("UNDERSTUDY_CLOCK_STEP_S");
  step_s = text ? strtol(text, 0, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  if (!real_clock_gettime) prepare();
  int result = real_clock_gettime(clock, time);
  if (result == 0 && clock == CLOCK_REALTIME && step_s) {
    struct timespec now;
    real_clock_gettime(CLOCK_MONOTONIC, &now);
    time->tv_sec += now.tv_nsec / 250000000 % 2 ? step_s : -step_s;
  }
  return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  struct timespec now;
  int result = clock_gettime(CLOCK_REALTIME, &now);
  if (result == 0) *time = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return result;
}

time_t time(time_t *out) {
  struct timespec now = {0};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
