internal import Foundation
internal import Learning

/// A recovered reward as an SVG: what a deviation of each feature is worth with its interval, what was shown beside what the
/// reward expects, and what the demonstrations cannot tell.
public struct RewardChart: Sendable {
  private let file: RewardFile

  /// A chart of a reward's file.
  public init(_ file: RewardFile) { self.file = file }

  private static let row = 40.0
  private static let left = 190.0
  private static let width = 300.0

  /// The picture.
  public var svg: String {
    let weights = file.reward.weights
    let ends = weights.flatMap { weight in ([weight.value] + weight.interval).map { $0 * weight.deviation } }
    let low = min(0, ends.min() ?? 0), high = max(0, ends.max() ?? 0)
    let span = max(high - low, 1e-9)
    func x(_ nats: Double) -> Double { Self.left + Self.width * (nats - low) / span }
    var parts: [String] = []
    for (index, weight) in weights.enumerated() {
      let y = 76 + Self.row * Double(index)
      let nats = weight.value * weight.deviation
      parts.append(label(Self.left - 10, y + 4, "\(weight.name) (\(weight.unit))", "end"))
      let (from, to) = (min(x(0), x(nats)), max(x(0), x(nats)))
      parts.append(
        String(
          format: "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"16\" fill=\"#56B4E9\"/>", from, y - 8, to - from)
      )
      if weight.interval.count == 2 {
        parts.append(
          String(
            format: "<path d=\"M%.1f %.1fH%.1f\" stroke=\"black\" stroke-width=\"2\"/>",
            x(weight.interval[0] * weight.deviation), y, x(weight.interval[1] * weight.deviation)))
      }
      parts.append(label(Self.left + Self.width + 80, y + 4, Figures.short(weight.demonstrated), "end"))
      parts.append(label(Self.left + Self.width + 160, y + 4, Figures.short(weight.expected), "end"))
    }
    let bottom = 76 + Self.row * Double(weights.count)
    for (index, unknown) in file.reward.unknown.enumerated() {
      let shares = unknown.direction.sorted { (abs($0.value), $1.key) > (abs($1.value), $0.key) }
        .map { "\(Figures.short($0.value)) \($0.key)" }.joined(separator: ", ")
      parts.append(label(20, bottom + 26 + 20 * Double(index), "cannot be told: \(shares)"))
    }
    let height = Int(bottom) + 30 + 20 * file.reward.unknown.count
    let front = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 680 \(height)\" font-family=\"sans-serif\" font-size=\"12\">",
      "<rect width=\"680\" height=\"\(height)\" fill=\"white\"/>",
      label(340, 22, "\(file.rig): reward of \(file.basis)", "middle"),
      label(Self.left + Self.width / 2, 48, "nats a deviation, with 90 % interval", "middle"),
      label(Self.left + Self.width + 80, 48, "shown", "end"),
      label(Self.left + Self.width + 160, 48, "expected", "end"),
      String(format: "<path d=\"M%.1f 56V%.1f\" stroke=\"grey\"/>", x(0), bottom - 14),
    ]
    return (front + parts + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private func label(_ x: Double, _ y: Double, _ words: String, _ anchor: String = "start") -> String {
    let escaped = words.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
    return String(format: "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"\(anchor)\">", x, y) + escaped + "</text>"
  }

  /// Writes it; nothing is overwritten.
  public func write(_ path: String) throws {
    do { try Data(svg.utf8).write(to: URL(filePath: path), options: .withoutOverwriting) } catch {
      throw RewardError.notWritten(path: path, reason: error.localizedDescription)
    }
  }
}
