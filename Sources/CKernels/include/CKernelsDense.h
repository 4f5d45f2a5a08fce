// Dense layers of a policy, y = activation(W x + b), for one vector x at a time, in f32 and in int8.
//
// The same bits come out of every kernel, by layout rather than by luck:
//
//     weights f32   [input][stride]        one SIMD lane owns one output and meets the inputs in index order,
//                                          each step one fused multiply-add, beginning at the bias
//     weights int8  [input / 4][stride][4] one 32-bit lane owns one output and sums integers exactly
//
// so the width of the vectors cannot change a rounding. A narrow layer (at most 16 outputs) would leave a CPU waiting
// for one chain of additions; every kernel therefore splits its inputs over four sums, input i going to sum i mod 4,
// and joins them as (s0 + s1) + (s2 + s3); the bias begins s0.
//
// Arrays are 64-byte aligned; `stride` is the number of outputs rounded up (`us_dense_stride`), and what is padded is
// zero. The rounding mode is IEEE's default: to nearest, ties to even. Nothing here allocates or locks.
#pragma once

#include <stdint.h>

#ifndef US_RT
#define US_RT __attribute__((swift_attr("@_noLocks"), swift_attr("@_noAllocation")))
#endif

/// Layers with at most so many outputs sum in four parts.
#define US_DENSE_NARROW 16

/// Columns a row of weights has for so many outputs: 8, or a multiple of 16.
US_RT int32_t us_dense_stride(int32_t outputs);

/// A layer in f32.
typedef struct {
  int32_t inputs;
  int32_t outputs;
  int32_t stride;
  /// 1: negative results become 0 (NaN stays NaN).
  int32_t relu;
  /// [inputs][stride]
  const float *weights;
  /// [stride]
  const float *bias;
} us_dense_f32;

/// A layer in int8. The weights of an output are `scale` times integers within +-127; -128 never occurs.
typedef struct {
  /// A multiple of 16; the weights of padded inputs are zero.
  int32_t inputs;
  int32_t outputs;
  int32_t stride;
  int32_t relu;
  /// [inputs / 4][stride][4]
  const int8_t *weights;
  /// [stride]: -128 times the sum of an output's weights, for kernels that multiply unsigned activations (a + 128).
  const int32_t *offsets;
  /// [stride]
  const float *scales;
  /// [stride]
  const float *bias;
} us_dense_int8;

/// One way to compute all of the above on this CPU.
typedef struct us_kernels us_kernels;

/// The kernels that this CPU can run, the best first; NULL behind the last (which is "scalar").
const us_kernels *us_kernels_at(int32_t index);
/// "scalar", "avx2", "avx512", "neon" or "dotprod".
const char *us_kernels_name(const us_kernels *kernels);

/// y[0..<stride] = activation(W x + b).
US_RT void us_dense_f32_run(const us_kernels *kernels, const us_dense_f32 *layer, const float *x, float *y);

/// q = x / s, rounded, with s = max |x| / 127; returns s. q is filled with zeros up to a multiple of 64, for which
/// there must be room. A vector with NaN or infinity in it gives s = NaN and zeros; one below 1e-30 gives zeros.
US_RT float us_quantize(const us_kernels *kernels, const float *x, int32_t count, int8_t *q);

/// y[0..<stride] = activation(scale * s * (integer sum of w q) + b), with the s that `us_quantize` returned for q.
US_RT void us_dense_int8_run(
    const us_kernels *kernels, const us_dense_int8 *layer, const int8_t *q, float s, float *y);
