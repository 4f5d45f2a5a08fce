// Two folders change places in one step: a reader finds the old one or the new one, never none.
#define _GNU_SOURCE
#include "CRealtime.h"

#include <fcntl.h>
#include <stdio.h>

int us_exchange_paths(const char *a, const char *b) { return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE); }
