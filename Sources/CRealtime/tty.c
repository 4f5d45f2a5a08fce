// The rate of a tty as a number: POSIX termios knows named rates only, and 250 kbit/s, which servos know, has no name.
// The kernel's own termios2 is needed for it; its header excludes <termios.h>, hence this file.
#include "CRealtime.h"

#include <asm/termbits.h>
#include <linux/serial.h>
#include <sys/ioctl.h>

int us_tty_rate(int descriptor) {
  struct termios2 settings;
  return ioctl(descriptor, TCGETS2, &settings) ? -1 : (int)settings.c_ospeed;
}

int us_tty_set_rate(int descriptor, int bits_per_second) {
  struct termios2 settings;
  if (ioctl(descriptor, TCGETS2, &settings)) return -1;
  settings.c_cflag = (settings.c_cflag & ~(CBAUD | CBAUD << IBSHIFT)) | BOTHER | BOTHER << IBSHIFT;
  settings.c_ispeed = settings.c_ospeed = (speed_t)bits_per_second;
  if (ioctl(descriptor, TCSETS2, &settings)) return -1;
  return us_tty_rate(descriptor);
}

int us_tty_low_latency(int descriptor) {
  struct serial_struct settings;
  if (ioctl(descriptor, TIOCGSERIAL, &settings)) return 0;
  if (settings.flags & ASYNC_LOW_LATENCY) return 1;
  settings.flags |= ASYNC_LOW_LATENCY;
  return ioctl(descriptor, TIOCSSERIAL, &settings) ? 0 : 1;
}
