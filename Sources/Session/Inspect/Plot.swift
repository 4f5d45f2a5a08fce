internal import Foundation

/// A small line plot as SVG text: series over time, spans shaded behind them. No script, no font, no file beside it.
struct Plot {
  /// One line.
  struct Series {
    var name: String
    var colour: String
    var isDashed = false
    /// Value by time; NaN breaks the line.
    var points: [(time_s: Double, value: Double)]
  }

  var title: String
  var unit: String
  var series: [Series]
  /// Times to shade: where a person commanded.
  var spans: [ClosedRange<Double>] = []
  /// A level to mark.
  var threshold: Double?
  /// The least that the height stands for: an encoder's last bit should not look like a motion.
  var leastRange = 1e-9

  private static let width = 620.0, height = 130.0, left = 58.0, bottom = 22.0, top = 18.0

  var svg: String {
    let values = series.flatMap { $0.points.map(\.value) }.filter(\.isFinite) + [threshold].compactMap(\.self)
    let times = series.flatMap { $0.points.map(\.time_s) }
    guard var low = values.min(), var high = values.max(), let first = times.min(), let last = times.max() else {
      return ""
    }
    if high - low < leastRange {
      let middle = (low + high) / 2
      (low, high) = (middle - leastRange / 2, middle + leastRange / 2)
    }
    let (right, floor) = (Self.width - 8, Self.height - Self.bottom)
    func x(_ time: Double) -> Double { Self.left + (time - first) / max(1e-9, last - first) * (right - Self.left) }
    func y(_ value: Double) -> Double { floor - (value - low) / (high - low) * (floor - Self.top) }
    func one(_ value: Double) -> String { String(format: "%.1f", value) }
    var out =
      "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\"><title>\(HTML.text(title))</title>"
    for span in spans {
      let (from, to) = (x(max(first, span.lowerBound)), x(min(last, span.upperBound)))
      out += "<rect class=\"hand\" x=\"\(one(from))\" y=\"\(one(Self.top))\" width=\"\(one(max(1, to - from)))\" "
      out += "height=\"\(one(floor - Self.top))\"/>"
    }
    for value in [low, high] {
      out +=
        "<line class=\"grid\" x1=\"\(one(Self.left))\" x2=\"\(one(right))\" y1=\"\(one(y(value)))\" y2=\"\(one(y(value)))\"/>"
      out +=
        "<text x=\"\(one(Self.left - 5))\" y=\"\(one(y(value) + 4))\" text-anchor=\"end\">\(Figures.short(value))</text>"
    }
    if let threshold {
      out += "<line class=\"mark\" x1=\"\(one(Self.left))\" x2=\"\(one(right))\" "
      out += "y1=\"\(one(y(threshold)))\" y2=\"\(one(y(threshold)))\"/>"
    }
    for line in series {
      let dash = line.isDashed ? " stroke-dasharray=\"4 3\"" : ""
      for run in line.points.split(whereSeparator: { !$0.value.isFinite }) where run.count > 1 {
        let points = run.map { "\(one(x($0.time_s))),\(one(y($0.value)))" }.joined(separator: " ")
        out += "<polyline stroke=\"\(line.colour)\"\(dash) points=\"\(points)\"/>"
      }
    }
    out += "<text x=\"\(one(Self.left))\" y=\"12\">\(HTML.text(title)), \(unit)</text>"
    out += "<text x=\"\(one(Self.left))\" y=\"\(one(Self.height - 6))\">\(Figures.fixed(first, 1)) s</text>"
    out +=
      "<text x=\"\(one(right))\" y=\"\(one(Self.height - 6))\" text-anchor=\"end\">\(Figures.fixed(last, 1)) s</text>"
    return out + "</svg>"
  }
}

/// Bars of counts over sizes that double by steps, as SVG text.
struct HistogramPlot {
  var title: String
  /// The largest value of each bar in the unit, and how many values fell into it.
  var bars: [(end: Double, count: Int)]

  var svg: String {
    guard let most = bars.map(\.count).max(), most > 0 else { return "" }
    let (width, floor, top) = (620.0, 106.0, 18.0)
    // A single bar is a bar too, not a wall.
    let step = min((width - 16) / Double(bars.count), 60)
    func one(_ value: Double) -> String { String(format: "%.1f", value) }
    var out = "<svg viewBox=\"0 0 620 130\" role=\"img\"><title>\(HTML.text(title))</title>"
    for (place, bar) in bars.enumerated() {
      // The root, so that a handful among many thousands can still be seen.
      let size = bar.count > 0 ? max(1, (Double(bar.count) / Double(most)).squareRoot() * (floor - top)) : 0
      out += "<rect class=\"bar\" x=\"\(one(8 + Double(place) * step))\" y=\"\(one(floor - size))\" "
      out += "width=\"\(one(max(1, step - 1)))\" height=\"\(one(size))\"><title>up to \(Figures.short(bar.end)): "
      out += "\(bar.count)</title></rect>"
    }
    out += "<text x=\"8\" y=\"12\">\(HTML.text(title)) (heights by the root of the count)</text>"
    for (place, bar) in bars.enumerated() where place % max(1, bars.count / 8) == 0 {
      out += "<text x=\"\(one(8 + Double(place) * step))\" y=\"124\">\(Figures.short(bar.end))</text>"
    }
    return out + "</svg>"
  }
}

/// Texts in HTML.
enum HTML {
  static func text(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }
}
