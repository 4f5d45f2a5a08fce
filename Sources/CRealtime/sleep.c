// Absolute sleeps: a relative one drifts by the time between reading the clock and falling asleep.
#include "CRealtime.h"

#include <errno.h>

void us_sleep_until_ns(int64_t deadline_ns) {
  struct timespec t = {.tv_sec = deadline_ns / 1000000000, .tv_nsec = deadline_ns % 1000000000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0) == EINTR) {
  }
}
