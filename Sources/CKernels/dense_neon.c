// NEON, four outputs a vector, up to sixteen vectors in registers; "dotprod" adds SDOT for the int8 layers.
#if defined(__aarch64__)
#include <arm_neon.h>

#include "dense.h"

// FMAX would turn -0 into +0, and its NaN into another; compare and select is exactly `0 > x ? 0 : x`.
US_INLINE float32x4_t activated(float32x4_t x, int32_t relu) {
  return relu ? vbslq_f32(vcltzq_f32(x), vdupq_n_f32(0), x) : x;
}

US_INLINE void tile_f32(const us_dense_f32 *layer, const float *x, float *y, int32_t column, const int vectors) {
  const float *row = layer->weights + column;
  float32x4_t sum[16];
  for (int v = 0; v < vectors; v++) sum[v] = vld1q_f32(layer->bias + column + 4 * v);
  for (int32_t i = 0; i < layer->inputs; i++, row += layer->stride) {
    const float32x4_t input = vdupq_n_f32(x[i]);
    for (int v = 0; v < vectors; v++) sum[v] = vfmaq_f32(sum[v], input, vld1q_f32(row + 4 * v));
  }
  for (int v = 0; v < vectors; v++) vst1q_f32(y + column + 4 * v, activated(sum[v], layer->relu));
}

US_INLINE void narrow_f32(const us_dense_f32 *layer, const float *x, float *y, const int vectors) {
  const int32_t stride = 4 * vectors;
  const float *row = layer->weights;
  float32x4_t sum[4][4];
  for (int s = 0; s < 4; s++) {
    for (int v = 0; v < vectors; v++) sum[s][v] = s == 0 ? vld1q_f32(layer->bias + 4 * v) : vdupq_n_f32(0);
  }
  int32_t i = 0;
  for (; i + 4 <= layer->inputs; i += 4) {
    for (int s = 0; s < 4; s++, row += stride) {
      for (int v = 0; v < vectors; v++) sum[s][v] = vfmaq_n_f32(sum[s][v], vld1q_f32(row + 4 * v), x[i + s]);
    }
  }
  for (int s = 0; s < 3; s++, row += stride) {
    if (i + s >= layer->inputs) break;
    for (int v = 0; v < vectors; v++) sum[s][v] = vfmaq_n_f32(sum[s][v], vld1q_f32(row + 4 * v), x[i + s]);
  }
  for (int v = 0; v < vectors; v++) {
    const float32x4_t all = vaddq_f32(vaddq_f32(sum[0][v], sum[1][v]), vaddq_f32(sum[2][v], sum[3][v]));
    vst1q_f32(y + 4 * v, activated(all, layer->relu));
  }
}

static void f32(const us_dense_f32 *layer, const float *x, float *y) {
  if (layer->stride == 8) return narrow_f32(layer, x, y, 2);
  if (layer->outputs <= US_DENSE_NARROW) return narrow_f32(layer, x, y, 4);
  int32_t column = 0;
  for (; column + 64 <= layer->stride; column += 64) tile_f32(layer, x, y, column, 16);
  for (; column < layer->stride; column += 16) tile_f32(layer, x, y, column, 4);
}

static float quantize(const float *x, int32_t count, int8_t *q) {
  const uint32x4_t magnitude = vdupq_n_u32(0x7fffffffu);
  uint32x4_t largest = vdupq_n_u32(0);
  int32_t i = 0;
  for (; i + 4 <= count; i += 4) {
    largest = vmaxq_u32(largest, vandq_u32(magnitude, vreinterpretq_u32_f32(vld1q_f32(x + i))));
  }
  uint32_t top = vmaxvq_u32(largest);
  for (int32_t j = i; j < count; j++) {
    uint32_t bits;
    memcpy(&bits, &x[j], sizeof bits);
    bits &= 0x7fffffffu;
    top = bits > top ? bits : top;
  }
  float inverse;
  const float scale = us_quantize_scale(top, &inverse);
  memset(q, 0, (size_t)((count + 63) / 64 * 64));
  if (inverse == 0) return scale;
  for (i = 0; i + 4 <= count; i += 4) {
    const int32x4_t wide = vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x + i), inverse));
    const int16x4_t half = vmovn_s32(wide);
    vst1_lane_s32((int32_t *)(q + i), vreinterpret_s32_s8(vmovn_s16(vcombine_s16(half, half))), 0);
  }
  for (; i < count; i++) q[i] = (int8_t)vcvtns_s32_f32(x[i] * inverse);
  return scale;
}

US_INLINE void finish_int8(const us_dense_int8 *layer, int32x4_t sum, float s, float *y, int32_t o) {
  const float32x4_t scale = vmulq_n_f32(vld1q_f32(layer->scales + o), s);
  vst1q_f32(y + o, activated(vfmaq_f32(vld1q_f32(layer->bias + o), vcvtq_f32_s32(sum), scale), layer->relu));
}

/// Sixteen products at a time in 16 bits: 127 * 127 and the sum of two of them fit.
US_INLINE void tile_int8(
    const us_dense_int8 *layer, const int8_t *q, float s, float *y, int32_t column, const int vectors) {
  const int8_t *row = layer->weights + (intptr_t)column * 4;
  int32x4_t low[8], high[8];
  for (int v = 0; v < vectors; v++) low[v] = high[v] = vdupq_n_s32(0);
  for (int32_t i = 0; i < layer->inputs; i += 4, row += (intptr_t)layer->stride * 4) {
    int32_t four;
    memcpy(&four, q + i, sizeof four);
    const int8x16_t inputs = vreinterpretq_s8_s32(vdupq_n_s32(four));
    for (int v = 0; v < vectors; v++) {
      const int8x16_t weights = vld1q_s8(row + 16 * v);
      low[v] = vpadalq_s16(low[v], vmull_s8(vget_low_s8(weights), vget_low_s8(inputs)));
      high[v] = vpadalq_s16(high[v], vmull_high_s8(weights, inputs));
    }
  }
  for (int v = 0; v < vectors; v++) finish_int8(layer, vpaddq_s32(low[v], high[v]), s, y, column + 4 * v);
}

static void int8(const us_dense_int8 *layer, const int8_t *q, float s, float *y) {
  int32_t column = 0;
  for (; column + 32 <= layer->stride; column += 32) tile_int8(layer, q, s, y, column, 8);
  for (; column < layer->stride; column += 8) tile_int8(layer, q, s, y, column, 2);
}

#define DOTPROD __attribute__((target("arch=armv8.2-a+dotprod")))

DOTPROD US_INLINE void tile_dotprod(
    const us_dense_int8 *layer, const int8_t *q, float s, float *y, int32_t column, const int vectors) {
  const int8_t *row = layer->weights + (intptr_t)column * 4;
  int32x4_t sum[16];
  for (int v = 0; v < vectors; v++) sum[v] = vdupq_n_s32(0);
  for (int32_t i = 0; i < layer->inputs; i += 4, row += (intptr_t)layer->stride * 4) {
    int32_t four;
    memcpy(&four, q + i, sizeof four);
    const int8x16_t inputs = vreinterpretq_s8_s32(vdupq_n_s32(four));
    for (int v = 0; v < vectors; v++) sum[v] = vdotq_s32(sum[v], vld1q_s8(row + 16 * v), inputs);
  }
  for (int v = 0; v < vectors; v++) finish_int8(layer, sum[v], s, y, column + 4 * v);
}

DOTPROD static void int8_dotprod(const us_dense_int8 *layer, const int8_t *q, float s, float *y) {
  int32_t column = 0;
  for (; column + 64 <= layer->stride; column += 64) tile_dotprod(layer, q, s, y, column, 16);
  for (; column < layer->stride; column += 8) tile_dotprod(layer, q, s, y, column, 2);
}

const us_kernels us_kernels_neon = {"neon", f32, quantize, int8};
const us_kernels us_kernels_dotprod = {"dotprod", f32, quantize, int8_dotprod};
#endif
