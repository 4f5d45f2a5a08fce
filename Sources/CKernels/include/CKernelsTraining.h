// The passes of training that are not matrix products: each reads its data once, in f32 or f64 (for checking gradients).
//
// They are in C because the debug build runs them as fast as the release build, and because the compiler then writes a
// version for each CPU (`target_clones`). No sum is reordered and no multiply-add fused, so all versions give the same
// bits: what training gives depends on the matrix library's core only.
//
// Matrices are row-major, one row a sample.
#pragma once

#include <stdint.h>

/// The nonlinearity behind a layer. Values of `us_train_...`'s parameter `activation`.
enum { US_TRAIN_LINEAR = 0, US_TRAIN_RELU = 1, US_TRAIN_TANH = 2, US_TRAIN_GELU = 3 };

/// Loss of one difference d: d^2; |d|; Huber's d^2/2 up to |d| = knee, knee (|d| - knee/2) beyond.
enum { US_TRAIN_SQUARE = 0, US_TRAIN_ABSOLUTE = 1, US_TRAIN_HUBER = 2 };

/// One step of Adam. `decay` shrinks the parameters before the step (AdamW) where `decoupled`, else it joins the
/// gradient. `correction1` and `correction2` are 1 - beta^t.
typedef struct {
  double rate, beta1, beta2, epsilon, correction1, correction2, decay, gradient_scale;
  int32_t decoupled;
} us_train_adam_step;

#define US_TRAIN_PASSES(T, SUFFIX)                                                                                  \
  /* out[i] = (table[rows[i]] - mean) * inverse_std, in f32 like inference does it. */                              \
  void us_train_standardise_##SUFFIX(                                                                               \
      const float *table, int64_t rows, int32_t columns, const float *mean, const float *inverse_std, T *out);     \
  /* out[i] = table[rows[i]] */                                                                                     \
  void us_train_gather_##SUFFIX(const T *table, const int32_t *rows, int32_t count, int32_t columns, T *out);       \
  /* y = activation(y + bias) */                                                                                    \
  void us_train_activate_##SUFFIX(T *y, const T *bias, int32_t rows, int32_t columns, int32_t activation);          \
  /* delta *= activation'(y), given y = activation(...); bias_gradient = column sums of delta. */                   \
  void us_train_backward_##SUFFIX(                                                                                  \
      T *delta, const T *y, T *bias_gradient, int32_t rows, int32_t columns, int32_t activation);                   \
  /* The mean over all elements of weight[row] * loss(y - target); delta receives its gradient. Columns from        \
     valid[row] on are masked: they count as zero. delta may be y, or NULL. */                                      \
  double us_train_loss_##SUFFIX(                                                                                    \
      const T *y, const T *target, const T *weight, const int32_t *valid, int32_t rows, int32_t columns,            \
      int32_t kind, double knee, T *delta);                                                                         \
  /* out = activation(x); GELU in its tanh form. */                                                                 \
  void us_train_nonlinear_##SUFFIX(const T *x, T *out, int64_t count, int32_t activation);                          \
  /* delta *= activation'(x), given y = activation(x). */                                                           \
  void us_train_slope_##SUFFIX(T *delta, const T *x, const T *y, int64_t count, int32_t activation);                \
  /* x = hat * gain + shift with hat = (x - mean) * inverse, each row by its own mean and deviation. */             \
  void us_train_layer_norm_##SUFFIX(                                                                                \
      T *x, T *hat, T *inverse, const T *gain, const T *shift, int32_t rows, int32_t columns);                      \
  /* The gradient before the normalisation, given the one behind it; and those of gain and shift. */                \
  void us_train_layer_norm_backward_##SUFFIX(                                                                       \
      T *delta, const T *hat, const T *inverse, const T *gain, T *gain_gradient, T *shift_gradient, int32_t rows,   \
      int32_t columns);                                                                                             \
  /* y *= x */                                                                                                      \
  void us_train_scale_##SUFFIX(T *y, const T *x, int64_t count);                                                    \
  /* y += x */                                                                                                      \
  void us_train_add_##SUFFIX(T *y, const T *x, int64_t count);                                                      \
  /* average += share * (x - average) */                                                                            \
  void us_train_average_##SUFFIX(T *average, const T *x, int64_t count, double share);                              \
  /* out = what is left of each row of x in int8: x rounded to 127 steps of the row's largest number. */            \
  void us_train_quantize_##SUFFIX(const T *x, T *out, int32_t rows, int32_t columns);                               \
  /* Like us_train_loss, where column c of the target has logits[c] outputs from first[c] on: with more than one    \
     they are logits, the target is the place of the right one, and the loss is its cross-entropy. */               \
  double us_train_choice_loss_##SUFFIX(                                                                             \
      const T *y, const T *target, const T *weight, const int32_t *valid, int32_t rows, int32_t columns,            \
      int32_t width, const int32_t *first, const int32_t *logits, int32_t kind, double knee, T *delta);             \
  /* The mean negative log-likelihood of the target's valid columns under a mixture of Gaussians, by columns; y has \
     `components` logits, their means, and numbers s with log sigma = 4 tanh(s / 4). */                             \
  double us_train_mixture_loss_##SUFFIX(                                                                            \
      const T *y, const T *target, const T *weight, const int32_t *valid, int32_t rows, int32_t columns,            \
      int32_t components, T *delta);                                                                                \
  /* The sum of squares, in eight partial sums. */                                                                  \
  double us_train_square_sum_##SUFFIX(const T *x, int64_t count);                                                   \
  /* Adam, as PyTorch computes it. */                                                                               \
  void us_train_adam_##SUFFIX(T *parameters, const T *gradient, T *first, T *second, int64_t count,                 \
                              us_train_adam_step step);

US_TRAIN_PASSES(float, f32)
US_TRAIN_PASSES(double, f64)
