// Whether the wall clock follows a time server; see CRealtime.h.
#include "CRealtime.h"

#include <sys/timex.h>

int us_clock_is_synchronized(void) {
  struct timex state = {.modes = 0};
  int result = adjtimex(&state);
  return result < 0 ? -1 : result != TIME_ERROR && !(state.status & STA_UNSYNC);
}
