// Counts what a thread asks of malloc's family. It stands in for that family in the whole test program, so it sees what
// Swift's runtime allocates as well as what C does. Left out under the thread sanitizer, which wants these names itself.
#pragma once

#include <stdint.h>

/// What the calling thread did while it was counting.
typedef struct {
  uint64_t allocations;
  uint64_t bytes;
  uint64_t releases;
} us_allocations;

/// The calling thread counts from here on, on top of what it has.
void us_allocations_resume(void);
/// It stops; returns whether it was counting.
int us_allocations_pause(void);
/// What the calling thread has counted; nothing is left over for the next call.
us_allocations us_allocations_take(void);

/// From here on Swift Testing notes no backtrace where Swift code throws: the note is an allocation that programs outside of
/// tests do not make.
void us_allocations_note_no_throws(void);
