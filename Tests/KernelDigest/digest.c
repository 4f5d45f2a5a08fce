// A digest of the outputs of one set of kernels over seeded layers of many shapes: all kernels must agree, on one CPU and
// between CPUs.
#include <stdlib.h>
#include <string.h>

#include "KernelDigest.h"

static uint64_t state;

static uint64_t next(void) {
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static float uniform(void) { return (float)(int32_t)(next() >> 40) * 0x1p-23f - 1; }

static void *zeros(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 127) / 64 * 64);
  if (!memory) abort();
  return memset(memory, 0, (bytes + 127) / 64 * 64);
}

static uint64_t digest(uint64_t hash, const void *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
  return hash;
}

static uint64_t layer(const us_kernels *kernels, uint64_t hash) {
  const int32_t inputs = 1 + (int32_t)(next() % 300), outputs = 1 + (int32_t)(next() % (next() % 2 ? 20 : 300));
  const int32_t stride = us_dense_stride(outputs), padded = (inputs + 15) / 16 * 16, relu = (int32_t)(next() % 2);
  float *weights = zeros(sizeof(float) * (size_t)(inputs * stride)), *bias = zeros(sizeof(float) * (size_t)stride);
  float *scales = zeros(sizeof(float) * (size_t)stride), *x = zeros(sizeof(float) * (size_t)inputs);
  float *y = zeros(sizeof(float) * (size_t)stride);
  int8_t *integers = zeros((size_t)(padded * stride)), *q = zeros((size_t)padded + 64);
  int32_t *offsets = zeros(sizeof(int32_t) * (size_t)stride);
  for (int32_t i = 0; i < inputs; i++) {
    x[i] = uniform();
    for (int32_t o = 0; o < outputs; o++) {
      weights[i * stride + o] = uniform();
      const int8_t w = (int8_t)((int32_t)(next() % 255) - 127);
      integers[((i / 4) * stride + o) * 4 + i % 4] = w;
      offsets[o] -= 128 * w;
    }
  }
  for (int32_t o = 0; o < outputs; o++) bias[o] = uniform(), scales[o] = uniform() / 127;

  const us_dense_f32 wide = {inputs, outputs, stride, relu, weights, bias};
  us_dense_f32_run(kernels, &wide, x, y);
  hash = digest(hash, y, sizeof(float) * (size_t)outputs);
  const us_dense_int8 small = {padded, outputs, stride, relu, integers, offsets, scales, bias};
  const float s = us_quantize(kernels, x, inputs, q);
  hash = digest(digest(hash, &s, sizeof s), q, (size_t)inputs);
  us_dense_int8_run(kernels, &small, q, s, y);
  hash = digest(hash, y, sizeof(float) * (size_t)outputs);
  // What stands between layers; the scales serve as gains, the bias as shifts.
  us_layer_norm(y, scales, bias, outputs);
  us_activate(y, outputs, next() % 2 ? US_GELU : US_TANH);
  us_add(y, bias, outputs);
  hash = digest(hash, y, sizeof(float) * (size_t)outputs);
  free(weights), free(bias), free(scales), free(x), free(y), free(integers), free(q), free(offsets);
  return hash;
}

uint64_t us_kernel_digest(const us_kernels *kernels, int32_t layers) {
  uint64_t hash = 0xcbf29ce484222325u;
  state = 7;
  for (int32_t i = 0; i < layers; i++) hash = layer(kernels, hash);
  return hash;
}
