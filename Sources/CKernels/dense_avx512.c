// AVX-512 with VNNI: sixteen outputs a vector, eight vectors in registers while the inputs go by. A layer of at most
// eight outputs uses half vectors, so that it reads no padding.
#if defined(__x86_64__)
#include <immintrin.h>

#include "dense.h"

#define AVX512 __attribute__((target("avx2,fma,avx512f,avx512bw,avx512vl,avx512vnni")))

// max returns its second operand for NaN and for two zeros: exactly `0 > x ? 0 : x`.
AVX512 US_INLINE __m512 activated(__m512 x, int32_t relu) { return relu ? _mm512_max_ps(_mm512_setzero_ps(), x) : x; }
AVX512 US_INLINE __m256 activated_half(__m256 x, int32_t relu) {
  return relu ? _mm256_max_ps(_mm256_setzero_ps(), x) : x;
}

AVX512 US_INLINE void tile_f32(const us_dense_f32 *layer, const float *x, float *y, int32_t column, const int vectors) {
  const float *row = layer->weights + column;
  __m512 sum[8];
  for (int v = 0; v < vectors; v++) sum[v] = _mm512_load_ps(layer->bias + column + 16 * v);
  for (int32_t i = 0; i < layer->inputs; i++, row += layer->stride) {
    const __m512 input = _mm512_set1_ps(x[i]);
    for (int v = 0; v < vectors; v++) sum[v] = _mm512_fmadd_ps(input, _mm512_load_ps(row + 16 * v), sum[v]);
  }
  for (int v = 0; v < vectors; v++) _mm512_store_ps(y + column + 16 * v, activated(sum[v], layer->relu));
}

AVX512 static void narrow_f32(const us_dense_f32 *layer, const float *x, float *y) {
  const float *row = layer->weights;
  __m512 sum[4] = {_mm512_load_ps(layer->bias), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
  int32_t i = 0;
  for (; i + 4 <= layer->inputs; i += 4, row += 64) {
    for (int s = 0; s < 4; s++) sum[s] = _mm512_fmadd_ps(_mm512_set1_ps(x[i + s]), _mm512_load_ps(row + 16 * s), sum[s]);
  }
  for (int s = 0; s < 3; s++) {
    if (i + s >= layer->inputs) break;
    sum[s] = _mm512_fmadd_ps(_mm512_set1_ps(x[i + s]), _mm512_load_ps(row + 16 * s), sum[s]);
  }
  _mm512_store_ps(
      y, activated(_mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3])), layer->relu));
}

AVX512 static void narrow_half_f32(const us_dense_f32 *layer, const float *x, float *y) {
  const float *row = layer->weights;
  __m256 sum[4] = {_mm256_load_ps(layer->bias), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
  int32_t i = 0;
  for (; i + 4 <= layer->inputs; i += 4, row += 32) {
    for (int s = 0; s < 4; s++) sum[s] = _mm256_fmadd_ps(_mm256_set1_ps(x[i + s]), _mm256_load_ps(row + 8 * s), sum[s]);
  }
  for (int s = 0; s < 3; s++) {
    if (i + s >= layer->inputs) break;
    sum[s] = _mm256_fmadd_ps(_mm256_set1_ps(x[i + s]), _mm256_load_ps(row + 8 * s), sum[s]);
  }
  _mm256_store_ps(
      y, activated_half(_mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3])), layer->relu));
}

AVX512 static void f32(const us_dense_f32 *layer, const float *x, float *y) {
  if (layer->stride == 8) return narrow_half_f32(layer, x, y);
  if (layer->outputs <= US_DENSE_NARROW) return narrow_f32(layer, x, y);
  int32_t column = 0;
  for (; column + 128 <= layer->stride; column += 128) tile_f32(layer, x, y, column, 8);
  switch ((layer->stride - column) / 16) {
    case 1: return tile_f32(layer, x, y, column, 1);
    case 2: return tile_f32(layer, x, y, column, 2);
    case 3: return tile_f32(layer, x, y, column, 3);
    case 4: return tile_f32(layer, x, y, column, 4);
    case 5: return tile_f32(layer, x, y, column, 5);
    case 6: return tile_f32(layer, x, y, column, 6);
    case 7: return tile_f32(layer, x, y, column, 7);
  }
}

/// The lanes of a vector of sixteen that lie before `count`.
US_INLINE uint16_t lanes_before(int32_t count, int32_t i) {
  return count - i >= 16 ? 0xffff : (uint16_t)((1u << (count - i)) - 1);
}

AVX512 static float quantize(const float *x, int32_t count, int8_t *q) {
  const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
  __m512i largest = _mm512_setzero_si512();
  for (int32_t i = 0; i < count; i += 16) {
    const __m512i bits = _mm512_maskz_loadu_epi32(lanes_before(count, i), x + i);
    largest = _mm512_max_epu32(largest, _mm512_and_si512(magnitude, bits));
  }
  float inverse;
  const float scale = us_quantize_scale(_mm512_reduce_max_epu32(largest), &inverse);
  memset(q, 0, (size_t)((count + 63) / 64 * 64));
  if (inverse == 0) return scale;
  const __m512 factor = _mm512_set1_ps(inverse);
  for (int32_t i = 0; i < count; i += 16) {
    const __m512 values = _mm512_mul_ps(_mm512_maskz_loadu_ps(lanes_before(count, i), x + i), factor);
    _mm_storeu_si128((__m128i *)(q + i), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(values)));
  }
  return scale;
}

/// Four activations for every lane, made unsigned by adding 128, which the layer's offsets take away again.
AVX512 US_INLINE int32_t four_unsigned(const int8_t *q) {
  int32_t four;
  memcpy(&four, q, sizeof four);
  return four ^ (int32_t)0x80808080u;
}

AVX512 US_INLINE void finish_int8(const us_dense_int8 *layer, __m512i sum, float s, float *y, int32_t o) {
  const __m512 scale = _mm512_mul_ps(_mm512_load_ps(layer->scales + o), _mm512_set1_ps(s));
  const __m512 result = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), scale, _mm512_load_ps(layer->bias + o));
  _mm512_store_ps(y + o, activated(result, layer->relu));
}

AVX512 US_INLINE void tile_int8(
    const us_dense_int8 *layer, const int8_t *q, float s, float *y, int32_t column, const int vectors) {
  const int8_t *row = layer->weights + (intptr_t)column * 4;
  __m512i sum[8];
  for (int v = 0; v < vectors; v++) sum[v] = _mm512_load_si512(layer->offsets + column + 16 * v);
  for (int32_t i = 0; i < layer->inputs; i += 4, row += (intptr_t)layer->stride * 4) {
    const __m512i inputs = _mm512_set1_epi32(four_unsigned(q + i));
    for (int v = 0; v < vectors; v++) sum[v] = _mm512_dpbusd_epi32(sum[v], inputs, _mm512_load_si512(row + 64 * v));
  }
  for (int v = 0; v < vectors; v++) finish_int8(layer, sum[v], s, y, column + 16 * v);
}

/// Integers add up to the same in any order, so a lone vector may sum in four parts.
AVX512 static void narrow_int8(const us_dense_int8 *layer, const int8_t *q, float s, float *y) {
  const int8_t *row = layer->weights;
  __m512i sum[4] = {_mm512_load_si512(layer->offsets), _mm512_setzero_si512(), _mm512_setzero_si512(),
                    _mm512_setzero_si512()};
  for (int32_t i = 0; i < layer->inputs; i += 16, row += 256) {
    for (int p = 0; p < 4; p++) {
      const __m512i inputs = _mm512_set1_epi32(four_unsigned(q + i + 4 * p));
      sum[p] = _mm512_dpbusd_epi32(sum[p], inputs, _mm512_load_si512(row + 64 * p));
    }
  }
  finish_int8(
      layer, _mm512_add_epi32(_mm512_add_epi32(sum[0], sum[1]), _mm512_add_epi32(sum[2], sum[3])), s, y, 0);
}

AVX512 static void narrow_half_int8(const us_dense_int8 *layer, const int8_t *q, float s, float *y) {
  const int8_t *row = layer->weights;
  __m256i sum[4] = {_mm256_load_si256((const __m256i *)layer->offsets), _mm256_setzero_si256(),
                    _mm256_setzero_si256(), _mm256_setzero_si256()};
  for (int32_t i = 0; i < layer->inputs; i += 16, row += 128) {
    for (int p = 0; p < 4; p++) {
      const __m256i inputs = _mm256_set1_epi32(four_unsigned(q + i + 4 * p));
      sum[p] = _mm256_dpbusd_epi32(sum[p], inputs, _mm256_load_si256((const __m256i *)(row + 32 * p)));
    }
  }
  const __m256i all = _mm256_add_epi32(_mm256_add_epi32(sum[0], sum[1]), _mm256_add_epi32(sum[2], sum[3]));
  const __m256 scale = _mm256_mul_ps(_mm256_load_ps(layer->scales), _mm256_set1_ps(s));
  const __m256 result = _mm256_fmadd_ps(_mm256_cvtepi32_ps(all), scale, _mm256_load_ps(layer->bias));
  _mm256_store_ps(y, activated_half(result, layer->relu));
}

AVX512 static void int8(const us_dense_int8 *layer, const int8_t *q, float s, float *y) {
  if (layer->stride == 8) return narrow_half_int8(layer, q, s, y);
  if (layer->stride == 16) return narrow_int8(layer, q, s, y);
  int32_t column = 0;
  for (; column + 128 <= layer->stride; column += 128) tile_int8(layer, q, s, y, column, 8);
  switch ((layer->stride - column) / 16) {
    case 1: return tile_int8(layer, q, s, y, column, 1);
    case 2: return tile_int8(layer, q, s, y, column, 2);
    case 3: return tile_int8(layer, q, s, y, column, 3);
    case 4: return tile_int8(layer, q, s, y, column, 4);
    case 5: return tile_int8(layer, q, s, y, column, 5);
    case 6: return tile_int8(layer, q, s, y, column, 6);
    case 7: return tile_int8(layer, q, s, y, column, 7);
  }
}

const us_kernels us_kernels_avx512 = {"avx512", f32, quantize, int8};
#endif
