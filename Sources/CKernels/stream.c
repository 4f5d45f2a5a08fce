// The fastest that memory can be read: the limit of whoever must look at every weight once.
#include "CKernelsLayers.h"
#include "clones.h"

CLONES uint64_t us_read_all(const uint64_t *words, int64_t count) {
  // Eight lanes of eight words: enough independent chains for any vector width.
  uint64_t sum[64] = {0};
  for (int64_t i = 0; i + 64 <= count; i += 64) {
    for (int lane = 0; lane < 64; lane++) sum[lane] ^= words[i + lane];
  }
  uint64_t all = 0;
  for (int lane = 0; lane < 64; lane++) all ^= sum[lane];
  return all;
}
