// Which kernels this CPU can run, and the calls that go through the chosen ones.
#include "dense.h"

#include <stddef.h>

#if defined(__aarch64__)
#include <sys/auxv.h>
// Linux's HWCAP_ASIMDDP: the CPU has SDOT.
#define HAS_DOTPROD (getauxval(AT_HWCAP) >> 20 & 1)
#endif

int32_t us_dense_stride(int32_t outputs) { return outputs <= 8 ? 8 : (outputs + 15) / 16 * 16; }

const us_kernels *us_kernels_at(int32_t index) {
  const us_kernels *found[4];
  int32_t count = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const int avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                     __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
  if (avx512) found[count++] = &us_kernels_avx512;
  if (avx2) found[count++] = &us_kernels_avx2;
#elif defined(__aarch64__)
  if (HAS_DOTPROD) found[count++] = &us_kernels_dotprod;
  found[count++] = &us_kernels_neon;
#endif
  found[count++] = &us_kernels_scalar;
  return index >= 0 && index < count ? found[index] : NULL;
}

const char *us_kernels_name(const us_kernels *kernels) { return kernels->name; }

void us_dense_f32_run(const us_kernels *kernels, const us_dense_f32 *layer, const float *x, float *y) {
  kernels->f32(layer, x, y);
}

float us_quantize(const us_kernels *kernels, const float *x, int32_t count, int8_t *q) {
  return kernels->quantize(x, count, q);
}

void us_dense_int8_run(
    const us_kernels *kernels, const us_dense_int8 *layer, const int8_t *q, float s, float *y) {
  kernels->int8(layer, q, s, y);
}
