import Arm
import Foundation
import Testing

@testable import Session

@Suite struct SurveyTests {
  private static func joint(_ id: Int, _ offset: Int) -> Calibration.Joint {
    .init(name: "joint\(id)", id: id, homingOffset: offset, rangeMin: 100, rangeMax: 4000)
  }

  private static func known(_ name: String, _ offsets: [Int]) -> Calibration.Known {
    Calibration.Known(
      name: name, role: nil,
      calibration: Calibration(joints: offsets.enumerated().map { joint($0.offset + 1, $0.element) }))
  }

  private static func servos(_ offsets: [Int32]) -> [PortSurvey.Servo] {
    offsets.enumerated().map { index, offset in
      var servo = PortSurvey.Servo(id: UInt8(index + 1))
      servo.homingOffset = offset
      servo.rangeMin = 100
      servo.rangeMax = 4000
      return servo
    }
  }

  @Test func `an arm is the calibration that all its servos hold`() {
    let known = [Self.known("a", [1, 2, 3]), Self.known("b", [4, 5, 6])]
    let arms = PortSurvey.arms(of: Self.servos([4, 5, 6]), known)
    #expect(arms.map(\.calibration) == ["b"])
    #expect(arms[0].matching == 3 && arms[0].joints == 3)
  }

  @Test func `one changed servo leaves the nearest arm, and chance agreement leaves none`() {
    let known = [Self.known("a", [1, 2, 3]), Self.known("b", [1, 5, 6])]
    #expect(PortSurvey.arms(of: Self.servos([1, 2, 9]), known).map(\.calibration) == ["a"])
    #expect(PortSurvey.arms(of: Self.servos([1, 8, 9]), known).isEmpty)
    #expect(PortSurvey.arms(of: [], known).isEmpty)
  }

  @Test func `two copies of one calibration are both named`() {
    let known = [Self.known("a", [1, 2, 3]), Self.known("copy", [1, 2, 3])]
    #expect(PortSurvey.arms(of: Self.servos([1, 2, 3]), known).map(\.calibration) == ["a", "copy"])
  }
}

@Suite struct BenchmarkTests {
  @Test func `cyclictest's histogram is read back to its samples`() {
    let text = """
      # /dev/cpu_dma_latency set to 0us
      # Histogram
      000000 000000
      000019 000002
      000020 000001
      # Min Latencies: 00019
      # Max Latencies: 25000
      # Histogram Overflows: 00001
      # Histogram Overflow at cycle number:
      # Thread 0: 00003
      """
    #expect(CyclicTest.parse(text) == [19_000, 19_000, 20_000, 25_000_000])
    #expect(CyclicTest.parse("") == nil)
  }

  @Test func `a row knows its ratio and whether its goal is met, and nothing where the peer is missing`() throws {
    let better = Benchmark.Row("a", "µs", 1, beside: "p", 4, goal: .ratioAtMost(0.5))
    #expect(better.ratio == 0.25 && better.met == true)
    let alone = Benchmark.Row("a", "µs", 1, beside: "p", nil, goal: .ratioAtMost(0.5))
    #expect(alone.peer == nil && alone.ratio == nil && alone.met == nil)
    #expect(Benchmark.Row("a", "µs", 21, goal: .atMost(20)).met == false)
    let json = String(decoding: try JSONEncoder().encode(alone), as: UTF8.self)
    #expect(json.contains("\"peer\":null") && json.contains("\"met\":null"), "\(json)")
  }

  @Test func `percentiles of samples are their nearest ranks`() {
    let sorted = (1...1000).map { Int64($0) }
    #expect(WakeLatencyRun.percentile(0.5, of: sorted) == 500)
    #expect(WakeLatencyRun.percentile(0.999, of: sorted) == 999)
    #expect(WakeLatencyRun.percentile(1, of: sorted) == 1000)
    #expect(WakeLatencyRun.percentile(0.5, of: []) == 0)
  }

  @Test func `figures have three digits and columns stand under each other`() {
    #expect(
      [0, 0.1234, 1.234, 12.34, 123.4, -1.5].map { Figures.short($0) } == [
        "0", "0.123", "1.23", "12.3", "123", "−1.50",
      ]
    )
    #expect(Figures.short(nil) == "–" && Figures.short(.nan) == "–")
    #expect(Figures.fixed(0.999, 1) == "1.0" && Figures.fixed(-0.001, 2) == "0.00")
    var table = TextTable(["name", "n"], numbers: [1])
    table.add("a", "10")
    table.add("long name", "9")
    #expect("\(table)" == "  name        n\n  a          10\n  long name   9")
  }
}

@Suite struct OtherProgramTests {
  @Test func `a program that we start hears the signal that ends it`() async throws {
    // Tests run on threads of Swift's pool, which block every signal, as verbs do.
    let said = try #require(OtherProgram("grep", ["SigBlk", "/proc/self/status"])?.finish())
    #expect(said == "SigBlk:\t0000000000000000\n")
  }

  @Test func `a program that is not installed is nil, and so is what a failing one printed`() {
    #expect(OtherProgram("no-such-program-anywhere", []) === nil)
    let failing = OtherProgram("false", [])
    #expect(failing !== nil)
    #expect(failing?.finish() == nil)
  }
}
