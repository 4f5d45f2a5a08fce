// The text of the small products; products.c includes it once for each precision. The header says what each does.

// ROWS rows of c by WIDTH columns: the sums are one array of constant size, which the compiler keeps in registers.
#define BLOCK(ROWS, WIDTH)                                                                                        \
  do {                                                                                                            \
    T sum[ROWS][WIDTH];                                                                                           \
    for (int r = 0; r < ROWS; r++) {                                                                              \
      for (int w = 0; w < WIDTH; w++) sum[r][w] = adds ? c[(i + r) * (ptrdiff_t)n + j + w] : 0;                   \
    }                                                                                                             \
    for (int32_t l = 0; l < k; l++) {                                                                             \
      const T *line = b + l * (ptrdiff_t)n + j;                                                                   \
      for (int r = 0; r < ROWS; r++) {                                                                            \
        const T x = a[(i + r) * a_row + l * a_column];                                                            \
        for (int w = 0; w < WIDTH; w++) sum[r][w] += x * line[w];                                                 \
      }                                                                                                           \
    }                                                                                                             \
    for (int r = 0; r < ROWS; r++) {                                                                              \
      for (int w = 0; w < WIDTH; w++) c[(i + r) * (ptrdiff_t)n + j + w] = sum[r][w];                              \
    }                                                                                                             \
  } while (0)

#define COLUMNS(WIDTH)                        \
  for (; j + WIDTH <= n; j += WIDTH) {        \
    int32_t i = 0;                            \
    for (; i + 5 <= m; i += 5) BLOCK(5, WIDTH); \
    for (; i < m; i++) BLOCK(1, WIDTH);       \
  }

CLONES void NAME(product)(
    const T *restrict a, ptrdiff_t a_row, ptrdiff_t a_column, const T *restrict b, T *restrict c, int32_t m, int32_t n,
    int32_t k, int32_t adds) {
  int32_t j = 0;
  COLUMNS(40)
  COLUMNS(16)
  COLUMNS(8)
  COLUMNS(1)
}

#undef COLUMNS
#undef BLOCK

void NAME(transpose)(const T *restrict in, T *restrict out, int32_t rows, int32_t columns) {
  for (int32_t r = 0; r < rows; r++) {
    for (int32_t c = 0; c < columns; c++) out[c * rows + r] = in[r * columns + c];
  }
}
