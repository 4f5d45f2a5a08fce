// ppoll: Swift's Glibc module hides it behind _GNU_SOURCE, and poll's milliseconds are too coarse for a tick.
#define _GNU_SOURCE
#include "CRealtime.h"

#include <poll.h>

int us_poll_ns(struct pollfd *ports, int count, int64_t timeout_ns) {
  if (timeout_ns < 0) timeout_ns = 0;
  struct timespec t = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
  return ppoll(ports, (nfds_t)count, &t, 0);
}
