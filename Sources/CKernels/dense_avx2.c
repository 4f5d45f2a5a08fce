// AVX2 with FMA: eight outputs a vector, up to eight vectors in registers while the inputs go by.
#if defined(__x86_64__)
#include <immintrin.h>

#include "dense.h"

#define AVX2 __attribute__((target("avx2,fma")))

// max returns its second operand for NaN and for two zeros: exactly `0 > x ? 0 : x`.
AVX2 US_INLINE __m256 activated(__m256 x, int32_t relu) { return relu ? _mm256_max_ps(_mm256_setzero_ps(), x) : x; }

AVX2 US_INLINE void tile_f32(const us_dense_f32 *layer, const float *x, float *y, int32_t column, const int vectors) {
  const float *row = layer->weights + column;
  __m256 sum[8];
  for (int v = 0; v < vectors; v++) sum[v] = _mm256_load_ps(layer->bias + column + 8 * v);
  for (int32_t i = 0; i < layer->inputs; i++, row += layer->stride) {
    const __m256 input = _mm256_broadcast_ss(x + i);
    for (int v = 0; v < vectors; v++) sum[v] = _mm256_fmadd_ps(input, _mm256_load_ps(row + 8 * v), sum[v]);
  }
  for (int v = 0; v < vectors; v++) _mm256_store_ps(y + column + 8 * v, activated(sum[v], layer->relu));
}

AVX2 US_INLINE void narrow_f32(const us_dense_f32 *layer, const float *x, float *y, const int vectors) {
  const int32_t stride = 8 * vectors;
  const float *row = layer->weights;
  __m256 sum[4][2];
  for (int s = 0; s < 4; s++) {
    for (int v = 0; v < vectors; v++) sum[s][v] = s == 0 ? _mm256_load_ps(layer->bias + 8 * v) : _mm256_setzero_ps();
  }
  int32_t i = 0;
  for (; i + 4 <= layer->inputs; i += 4) {
    for (int s = 0; s < 4; s++, row += stride) {
      const __m256 input = _mm256_broadcast_ss(x + i + s);
      for (int v = 0; v < vectors; v++) sum[s][v] = _mm256_fmadd_ps(input, _mm256_load_ps(row + 8 * v), sum[s][v]);
    }
  }
  for (int s = 0; s < 3; s++, row += stride) {
    if (i + s >= layer->inputs) break;
    const __m256 input = _mm256_broadcast_ss(x + i + s);
    for (int v = 0; v < vectors; v++) sum[s][v] = _mm256_fmadd_ps(input, _mm256_load_ps(row + 8 * v), sum[s][v]);
  }
  for (int v = 0; v < vectors; v++) {
    const __m256 all = _mm256_add_ps(_mm256_add_ps(sum[0][v], sum[1][v]), _mm256_add_ps(sum[2][v], sum[3][v]));
    _mm256_store_ps(y + 8 * v, activated(all, layer->relu));
  }
}

AVX2 static void f32(const us_dense_f32 *layer, const float *x, float *y) {
  if (layer->stride == 8) return narrow_f32(layer, x, y, 1);
  if (layer->outputs <= US_DENSE_NARROW) return narrow_f32(layer, x, y, 2);
  int32_t column = 0;
  for (; column + 64 <= layer->stride; column += 64) tile_f32(layer, x, y, column, 8);
  switch ((layer->stride - column) / 16) {
    case 1: return tile_f32(layer, x, y, column, 2);
    case 2: return tile_f32(layer, x, y, column, 4);
    case 3: return tile_f32(layer, x, y, column, 6);
  }
}

AVX2 static float quantize(const float *x, int32_t count, int8_t *q) {
  const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
  __m256i largest = _mm256_setzero_si256();
  int32_t i = 0;
  for (; i + 8 <= count; i += 8) {
    largest = _mm256_max_epu32(largest, _mm256_and_si256(magnitude, _mm256_loadu_si256((const __m256i *)(x + i))));
  }
  uint32_t lanes[8], top = 0;
  _mm256_storeu_si256((__m256i *)lanes, largest);
  for (int lane = 0; lane < 8; lane++) top = lanes[lane] > top ? lanes[lane] : top;
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
  const __m256 factor = _mm256_set1_ps(inverse);
  for (i = 0; i + 8 <= count; i += 8) {
    const __m256i wide = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + i), factor));
    const __m128i half = _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
    _mm_storel_epi64((__m128i *)(q + i), _mm_packs_epi16(half, half));
  }
  for (; i < count; i++) q[i] = (int8_t)_mm_cvtss_si32(_mm_set_ss(x[i] * inverse));
  return scale;
}

AVX2 US_INLINE void tile_int8(
    const us_dense_int8 *layer, const int8_t *q, float s, float *y, int32_t column, const int vectors) {
  const __m256i ones = _mm256_set1_epi16(1);
  const int8_t *row = layer->weights + (intptr_t)column * 4;
  __m256i sum[8];
  for (int v = 0; v < vectors; v++) sum[v] = _mm256_setzero_si256();
  for (int32_t i = 0; i < layer->inputs; i += 4, row += (intptr_t)layer->stride * 4) {
    int32_t four;
    memcpy(&four, q + i, sizeof four);
    const __m256i inputs = _mm256_set1_epi32(four), magnitudes = _mm256_abs_epi8(inputs);
    for (int v = 0; v < vectors; v++) {
      const __m256i weights = _mm256_load_si256((const __m256i *)(row + 32 * v));
      // |a| times w with the sign of a: two products are at most 2 * 127 * 127, below what 16 bits hold.
      const __m256i pairs = _mm256_maddubs_epi16(magnitudes, _mm256_sign_epi8(weights, inputs));
      sum[v] = _mm256_add_epi32(sum[v], _mm256_madd_epi16(pairs, ones));
    }
  }
  const __m256 factor = _mm256_set1_ps(s);
  for (int v = 0; v < vectors; v++) {
    const int32_t o = column + 8 * v;
    const __m256 scale = _mm256_mul_ps(_mm256_load_ps(layer->scales + o), factor);
    const __m256 result = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum[v]), scale, _mm256_load_ps(layer->bias + o));
    _mm256_store_ps(y + o, activated(result, layer->relu));
  }
}

AVX2 static void int8(const us_dense_int8 *layer, const int8_t *q, float s, float *y) {
  if (layer->stride == 8) return tile_int8(layer, q, s, y, 0, 1);
  int32_t column = 0;
  for (; column + 64 <= layer->stride; column += 64) tile_int8(layer, q, s, y, column, 8);
  switch ((layer->stride - column) / 16) {
    case 1: return tile_int8(layer, q, s, y, column, 2);
    case 2: return tile_int8(layer, q, s, y, column, 4);
    case 3: return tile_int8(layer, q, s, y, column, 6);
  }
}

const us_kernels us_kernels_avx2 = {"avx2", f32, quantize, int8};
#endif
