import CKernels
import Foundation
import RealTime
import TestSupport
import Testing

/// The elementary functions that logs verify by: right, and with the same bits for ever.
@Suite struct FixedMathTests {
  @Test(
    arguments: [
      (0.5, 0x3fde_aee8_744b_05f0, 0x3fec_1528_065b_7d50), (-3, 0xbfc2_1038_6db6_d55b, 0xbfef_ae04_be85_e5d2),
      (100.25, 0xbfd1_bf00_980d_c35c, 0x3fee_bec7_2ba6_b0ec), (1e6, 0xbfd6_664b_2568_d867, 0x3fed_f9df_9906_d32c),
    ] as [(Double, UInt64, UInt64)])
  func `sine and cosine have these bits on every machine`(x: Double, sine: UInt64, cosine: UInt64) {
    #expect(us_fixed_sin(x).bitPattern == sine)
    #expect(us_fixed_cos(x).bitPattern == cosine)
  }

  @Test func `the other functions have these bits on every machine`() {
    #expect(us_fixed_tanh(0.1).bitPattern == 0x3fb9_83d7_795f_413b)
    #expect(us_fixed_tanh(-0.75).bitPattern == 0xbfe4_5323_e552_f228)
    #expect(us_fixed_exp(-2.5).bitPattern == 0x3fb5_0385_c094_f425)
    #expect(us_fixed_exp(-740).bitPattern == 0x55)
    #expect(us_fixed_log(0.1).bitPattern == 0xc002_6bb1_bbb5_5515)
    #expect(us_fixed_log(12345.678).bitPattern == 0x4022_d795_5979_1e31)
    #expect(us_fixed_atan2(0.3, -0.7).bitPattern == 0x4005_e4c3_6ca0_118a)
    #expect(us_fixed_atan2(-2, 0.1).bitPattern == 0xbff8_555a_2787_981f)
    #expect(us_fixed_sinf(-1.91986).bitPattern == 0xbf70_8fbf)
    #expect(us_fixed_cosf(2.84121).bitPattern == 0xbf74_8984)
    #expect(us_fixed_tanhf(0.3).bitPattern == 0x3e95_26ee)
    #expect(us_fixed_expf(-0.5).bitPattern == 0x3f1b_4598)
  }

  /// Distance in units of the last place of `expected`, half an ulp of which libm itself may be off.
  private func ulps(_ value: Double, _ expected: Double) -> Double { abs(value - expected) / expected.ulp }
  private func ulps(_ value: Float, _ expected: Double) -> Double {
    abs(Double(value) - expected) / Double(Float(expected).ulp)
  }

  @Test func `doubles stay within 4 ulp of libm`() {
    var random = SplitMix64(seed: 1)
    for _ in 0..<20_000 * effort {
      let angle = random.uniform(-7...7), wide = random.uniform(-1e6...1e6), t = random.uniform(-20...20)
      #expect(ulps(us_fixed_sin(angle), sin(angle)) <= 1.5 && ulps(us_fixed_sin(wide), sin(wide)) <= 1.5)
      #expect(ulps(us_fixed_cos(angle), cos(angle)) <= 1.5 && ulps(us_fixed_cos(wide), cos(wide)) <= 1.5)
      #expect(ulps(us_fixed_exp(35 * t), exp(35 * t)) <= 2 && ulps(us_fixed_log(exp(t)), log(exp(t))) <= 2)
      #expect(ulps(us_fixed_tanh(t / 8), tanh(t / 8)) <= 4)
      #expect(ulps(us_fixed_atan2(t, angle), atan2(t, angle)) <= 2.5)
    }
  }

  @Test func `floats are rounded once, from the double`() {
    var random = SplitMix64(seed: 2)
    for _ in 0..<20_000 * effort {
      let x = Float(random.uniform(-8...8)), y = Float(random.uniform(-8...8))
      #expect(ulps(us_fixed_sinf(x), sin(Double(x))) <= 0.51 && ulps(us_fixed_cosf(x), cos(Double(x))) <= 0.51)
      #expect(ulps(us_fixed_tanhf(x), tanh(Double(x))) <= 0.51 && ulps(us_fixed_expf(x), exp(Double(x))) <= 0.51)
      #expect(ulps(us_fixed_atan2f(y, x), atan2(Double(y), Double(x))) <= 0.51)
    }
  }

  @Test func `NaN stays NaN, and infinity gives the limit or NaN`() {
    let nan = Double.nan, infinity = Double.infinity
    #expect(us_fixed_sin(nan).isNaN && us_fixed_cos(nan).isNaN && us_fixed_tanh(nan).isNaN)
    #expect(us_fixed_exp(nan).isNaN && us_fixed_log(nan).isNaN && us_fixed_atan2(nan, 1).isNaN)
    #expect(us_fixed_sin(infinity).isNaN && us_fixed_cos(-infinity).isNaN && us_fixed_log(-1).isNaN)
    #expect(us_fixed_tanh(infinity) == 1 && us_fixed_tanh(-infinity) == -1)
    #expect(us_fixed_exp(infinity) == infinity && us_fixed_exp(-infinity) == 0 && us_fixed_log(0) == -infinity)
    #expect(us_fixed_expf(200) == .infinity && us_fixed_expf(-200) == 0 && us_fixed_sinf(.nan).isNaN)
    #expect(us_fixed_atan2(infinity, -infinity) == 3 * Double.pi / 4)
  }

  @Test func `beyond a million radians there is no angle`() {
    #expect(us_fixed_sin(1_048_577).isNaN && us_fixed_cos(-1_048_577).isNaN)
    #expect(!us_fixed_sin(1_048_576).isNaN)
  }
}
