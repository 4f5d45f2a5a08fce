// Reads episodes from standard input, as PurePartTests writes them, and prints a line for each:
//
//     3 sizes i32 · envelope · map · 7 floats · episode… of (count i32 · records)
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void us_pure_sizes(int32_t *sizes);
void us_pure_verify(
    const void *envelope, const void *map, const float *numbers, const void *records, int32_t count, int64_t *found);

static void *take(size_t bytes) {
  void *memory = malloc(bytes ? bytes : 1);
  if (!memory || fread(memory, 1, bytes, stdin) != bytes) exit(65);
  return memory;
}

int main(void) {
  int32_t sizes[3], count;
  us_pure_sizes(sizes);
  const int32_t *theirs = take(sizeof sizes);
  for (int i = 0; i < 3; i++) {
    if (sizes[i] != theirs[i]) return printf("%d bytes here, %d there\n", sizes[i], theirs[i]), 70;
  }
  const void *envelope = take((size_t)sizes[0]), *map = take((size_t)sizes[1]);
  const float *numbers = take(7 * sizeof *numbers);
  while (fread(&count, sizeof count, 1, stdin) == 1) {
    const void *records = take((size_t)count * (size_t)sizes[2]);
    int64_t found[4];
    us_pure_verify(envelope, map, numbers, records, count, found);
    printf("%ld %ld %ld %ld\n", (long)found[0], (long)found[1], (long)found[2], (long)found[3]);
  }
  return 0;
}
