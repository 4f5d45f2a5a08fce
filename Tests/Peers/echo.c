// The least that a client can do: one write, then poll and read until all bytes are there. No parsing, no checking; what
// it needs is what the system needs. For `understudy bench bus --peers`, which compiles it.
//
//     echo PORT STAMPS CYCLES RATE_HZ      prints what bus_clients.py prints
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static int64_t now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void list(const char *name, const int64_t *values, int count) {
  printf("\"%s\": [", name);
  for (int i = 0; i < count; i++) printf(i ? ", %lld" : "%lld", (long long)values[i]);
  printf("], ");
}

int main(int argc, char **argv) {
  if (argc != 5) return 64;
  const int port = open(argv[1], O_RDWR | O_NOCTTY | O_NONBLOCK), stamps = open(argv[2], O_RDONLY);
  const int cycles = atoi(argv[3]);
  const int64_t period = 1000000000 / atoi(argv[4]);
  struct termios settings;
  if (port < 0 || stamps < 0 || cycles < 1 || tcgetattr(port, &settings)) return 69;
  cfmakeraw(&settings);
  cfsetspeed(&settings, B1000000);
  if (tcsetattr(port, TCSANOW, &settings)) return 69;
  // A sync read of two bytes from address 56 of servos 1 to 6; six replies of eight bytes.
  const uint8_t request[] = {0xFF, 0xFF, 0xFE, 0x0A, 0x82, 0x38, 0x02, 1, 2, 3, 4, 5, 6, 0x26};
  int64_t *wall = calloc(3 * (size_t)cycles, sizeof *wall), *share = wall + cycles, *cpu = share + cycles;
  int done = 0, failed = 0;
  int64_t due = now(CLOCK_MONOTONIC);
  for (int i = 0; i < cycles; i++) {
    due += period;
    if (due < now(CLOCK_MONOTONIC)) due = now(CLOCK_MONOTONIC);
    const struct timespec wake = {due / 1000000000, due % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, 0);
    uint8_t reply[256];
    while (read(port, reply, sizeof reply) > 0) {}
    const int64_t used = now(CLOCK_THREAD_CPUTIME_ID), began = now(CLOCK_MONOTONIC);
    long have = 0;
    if (write(port, request, sizeof request) == sizeof request) {
      struct pollfd wait = {port, POLLIN, 0};
      while (have < 48 && poll(&wait, 1, 50) > 0) {
        const long got = read(port, reply, sizeof reply);
        if (got > 0) have += got;
      }
    }
    const int64_t returned = now(CLOCK_MONOTONIC), spent = now(CLOCK_THREAD_CPUTIME_ID);
    int64_t stamp = 0;
    if (have != 48 || pread(stamps, &stamp, sizeof stamp, 0) != sizeof stamp) {
      failed++;
      continue;
    }
    wall[done] = returned - began;
    share[done] = returned - stamp;
    cpu[done++] = spent - used;
  }
  printf("{");
  list("wall", wall, done);
  list("share", share, done);
  list("cpu", cpu, done);
  printf("\"failed\": %d}\n", failed);
}
