// What stands between dense layers: normalisation, nonlinearities and residual sums of one vector.
//
// Plain C in one written-out order of operations, the same text for every CPU: sums run in eight parts, number i in part
// i mod 8, joined as ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)). Nothing here allocates or locks.
#pragma once

#include <stdint.h>

#ifndef US_RT
#define US_RT __attribute__((swift_attr("@_noLocks"), swift_attr("@_noAllocation")))
#endif

/// Nonlinearities. GELU is its tanh form.
enum { US_LINEAR = 0, US_RELU = 1, US_TANH = 2, US_GELU = 3 };

/// Added to a layer's variance, as in PyTorch.
#define US_LAYER_NORM_EPSILON 1e-5f

/// x = (x - mean) / sqrt(variance + epsilon) * gain + shift, over the vector's own mean and variance.
US_RT void us_layer_norm(float *x, const float *gain, const float *shift, int32_t count);
/// x = activation(x).
US_RT void us_activate(float *x, int32_t count, int32_t activation);
/// y += x.
US_RT void us_add(float *y, const float *x, int32_t count);
/// x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), computed in double and rounded once.
US_RT float us_gelu(float x);
/// Reads all of `words` and gives their exclusive or: the limit of memory, for `understudy bench policy`.
uint64_t us_read_all(const uint64_t *words, int64_t count);
