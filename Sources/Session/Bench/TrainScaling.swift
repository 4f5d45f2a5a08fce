internal import Foundation
internal import Learning

/// How training's time grows with the number of frames and with the width of the networks.
public struct TrainScaling: Sendable {
  /// One measured size.
  struct Point: Sendable {
    var size: Double
    var seconds: Double
  }

  /// The default.
  public init() {}

  /// Measures; `svg` receives the picture.
  public func run(svg: inout String) throws -> Benchmark {
    var benchmark = Benchmark("train --scaling")
    let frames = try [1_000, 10_000, 100_000, 1_000_000].map { count in
      let table = TrainBenchmark.table(frames: count, features: 12, joints: 6)
      let epochs = max(1, 100_000 / count)
      return Point(
        size: Double(count), seconds: Double(count) / (try TrainBenchmark.rate(table, batch: 256, epochs: epochs)))
    }
    let table = TrainBenchmark.table(frames: 20_000, features: 12, joints: 6)
    let widths = try [32, 64, 128, 256, 512].map { width in
      let rate = try TrainBenchmark.rate(table, batch: 256, epochs: 2, hidden: [width, width])
      return Point(size: Double(width), seconds: 20_000 / rate)
    }
    for point in frames {
      benchmark.rows.append(.init("an epoch of \(Int(point.size)) frames, 128-128", "s", point.seconds))
    }
    for point in widths {
      benchmark.rows.append(
        .init("an epoch of 20000 frames, \(Int(point.size))-\(Int(point.size))", "s", point.seconds))
    }
    benchmark.rows.append(
      .init("time grows with frames to the power of", "1", Self.exponent(frames), goal: .atMost(1.1)))
    benchmark.rows.append(
      .init("time grows with width to the power of", "1", Self.exponent(widths), goal: .atMost(2.1)))
    benchmark.notes.append("\(MatrixLibrary.description); batch 256, one network, one thread.")
    benchmark.notes.append("Exponents are slopes of a line through the logarithms; a layer has width² weights.")
    svg = Self.chart(frames, widths)
    return benchmark
  }

  /// The slope of log(seconds) over log(size), by least squares.
  static func exponent(_ points: [Point]) -> Double {
    let logs = points.map { (x: log($0.size), y: log($0.seconds)) }
    let mean = (
      x: logs.reduce(0) { $0 + $1.x } / Double(logs.count), y: logs.reduce(0) { $0 + $1.y } / Double(logs.count)
    )
    let slope = logs.reduce((0.0, 0.0)) {
      ($0.0 + ($1.x - mean.x) * ($1.y - mean.y), $0.1 + ($1.x - mean.x) * ($1.x - mean.x))
    }
    return slope.0 / slope.1
  }

  /// Both curves on logarithmic scales, side by side.
  private static func chart(_ frames: [Point], _ widths: [Point]) -> String {
    func panel(_ points: [Point], left: Double, _ title: String) -> [String] {
      let xs = points.map { log10($0.size) }
      let ys = points.map { log10($0.seconds) }
      guard let (x0, x1) = extent(xs), let (y0, y1) = extent(ys) else { return [] }
      let places = zip(xs, ys).map { x, y in
        (x: left + 240 * (x - x0) / (x1 - x0), y: 280 - 220 * (y - y0) / (y1 - y0))
      }
      let line = places.map { String(format: "%.1f,%.1f", $0.x, $0.y) }.joined(separator: " ")
      let marks = zip(places, points).map { place, point in
        String(format: "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>", place.x, place.y)
          + String(
            format: "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.3g s</text>", place.x, place.y - 8,
            point.seconds)
          + String(format: "<text x=\"%.1f\" y=\"298\" text-anchor=\"middle\">%.0f</text>", place.x, point.size)
      }
      return [
        "<text x=\"\(left + 120)\" y=\"28\" text-anchor=\"middle\">\(title)</text>",
        "<path d=\"M\(left) 50V280H\(left + 250)\" fill=\"none\" stroke=\"black\"/>",
        "<polyline fill=\"none\" stroke=\"#0072B2\" stroke-width=\"2\" points=\"\(line)\"/>",
      ] + marks
    }
    let head =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 680 320\" font-family=\"sans-serif\" font-size=\"11\">"
    return
      ([head, "<rect width=\"680\" height=\"320\" fill=\"white\"/>"]
      + panel(frames, left: 50, "seconds an epoch over frames (logarithmic)")
      + panel(widths, left: 390, "seconds an epoch over width (logarithmic)") + ["</svg>", ""]).joined(separator: "\n")
  }

  private static func extent(_ values: [Double]) -> (Double, Double)? {
    guard let least = values.min(), let greatest = values.max(), greatest > least else { return nil }
    return (least, greatest)
  }
}
