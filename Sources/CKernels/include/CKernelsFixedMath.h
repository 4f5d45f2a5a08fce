// Elementary functions with the same bits on every machine.
//
// A log verifies to identical commands on any CPU only if nothing in the decision depends on which libm is installed
// (glibc picks another variant, with other last bits, where the CPU has FMA). These functions use IEEE add, subtract,
// multiply, divide and bit patterns in one written-out order, in double precision, and round once at the end; the
// module is compiled with -ffp-contract=off, so no compiler joins a multiply and an add. They are never inlined from
// a header, because the caller's flags must not reach them. Round-to-nearest is assumed (nobody here changes it).
//
// | function | domain         | largest error met in 60,000 arguments, against 200-bit arithmetic |
// |----------|----------------|--------------------------------------------------------------------|
// | sin, cos | |x| <= 2^20    | double 0.75 ulp, float 0.50 ulp; NaN beyond                        |
// | tanh     | all            | double 2.04 ulp, float 0.50 ulp                                    |
// | exp      | all            | double 0.78 ulp, float 0.50 ulp; subnormal results included        |
// | log      | all            | double 0.75 ulp; NaN below 0, -inf at 0                            |
// | atan2    | all            | double 1.48 ulp, float 0.50 ulp; libm's signs of zero              |
//
// NaN in, NaN out; infinities give the limit where there is one, else NaN. An angle beyond a million radians is no
// angle: it becomes NaN, which the envelope refuses.
#pragma once

// What CRealtime.h says of it: the promise to Swift's `@_noLocks` and `@_noAllocation` that C cannot show.
#ifndef US_RT
#define US_RT __attribute__((swift_attr("@_noLocks"), swift_attr("@_noAllocation")))
#endif

/// Sine of an angle in radians.
US_RT double us_fixed_sin(double x);
/// Cosine of an angle in radians.
US_RT double us_fixed_cos(double x);
/// Hyperbolic tangent.
US_RT double us_fixed_tanh(double x);
/// e to the power x.
US_RT double us_fixed_exp(double x);
/// Natural logarithm.
US_RT double us_fixed_log(double x);
/// Angle of the point (x, y) from the x axis, in -pi...pi.
US_RT double us_fixed_atan2(double y, double x);

/// Sine of an angle in radians.
US_RT float us_fixed_sinf(float x);
/// Cosine of an angle in radians.
US_RT float us_fixed_cosf(float x);
/// Hyperbolic tangent.
US_RT float us_fixed_tanhf(float x);
/// e to the power x.
US_RT float us_fixed_expf(float x);
/// Angle of the point (x, y) from the x axis, in -pi...pi.
US_RT float us_fixed_atan2f(float y, float x);
