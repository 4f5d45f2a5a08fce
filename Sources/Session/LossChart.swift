internal import Foundation
public import Learning

/// The loss curve of a training as an SVG: training and held-out loss over the steps, on a logarithmic scale.
public struct LossChart: Sendable {
  private let title: String
  private let curve: [LossPoint]

  /// A chart; losses that are not above zero (a likelihood's can be) are drawn on a linear scale.
  public init(title: String, curve: [LossPoint]) {
    self.title = title
    self.curve = curve
  }

  /// The picture.
  public var svg: String {
    let losses = curve.flatMap { [$0.training] + ($0.heldOut.map { [$0] } ?? []) }
    let isLogarithmic = losses.allSatisfy { $0 > 0 }
    func scaled(_ loss: Double) -> Double { isLogarithmic ? log10(loss) : loss }
    let low = losses.map(scaled).min() ?? 0
    let high = max(losses.map(scaled).max() ?? 1, low + 1e-9)
    let steps = Double(max(1, curve.last?.step ?? 1))
    func point(_ step: Int, _ loss: Double) -> String {
      let x = 64 + 520 * Double(step) / steps
      let y = 48 + 240 * (high - scaled(loss)) / (high - low)
      return String(format: "%.1f,%.1f", x, y)
    }
    func line(_ points: [String], _ colour: String) -> String {
      "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\" points=\"\(points.joined(separator: " "))\"/>"
    }
    func label(_ x: Double, _ y: Double, _ words: String, _ anchor: String = "start") -> String {
      "<text x=\"\(x)\" y=\"\(y)\" text-anchor=\"\(anchor)\">\(words)</text>"
    }
    func value(_ at: Double) -> String { String(format: "%.3g", isLogarithmic ? pow(10, at) : at) }
    let escaped = title.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    // Colours that stay apart in greyscale and for colour-blind readers (Okabe and Ito).
    let parts = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 620 350\" font-family=\"sans-serif\" font-size=\"12\">",
      "<rect width=\"620\" height=\"350\" fill=\"white\"/>",
      label(310, 24, escaped, "middle"),
      "<path d=\"M64 48V288H584\" fill=\"none\" stroke=\"black\"/>",
      label(58, 52, value(high), "end"), label(58, 288, value(low), "end"),
      label(64, 306, "0", "middle"), label(584, 306, "\(Int(steps))", "middle"),
      label(324, 306, "steps", "middle"),
      line(curve.map { point($0.step, $0.training) }, "#0072B2"),
      line(curve.compactMap { entry in entry.heldOut.map { point(entry.step, $0) } }, "#E69F00"),
      "<rect x=\"64\" y=\"322\" width=\"12\" height=\"12\" fill=\"#0072B2\"/>", label(82, 332, "training"),
      "<rect x=\"164\" y=\"322\" width=\"12\" height=\"12\" fill=\"#E69F00\"/>", label(182, 332, "held-out episodes"),
      "</svg>",
    ]
    return parts.joined(separator: "\n") + "\n"
  }
}
