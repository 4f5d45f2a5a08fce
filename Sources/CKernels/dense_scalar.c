// The kernels in plain C: the definition that the others are tested against, and what runs where nothing else can.
//
// `fmaf` is exact everywhere; on an x86-64 CPU without FMA it is a slow library call, which is correct all the same.
#include "dense.h"

US_INLINE float relu(float x) { return 0 > x ? 0 : x; }

static void narrow_f32(const us_dense_f32 *layer, const float *x, float *y) {
  const int32_t stride = layer->stride;
  float sums[4][US_DENSE_NARROW];
  memset(sums, 0, sizeof sums);
  for (int32_t o = 0; o < stride; o++) sums[0][o] = layer->bias[o];
  for (int32_t i = 0; i < layer->inputs; i++) {
    const float *row = layer->weights + (intptr_t)i * stride;
    for (int32_t o = 0; o < stride; o++) sums[i % 4][o] = fmaf(x[i], row[o], sums[i % 4][o]);
  }
  for (int32_t o = 0; o < stride; o++) {
    const float sum = (sums[0][o] + sums[1][o]) + (sums[2][o] + sums[3][o]);
    y[o] = layer->relu ? relu(sum) : sum;
  }
}

static void f32(const us_dense_f32 *layer, const float *x, float *y) {
  if (layer->outputs <= US_DENSE_NARROW) return narrow_f32(layer, x, y);
  const int32_t stride = layer->stride;
  for (int32_t o = 0; o < stride; o++) y[o] = layer->bias[o];
  for (int32_t i = 0; i < layer->inputs; i++) {
    const float *row = layer->weights + (intptr_t)i * stride;
    for (int32_t o = 0; o < stride; o++) y[o] = fmaf(x[i], row[o], y[o]);
  }
  if (layer->relu) {
    for (int32_t o = 0; o < stride; o++) y[o] = relu(y[o]);
  }
}

static float quantize(const float *x, int32_t count, int8_t *q) {
  uint32_t largest = 0;
  for (int32_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &x[i], sizeof bits);
    bits &= 0x7fffffffu;
    if (bits > largest) largest = bits;
  }
  float inverse;
  const float scale = us_quantize_scale(largest, &inverse);
  memset(q, 0, (size_t)((count + 63) / 64 * 64));
  if (inverse == 0) return scale;
  for (int32_t i = 0; i < count; i++) {
    // Adding 1.5 * 2^23 rounds to an integer, ties to even, and leaves it in the low bits.
    const float shifted = x[i] * inverse + 0x1.8p23f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    q[i] = (int8_t)(bits & 0xff);
  }
  return scale;
}

static void int8(const us_dense_int8 *layer, const int8_t *q, float s, float *y) {
  for (int32_t o = 0; o < layer->stride; o++) {
    int32_t sum = 0;
    for (int32_t i = 0; i < layer->inputs; i++) {
      sum += q[i] * layer->weights[((intptr_t)(i / 4) * layer->stride + o) * 4 + i % 4];
    }
    const float result = fmaf((float)sum, layer->scales[o] * s, layer->bias[o]);
    y[o] = layer->relu ? relu(result) : result;
  }
}

const us_kernels us_kernels_scalar = {"scalar", f32, quantize, int8};
