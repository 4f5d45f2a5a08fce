// The text of the training passes; training.c includes it once for each precision. The header says what each does.

CLONES void NAME(standardise)(
    const float *table, int64_t rows, int32_t columns, const float *mean, const float *inverse_std, T *out) {
  for (int64_t r = 0; r < rows; r++) {
    for (int32_t c = 0; c < columns; c++) out[r * columns + c] = (T)((table[r * columns + c] - mean[c]) * inverse_std[c]);
  }
}

void NAME(gather)(const T *table, const int32_t *rows, int32_t count, int32_t columns, T *out) {
  for (int32_t i = 0; i < count; i++) {
    memcpy(out + (int64_t)i * columns, table + (int64_t)rows[i] * columns, sizeof(T) * (size_t)columns);
  }
}

CLONES void NAME(activate)(T *restrict y, const T *restrict bias, int32_t rows, int32_t columns, int32_t activation) {
  for (int32_t r = 0; r < rows; r++, y += columns) {
    if (activation == US_TRAIN_RELU) {
      for (int32_t c = 0; c < columns; c++) y[c] = 0 > y[c] + bias[c] ? 0 : y[c] + bias[c];
    } else {
      for (int32_t c = 0; c < columns; c++) y[c] += bias[c];
    }
    if (activation == US_TRAIN_TANH) {
      for (int32_t c = 0; c < columns; c++) y[c] = TANH(y[c]);
    }
  }
}

CLONES void NAME(backward)(
    T *restrict delta, const T *restrict y, T *restrict bias_gradient, int32_t rows, int32_t columns,
    int32_t activation) {
  for (int32_t c = 0; c < columns; c++) bias_gradient[c] = 0;
  for (int32_t r = 0; r < rows; r++, delta += columns, y += columns) {
    if (activation == US_TRAIN_RELU) {
      for (int32_t c = 0; c < columns; c++) delta[c] = y[c] > 0 ? delta[c] : 0;
    } else if (activation == US_TRAIN_TANH) {
      for (int32_t c = 0; c < columns; c++) delta[c] *= 1 - y[c] * y[c];
    }
    for (int32_t c = 0; c < columns; c++) bias_gradient[c] += delta[c];
  }
}

double NAME(loss)(
    const T *y, const T *target, const T *weight, const int32_t *valid, int32_t rows, int32_t columns, int32_t kind,
    double knee, T *delta) {
  const T share = 1 / ((T)rows * (T)columns), bend = (T)knee;
  double total = 0;
  for (int32_t r = 0; r < rows; r++, y += columns, target += columns) {
    T sum = 0;
    for (int32_t c = 0; c < columns; c++) {
      const T d = y[c] - target[c], size = d < 0 ? -d : d, sign = (T)((d > 0) - (d < 0));
      T loss, slope;
      if (kind == US_TRAIN_SQUARE) {
        loss = d * d, slope = 2 * d;
      } else if (kind == US_TRAIN_ABSOLUTE || size > bend) {
        loss = kind == US_TRAIN_ABSOLUTE ? size : bend * (size - bend / 2);
        slope = kind == US_TRAIN_ABSOLUTE ? sign : bend * sign;
      } else {
        loss = d * d / 2, slope = d;
      }
      const T factor = c < valid[r] ? weight[r] * share : 0;
      // A masked target may be anything, NaN included.
      if (factor != 0) sum += factor * loss;
      if (delta) delta[(int64_t)r * columns + c] = factor != 0 ? factor * slope : 0;
    }
    total += (double)sum;
  }
  return total;
}

double NAME(square_sum)(const T *x, int64_t count) {
  double sums[8] = {0};
  for (int64_t i = 0; i < count; i++) sums[i % 8] += (double)x[i] * (double)x[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

CLONES void NAME(adam)(
    T *restrict parameters, const T *restrict gradient, T *restrict first, T *restrict second, int64_t count,
    us_train_adam_step step) {
  const T beta1 = (T)step.beta1, beta2 = (T)step.beta2, rest1 = (T)(1 - step.beta1), rest2 = (T)(1 - step.beta2);
  const T rate = (T)(step.rate / step.correction1), root2 = (T)sqrt(step.correction2), epsilon = (T)step.epsilon;
  const T shrink = step.decoupled ? (T)(1 - step.rate * step.decay) : 1, decay = step.decoupled ? 0 : (T)step.decay;
  const T scale = (T)step.gradient_scale;
  for (int64_t i = 0; i < count; i++) {
    const T p = parameters[i] * shrink;
    const T g = gradient[i] * scale + decay * parameters[i];
    const T m = beta1 * first[i] + rest1 * g;
    const T v = beta2 * second[i] + rest2 * g * g;
    first[i] = m;
    second[i] = v;
    parameters[i] = p - rate * (m / (SQRT(v) / root2 + epsilon));
  }
}
