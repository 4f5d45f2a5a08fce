// What the kernels share among themselves.
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "CKernelsDense.h"

struct us_kernels {
  const char *name;
  void (*f32)(const us_dense_f32 *layer, const float *x, float *y);
  float (*quantize)(const float *x, int32_t count, int8_t *q);
  void (*int8)(const us_dense_int8 *layer, const int8_t *q, float s, float *y);
};

extern const us_kernels us_kernels_scalar;
#if defined(__x86_64__)
extern const us_kernels us_kernels_avx2;
extern const us_kernels us_kernels_avx512;
#elif defined(__aarch64__)
extern const us_kernels us_kernels_neon;
extern const us_kernels us_kernels_dotprod;
#endif

// One body serves several widths: the width is a constant in each call, and the arrays become registers.
#define US_INLINE static inline __attribute__((always_inline))

// Magnitudes below this are zero to a quantized layer: 127 / magnitude must stay finite.
#define US_QUANTIZE_ZERO 1e-30f

/// The largest |x| as its bits: IEEE magnitudes are ordered as integers, infinity above all numbers, NaN above that.
/// Splits the cases of `us_quantize`; writes 127 / max |x| (0 if nothing is to be kept) and returns the scale.
US_INLINE float us_quantize_scale(uint32_t magnitude_bits, float *inverse) {
  float magnitude;
  memcpy(&magnitude, &magnitude_bits, sizeof magnitude);
  *inverse = 0;
  if (magnitude_bits >= 0x7f800000u) return NAN;
  if (magnitude < US_QUANTIZE_ZERO) return 0;
  *inverse = 127.0f / magnitude;
  return magnitude / 127.0f;
}
