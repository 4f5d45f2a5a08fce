// Products of small matrices, many of them: what meta-learning does with a network of its own for each task.
//
// A library's call costs more than the product of 10 x 40 by 40 x 40 itself; here the sums stay in vector registers, and
// each is taken in index order without fused multiply-adds, so every CPU gives the same bits.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define US_SMALL_PRODUCTS(T, SUFFIX)                                                                                  \
  /* c = a b, or c += a b where `adds`: a is m x k with any strides (so it may stand transposed), b k x n and c m x n \
     are dense and row-major. */                                                                                      \
  void us_small_product_##SUFFIX(                                                                                     \
      const T *a, ptrdiff_t a_row, ptrdiff_t a_column, const T *b, T *c, int32_t m, int32_t n, int32_t k,             \
      int32_t adds);                                                                                                  \
  /* out [columns][rows] = in [rows][columns] */                                                                      \
  void us_small_transpose_##SUFFIX(const T *in, T *out, int32_t rows, int32_t columns);

US_SMALL_PRODUCTS(float, f32)
US_SMALL_PRODUCTS(double, f64)
