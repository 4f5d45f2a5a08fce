// Preloaded into a child process: lets libserialport open a pseudo-terminal.
//
// libserialport reads and sets the modem lines of every port it opens; a pseudo-terminal has none and says ENOTTY. Here
// such a port has lines that are all off and accept everything. All other calls go through unchanged.
#define _GNU_SOURCE
#include "CSerialShim.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/ioctl.h>

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
