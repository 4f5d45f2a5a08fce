// What stands between dense layers; the header says what each does.
#include "CKernelsLayers.h"

#include <math.h>

#include "CKernelsFixedMath.h"

static float joined(const float part[8]) {
  return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
}

void us_layer_norm(float *x, const float *gain, const float *shift, int32_t count) {
  float sum[8] = {0}, square[8] = {0};
  for (int32_t i = 0; i < count; i++) sum[i % 8] += x[i];
  const float mean = joined(sum) / (float)count;
  for (int32_t i = 0; i < count; i++) {
    const float d = x[i] - mean;
    square[i % 8] += d * d;
  }
  const float inverse = 1 / sqrtf(joined(square) / (float)count + US_LAYER_NORM_EPSILON);
  for (int32_t i = 0; i < count; i++) x[i] = (x[i] - mean) * inverse * gain[i] + shift[i];
}

float us_gelu(float x) {
  const double wide = x, inner = 0.79788456080286535588 * (wide + 0.044715 * wide * wide * wide);
  return (float)(0.5 * wide * (1 + us_fixed_tanh(inner)));
}

void us_activate(float *x, int32_t count, int32_t activation) {
  for (int32_t i = 0; i < count; i++) {
    switch (activation) {
      case US_RELU: x[i] = 0 > x[i] ? 0 : x[i]; break;
      case US_TANH: x[i] = us_fixed_tanhf(x[i]); break;
      case US_GELU: x[i] = us_gelu(x[i]); break;
      default: return;
    }
  }
}

void us_add(float *y, const float *x, int32_t count) {
  for (int32_t i = 0; i < count; i++) y[i] += x[i];
}
