/// Groups of bars with intervals as an SVG: success rates of several policies under several conditions.
public struct BarChart: Sendable {
  /// One bar.
  public struct Bar: Sendable {
    /// What it shows.
    public var label: String
    /// Its height, 0…1.
    public var value: Double
    /// Its interval.
    public var interval: ClosedRange<Double>

    /// A bar with an interval from elsewhere.
    public init(label: String, value: Double, interval: ClosedRange<Double>) {
      self.label = label
      self.value = value
      self.interval = interval
    }

    /// A bar.
    public init(label: String, rate: SuccessRate) {
      self.label = label
      value = rate.trials > 0 ? rate.share : 0
      interval = rate.interval
    }
  }

  /// The line above.
  public var title: String
  /// Groups from left to right: what they have in common, and their bars.
  public var groups: [(name: String, bars: [Bar])]

  /// A chart.
  public init(title: String, groups: [(name: String, bars: [Bar])]) {
    self.title = title
    self.groups = groups
  }

  // Colours that stay apart in greyscale and for colour-blind readers (Okabe and Ito).
  private static let colours = ["#999999", "#E69F00", "#009E73", "#0072B2", "#CC79A7"]

  /// The picture.
  public var svg: String {
    let barWidth = 84.0, gap = 44.0, left = 56.0, top = 48.0, height = 240.0
    let count = groups.reduce(0) { $0 + $1.bars.count }
    let width = left + gap + Double(count) * barWidth + Double(groups.count) * gap
    func y(_ value: Double) -> Double { top + height * (1 - value) }
    var out = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(Int(width))" height="\(Int(top + height + 92))" \
      font-family="sans-serif" font-size="12">
      <rect width="100%" height="100%" fill="white"/>
      <text x="\(left)" y="24" font-size="15">\(Self.escaped(title))</text>

      """
    for tenth in stride(from: 0, through: 10, by: 2) {
      let at = y(Double(tenth) / 10)
      out += """
        <line x1="\(left)" x2="\(width - 12)" y1="\(at)" y2="\(at)" stroke="#dddddd"/>
        <text x="\(left - 8)" y="\(at + 4)" text-anchor="end">\(tenth * 10) %</text>

        """
    }
    var x = left + gap / 2
    for group in groups {
      for (index, bar) in group.bars.enumerated() {
        let middle = x + barWidth / 2
        out += """
          <rect x="\(x + 6)" y="\(y(bar.value))" width="\(barWidth - 12)" height="\(height * bar.value)" \
          fill="\(Self.colours[index % Self.colours.count])"/>
          <line x1="\(middle)" x2="\(middle)" y1="\(y(bar.interval.lowerBound))" y2="\(y(bar.interval.upperBound))" \
          stroke="black" stroke-width="1.5"/>
          <text x="\(middle)" y="\(top + height + 18)" text-anchor="middle">\(Self.escaped(bar.label))</text>
          <text x="\(middle)" y="\(top + height + 36)" text-anchor="middle" font-weight="bold">\
          \(Int((bar.value * 100).rounded())) %</text>

          """
        x += barWidth
      }
      let span = Double(group.bars.count) * barWidth
      out += """
        <text x="\(x - span / 2)" y="\(top + height + 64)" text-anchor="middle" font-size="13">\
        \(Self.escaped(group.name))</text>

        """
      x += gap
    }
    return out + "</svg>\n"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
  }
}
