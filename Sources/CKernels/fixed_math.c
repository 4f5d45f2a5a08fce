// Sine, cosine, tanh, exp, log and atan2 in a fixed order of IEEE operations; the header says why and how exact.
//
// The polynomials are plain Taylor series (1/n! and 1/n can be checked by eye), a term or two longer than a minimax
// fit would need. Constants of reduction are pi/2, ln 2 and atan(k/8) split into parts whose products are exact.
#include "CKernelsFixedMath.h"

#include <stdint.h>
#include <string.h>

static uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static double double_of(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static double not_a_number(void) { return double_of(0x7ff8000000000000u); }
static double magnitude(double x) { return double_of(bits_of(x) & 0x7fffffffffffffffu); }
static double with_sign(double x, double sign) {
  return double_of((bits_of(x) & 0x7fffffffffffffffu) | (bits_of(sign) & 0x8000000000000000u));
}

/// To the nearest integer, ties to even, for |x| < 2^51: adding 1.5 * 2^52 pushes the fraction out of the mantissa.
static double nearest(double x) { return (x + 0x1.8p52) - 0x1.8p52; }

// MARK: sine and cosine

/// x minus the nearest multiple of pi/2, as an unevaluated sum, and which multiple it was (modulo 4).
typedef struct {
  double high, low;
  unsigned quadrant;
} reduced_angle;

// pi/2 in three parts; the first two have 33 bits, so their products with the 20-bit multiple are exact.
static const double half_pi_1 = 0x1.921fb544p+0;
static const double half_pi_2 = 0x1.0b4611a6p-34;
static const double half_pi_3 = 0x1.3198a2e037073p-69;
static const double two_over_pi = 0x1.45f306dc9c883p-1;
static const double largest_angle = 0x1p20;

static reduced_angle reduce_angle(double x) {
  double k = nearest(x * two_over_pi);
  double first = x - k * half_pi_1;  // exact
  double product = k * half_pi_2;    // exact
  double second = first - product;
  // What that subtraction lost (Knuth's two-sum: right whichever of the two is larger).
  double back = first - second;
  double lost = (first - (second + back)) + (back - product);
  double rest = k * half_pi_3 - lost;
  double high = second - rest;
  double low = (second - high) - rest;
  return (reduced_angle){high, low, (unsigned)((int64_t)k & 3)};
}

/// sin(high + low) for |high| <= pi/4.
static double sine_series(double high, double low) {
  double z = high * high;
  double p = 1.0 / 355687428096000.0;
  p = p * z - 1.0 / 1307674368000.0;
  p = p * z + 1.0 / 6227020800.0;
  p = p * z - 1.0 / 39916800.0;
  p = p * z + 1.0 / 362880.0;
  p = p * z - 1.0 / 5040.0;
  p = p * z + 1.0 / 120.0;
  p = p * z - 1.0 / 6.0;
  // d sin = cos * low; a half of z is enough of the cosine there.
  return high + (high * (z * p) + low * (1.0 - 0.5 * z));
}

/// cos(high + low) for |high| <= pi/4.
static double cosine_series(double high, double low) {
  double z = high * high;
  double p = -1.0 / 6402373705728000.0;
  p = p * z + 1.0 / 20922789888000.0;
  p = p * z - 1.0 / 87178291200.0;
  p = p * z + 1.0 / 479001600.0;
  p = p * z - 1.0 / 3628800.0;
  p = p * z + 1.0 / 40320.0;
  p = p * z - 1.0 / 720.0;
  p = p * z + 1.0 / 24.0;
  double half = 0.5 * z;
  double leading = 1.0 - half;
  // The bits that 1 - half lost come back with the small terms.
  return leading + (((1.0 - leading) - half) + (z * (z * p) - high * low));
}

double us_fixed_sin(double x) {
  if (!(magnitude(x) <= largest_angle)) return x != x ? x : not_a_number();
  if (magnitude(x) < 0x1p-27) return x;  // keeps the sign of zero; x^3/6 is below half an ulp
  reduced_angle r = reduce_angle(x);
  double value = r.quadrant & 1 ? cosine_series(r.high, r.low) : sine_series(r.high, r.low);
  return r.quadrant & 2 ? -value : value;
}

double us_fixed_cos(double x) {
  if (!(magnitude(x) <= largest_angle)) return x != x ? x : not_a_number();
  reduced_angle r = reduce_angle(x);
  double value = r.quadrant & 1 ? sine_series(r.high, r.low) : cosine_series(r.high, r.low);
  return (r.quadrant + 1) & 2 ? -value : value;
}

// MARK: exp and tanh

// ln 2 in two parts; the first has 32 bits, so its product with the exponent is exact.
static const double ln2_high = 0x1.62e42feep-1;
static const double ln2_low = 0x1.a39ef35793c76p-33;
static const double log2_e = 0x1.71547652b82fep+0;

/// e^x - 1 = 2^k (1 + p) - 1 with |p| < 0.42; returns p. |x| must be below 1000.
static double exp_reduced(double x, int *k_out) {
  double k = nearest(x * log2_e);
  double upper = x - k * ln2_high;  // exact
  double lower = k * ln2_low;
  double r = upper - lower;
  double lost = (upper - r) - lower;
  double p = 1.0 / 87178291200.0;
  p = p * r + 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  *k_out = (int)k;
  return r + (r * r * p + lost * (1.0 + r));
}

/// 2^k for a normal exponent.
static double power_of_two(int k) { return double_of((uint64_t)(k + 1023) << 52); }

double us_fixed_exp(double x) {
  if (x != x) return x;
  if (x > 709.782712893384) return double_of(0x7ff0000000000000u);
  if (x < -745.1332191019412) return 0.0;
  int k;
  double p = exp_reduced(x, &k);
  // In two steps, so that results near the largest double and the subnormal ones round once, at the last step.
  int half = k / 2;
  return (1.0 + p) * power_of_two(half) * power_of_two(k - half);
}

double us_fixed_tanh(double x) {
  if (x != x) return x;
  double a = magnitude(x);
  if (a < 0x1p-28) return x;  // x^3/3 is below half an ulp
  if (a > 20.0) return with_sign(1.0, x);
  int k;
  double p = exp_reduced(2.0 * a, &k);
  double scale = power_of_two(k);
  double expm1 = scale * p + (scale - 1.0);
  return with_sign(expm1 / (expm1 + 2.0), x);
}

// MARK: log

double us_fixed_log(double x) {
  if (x != x) return x;
  if (x < 0.0) return not_a_number();
  if (x == 0.0) return double_of(0xfff0000000000000u);
  if (bits_of(x) == 0x7ff0000000000000u) return x;
  int k = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    k = -54;
  }
  // x = 2^k m with m in [sqrt(1/2), sqrt 2): away from m = 1 the two summands below never cancel.
  uint64_t bits = bits_of(x);
  uint64_t shifted = bits - 0x3fe6a09e667f3bcdu;
  k += (int)((int64_t)shifted >> 52);
  double m = double_of(bits - (shifted & 0xfff0000000000000u));
  // log m = 2 artanh(s), s = f / (2 + f); 2s = f - s f carries f exactly.
  double f = m - 1.0;
  double s = f / (2.0 + f);
  double z = s * s;
  double p = 2.0 / 23.0;
  p = p * z + 2.0 / 21.0;
  p = p * z + 2.0 / 19.0;
  p = p * z + 2.0 / 17.0;
  p = p * z + 2.0 / 15.0;
  p = p * z + 2.0 / 13.0;
  p = p * z + 2.0 / 11.0;
  p = p * z + 2.0 / 9.0;
  p = p * z + 2.0 / 7.0;
  p = p * z + 2.0 / 5.0;
  p = p * z + 2.0 / 3.0;
  // s = f/2 - f*f/4 ..., so f*f/2 is taken out to keep the correction small: 2s = f - (h - s*h), h = f*f/2.
  double h = 0.5 * f * f;
  double correction = s * (h + z * p);
  double n = (double)k;
  return n * ln2_high + (f - (h - (correction + n * ln2_low)));
}

// MARK: atan2

// atan(k/8) for k = 0 ... 8, and what the double lost of it.
static const double atan_table[9][2] = {
    {0.0, 0.0},
    {0x1.fd5ba9aac2f6ep-4, -0x1.cd37686760c17p-59},
    {0x1.f5b75f92c80ddp-3, 0x1.8ab6e3cf7afbdp-57},
    {0x1.6f61941e4def1p-2, -0x1.c63aae6f6e918p-56},
    {0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56},
    {0x1.1e00babdefeb4p-1, -0x1.928df287a668fp-58},
    {0x1.4978fa3269ee1p-1, 0x1.2419a87f2a458p-56},
    {0x1.700a7c5784634p-1, -0x1.8c34d25aadef6p-56},
    {0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55},
};

/// atan of low/high for 0 <= low <= high, high > 0, the quotient q already rounded.
static double first_octant(double low, double high) {
  double q = low / high;
  double k = nearest(q * 8.0);
  double c = k * 0.125;
  // atan(low/high) = atan(c) + atan((low - c high) / (high + c low)).
  double t = (low - c * high) / (high + c * low);
  double z = t * t;
  double p = 1.0 / 13.0;
  p = p * z - 1.0 / 11.0;
  p = p * z + 1.0 / 9.0;
  p = p * z - 1.0 / 7.0;
  p = p * z + 1.0 / 5.0;
  p = p * z - 1.0 / 3.0;
  const double *entry = atan_table[(int)k];
  return entry[0] + (t + (t * (z * p) + entry[1]));
}

double us_fixed_atan2(double y, double x) {
  if (x != x || y != y) return x + y;
  static const double pi = 0x1.921fb54442d18p+1, pi_rest = 0x1.1a62633145c07p-53;
  double a = magnitude(x), b = magnitude(y);
  const double infinity = double_of(0x7ff0000000000000u);
  if (a == infinity || b == infinity) {
    // Only the quadrant and the diagonals are left of such a point.
    double finite_a = a == infinity ? 1.0 : 0.0, finite_b = b == infinity ? 1.0 : 0.0;
    a = finite_a;
    b = finite_b;
  }
  // Scaled so that no product in the octant over- or underflows.
  double larger = a > b ? a : b;
  if (larger > 0x1p500) a *= 0x1p-600, b *= 0x1p-600;
  if (larger < 0x1p-500) a *= 0x1p600, b *= 0x1p600;
  double angle;
  if (a == 0.0 && b == 0.0) angle = 0.0;
  else if (b <= a) angle = first_octant(b, a);
  else angle = (0.5 * pi - first_octant(a, b)) + 0.5 * pi_rest;
  if (bits_of(x) >> 63) angle = (pi - angle) + pi_rest;
  return with_sign(angle, y);
}

// MARK: floats

// Each is its double rounded once: 0.5 ulp and a little, and one order of operations to look after.
float us_fixed_sinf(float x) { return (float)us_fixed_sin((double)x); }
float us_fixed_cosf(float x) { return (float)us_fixed_cos((double)x); }
float us_fixed_tanhf(float x) { return (float)us_fixed_tanh((double)x); }
float us_fixed_expf(float x) { return (float)us_fixed_exp((double)x); }
float us_fixed_atan2f(float y, float x) { return (float)us_fixed_atan2((double)y, (double)x); }
