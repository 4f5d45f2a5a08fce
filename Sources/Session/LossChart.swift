internal import Foundation
public import Learning

/// The losses of a training as an SVG, over its steps, on a logarithmic scale.
public struct LossChart: Sendable {
  /// One of its lines.
  struct Line: Sendable {
    let name: String
    let points: [(step: Int, loss: Double)]
  }

  private let title: String
  private let lines: [Line]
  private let steps: String
  /// A line of more points is thinned: nobody sees them.
  private static let most = 1000
  // Colours that stay apart in greyscale and for colour-blind readers (Okabe and Ito).
  private static let colours = ["#0072B2", "#E69F00", "#009E73", "#CC79A7"]

  /// A chart of at most four lines; losses that are not above zero (a likelihood's can be) are drawn on a linear scale.
  init(title: String, lines: [Line], steps: String) {
    self.title = title
    self.lines = lines.map { line in
      let every = max(1, line.points.count / Self.most)
      let points = line.points.enumerated().filter { $0.offset % every == 0 || $0.offset == line.points.count - 1 }
      return Line(name: line.name, points: points.map(\.element))
    }
    self.steps = steps
  }

  /// Training and held-out loss.
  public init(title: String, curve: [LossPoint]) {
    let heldOut = curve.compactMap { point in point.heldOut.map { (point.step, $0) } }
    self.init(
      title: title,
      lines: [
        Line(name: "training", points: curve.map { ($0.step, $0.training) }),
        Line(name: "held-out episodes", points: heldOut),
      ], steps: "steps")
  }

  /// The picture.
  public var svg: String {
    let losses = lines.flatMap { $0.points.map(\.loss) }
    let isLogarithmic = losses.allSatisfy { $0 > 0 }
    func scaled(_ loss: Double) -> Double { isLogarithmic ? log10(loss) : loss }
    let low = losses.map(scaled).min() ?? 0
    let high = max(losses.map(scaled).max() ?? 1, low + 1e-9)
    let last = Double(max(1, lines.compactMap { $0.points.last?.step }.max() ?? 1))
    func point(_ step: Int, _ loss: Double) -> String {
      let x = 64 + 520 * Double(step) / last
      let y = 48 + 240 * (high - scaled(loss)) / (high - low)
      return String(format: "%.1f,%.1f", x, y)
    }
    func label(_ x: Double, _ y: Double, _ words: String, _ anchor: String = "start") -> String {
      "<text x=\"\(x)\" y=\"\(y)\" text-anchor=\"\(anchor)\">\(words)</text>"
    }
    func value(_ at: Double) -> String { String(format: "%.3g", isLogarithmic ? pow(10, at) : at) }
    let escaped = title.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    var drawn: [String] = []
    var x = 64.0
    for (line, colour) in zip(lines, Self.colours) {
      let points = line.points.map { point($0.step, $0.loss) }.joined(separator: " ")
      drawn.append("<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\" points=\"\(points)\"/>")
      drawn.append("<rect x=\"\(x)\" y=\"322\" width=\"12\" height=\"12\" fill=\"\(colour)\"/>")
      drawn.append(label(x + 18, 332, line.name))
      x += 44 + 6.5 * Double(line.name.count)
    }
    let front = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 620 350\" font-family=\"sans-serif\" font-size=\"12\">",
      "<rect width=\"620\" height=\"350\" fill=\"white\"/>",
      label(310, 24, escaped, "middle"),
      "<path d=\"M64 48V288H584\" fill=\"none\" stroke=\"black\"/>",
      label(58, 52, value(high), "end"), label(58, 288, value(low), "end"),
      label(64, 306, "0", "middle"), label(584, 306, "\(Int(last))", "middle"),
      label(324, 306, steps, "middle"),
    ]
    return (front + drawn + ["</svg>"]).joined(separator: "\n") + "\n"
  }
}
