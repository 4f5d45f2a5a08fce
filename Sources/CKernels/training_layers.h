// The text of the passes behind special layers and heads; training.c includes it once for each precision.

/// The slope of GELU's tanh form.
static double NAME(gelu_slope)(double x) {
  const double root = 0.79788456080286535588, cubic = 0.044715;
  const double t = us_fixed_tanh(root * (x + cubic * x * x * x));
  return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * root * (1 + 3 * cubic * x * x);
}

void NAME(nonlinear)(const T *x, T *out, int64_t count, int32_t activation) {
  const double root = 0.79788456080286535588;
  for (int64_t i = 0; i < count; i++) {
    const double wide = x[i];
    switch (activation) {
      case US_TRAIN_RELU: out[i] = 0 > x[i] ? 0 : x[i]; break;
      case US_TRAIN_TANH: out[i] = TANH(x[i]); break;
      case US_TRAIN_GELU:
        out[i] = (T)(0.5 * wide * (1 + us_fixed_tanh(root * (wide + 0.044715 * wide * wide * wide))));
        break;
      default: out[i] = x[i];
    }
  }
}

void NAME(slope)(T *delta, const T *x, const T *y, int64_t count, int32_t activation) {
  for (int64_t i = 0; i < count; i++) {
    switch (activation) {
      case US_TRAIN_RELU: delta[i] = y[i] > 0 ? delta[i] : 0; break;
      case US_TRAIN_TANH: delta[i] *= 1 - y[i] * y[i]; break;
      case US_TRAIN_GELU: delta[i] *= (T)NAME(gelu_slope)(x[i]); break;
    }
  }
}

void NAME(layer_norm)(
    T *x, T *hat, T *inverse, const T *gain, const T *shift, int32_t rows, int32_t columns) {
  for (int32_t r = 0; r < rows; r++, x += columns, hat += columns) {
    double mean = 0, square = 0;
    for (int32_t c = 0; c < columns; c++) mean += (double)x[c];
    mean /= columns;
    for (int32_t c = 0; c < columns; c++) square += ((double)x[c] - mean) * ((double)x[c] - mean);
    inverse[r] = (T)(1 / sqrt(square / columns + 1e-5));
    for (int32_t c = 0; c < columns; c++) {
      hat[c] = (x[c] - (T)mean) * inverse[r];
      x[c] = hat[c] * gain[c] + shift[c];
    }
  }
}

void NAME(layer_norm_backward)(
    T *delta, const T *hat, const T *inverse, const T *gain, T *gain_gradient, T *shift_gradient, int32_t rows,
    int32_t columns) {
  for (int32_t c = 0; c < columns; c++) gain_gradient[c] = 0, shift_gradient[c] = 0;
  for (int32_t r = 0; r < rows; r++, delta += columns, hat += columns) {
    double sum = 0, along = 0;
    for (int32_t c = 0; c < columns; c++) {
      gain_gradient[c] += delta[c] * hat[c];
      shift_gradient[c] += delta[c];
      delta[c] *= gain[c];
      sum += (double)delta[c];
      along += (double)delta[c] * (double)hat[c];
    }
    const T mean = (T)(sum / columns), slope = (T)(along / columns);
    for (int32_t c = 0; c < columns; c++) delta[c] = inverse[r] * (delta[c] - mean - hat[c] * slope);
  }
}

CLONES void NAME(scale)(T *restrict y, const T *restrict x, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] *= x[i];
}

CLONES void NAME(add)(T *restrict y, const T *restrict x, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] += x[i];
}

CLONES void NAME(average)(T *restrict average, const T *restrict x, int64_t count, double share) {
  for (int64_t i = 0; i < count; i++) average[i] += (T)share * (x[i] - average[i]);
}

void NAME(quantize)(const T *x, T *out, int32_t rows, int32_t columns) {
  for (int32_t r = 0; r < rows; r++, x += columns, out += columns) {
    T largest = 0;
    for (int32_t c = 0; c < columns; c++) {
      const T size = x[c] < 0 ? -x[c] : x[c];
      largest = size > largest ? size : largest;
    }
    const T step = largest / 127;
    for (int32_t c = 0; c < columns; c++) out[c] = step > 0 ? (T)rint((double)(x[c] / step)) * step : 0;
  }
}

double NAME(choice_loss)(
    const T *y, const T *target, const T *weight, const int32_t *valid, int32_t rows, int32_t columns, int32_t width,
    const int32_t *first, const int32_t *logits, int32_t kind, double knee, T *delta) {
  const double share = 1 / ((double)rows * columns);
  double total = 0;
  for (int32_t r = 0; r < rows; r++, y += width, target += columns) {
    T *slope = delta ? delta + (int64_t)r * width : NULL;
    for (int32_t i = 0; slope && i < width; i++) slope[i] = 0;
    // A row that does not count may hold anything, NaN included.
    if (weight[r] == 0) continue;
    for (int32_t c = 0; c < columns && c < valid[r]; c++) {
      const T factor = weight[r] * (T)share;
      const T *out = y + first[c];
      if (logits[c] == 1) {
        // One number of one row, whose share is 1 there.
        const T one = 1;
        const int32_t real = 1;
        T number = 0;
        const double loss = NAME(loss)(out, target + c, &one, &real, 1, 1, kind, knee, &number);
        total += (double)factor * loss;
        if (slope) slope[first[c]] = factor * number;
        continue;
      }
      double largest = (double)out[0], sum = 0;
      for (int32_t i = 1; i < logits[c]; i++) largest = (double)out[i] > largest ? (double)out[i] : largest;
      for (int32_t i = 0; i < logits[c]; i++) sum += us_fixed_exp((double)out[i] - largest);
      const int32_t right = (int32_t)target[c];
      total += (double)factor * (largest + us_fixed_log(sum) - (double)out[right]);
      for (int32_t i = 0; slope && i < logits[c]; i++) {
        const double chance = us_fixed_exp((double)out[i] - largest) / sum;
        slope[first[c] + i] = factor * (T)(chance - (i == right));
      }
    }
  }
  return total;
}

double NAME(mixture_loss)(
    const T *y, const T *target, const T *weight, const int32_t *valid, int32_t rows, int32_t columns,
    int32_t components, T *delta) {
  const double half_log_2pi = 0.91893853320467274178, share = 1 / ((double)rows * columns);
  const int32_t width = components * (1 + 2 * columns);
  double total = 0;
  for (int32_t r = 0; r < rows; r++, y += width, target += columns) {
    const T *means = y + components, *spreads = means + (int64_t)components * columns;
    T *slope = delta ? delta + (int64_t)r * width : NULL;
    for (int32_t i = 0; slope && i < width; i++) slope[i] = 0;
    double top = (double)y[0], all = 0;
    for (int32_t m = 1; m < components; m++) top = (double)y[m] > top ? (double)y[m] : top;
    for (int32_t m = 0; m < components; m++) all += us_fixed_exp((double)y[m] - top);
    double joint[32], best = -INFINITY, sum = 0;
    for (int32_t m = 0; m < components; m++) {
      joint[m] = (double)y[m] - top - us_fixed_log(all);
      for (int32_t c = 0; c < columns && c < valid[r]; c++) {
        const double log_sigma = 4 * us_fixed_tanh((double)spreads[m * columns + c] / 4);
        const double z = ((double)target[c] - (double)means[m * columns + c]) * us_fixed_exp(-log_sigma);
        joint[m] -= 0.5 * z * z + log_sigma + half_log_2pi;
      }
      best = joint[m] > best ? joint[m] : best;
    }
    for (int32_t m = 0; m < components; m++) sum += us_fixed_exp(joint[m] - best);
    const double factor = (double)weight[r] * share;
    // A row that does not count may hold anything, NaN included.
    if (factor == 0) continue;
    total -= factor * (best + us_fixed_log(sum));
    for (int32_t m = 0; slope && m < components; m++) {
      const double chance = us_fixed_exp((double)y[m] - top) / all, owed = us_fixed_exp(joint[m] - best) / sum;
      slope[m] = (T)(factor * (chance - owed));
      for (int32_t c = 0; c < columns && c < valid[r]; c++) {
        const int32_t place = m * columns + c;
        const double t = us_fixed_tanh((double)spreads[place] / 4), inverse = us_fixed_exp(-4 * t);
        const double z = ((double)target[c] - (double)means[place]) * inverse;
        slope[components + place] = (T)(-factor * owed * z * inverse);
        slope[components + components * columns + place] = (T)(factor * owed * (1 - z * z) * (1 - t * t));
      }
    }
  }
  return total;
}
