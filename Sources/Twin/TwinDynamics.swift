/// A change of the dynamics: a worn gear, a servo on low voltage, another table.
///
///     TwinDynamics("friction=3,shoulder_pan=0.2")
public struct TwinDynamics: Hashable, Sendable, CustomStringConvertible {
  /// The table's friction, in terms of the scene's.
  public var tableFriction = 1.0
  /// Joints of the follower that are slow: by name, the fastest that the joint goes, in rad/s.
  public var slowest_rad_s: [String: Double] = [:]

  /// As the scene describes them.
  public init() {}

  /// `none`, or any of `friction=SHARE` (0.05 to 20) and `JOINT=RAD_S` (0.01 to 20), between commas; nil for anything else.
  public init?(_ text: String) {
    guard text != "none" else { return }
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard sides.count == 2, let value = Double(sides[1]) else { return nil }
      if sides[0] == "friction", (0.05...20).contains(value) {
        tableFriction = value
      } else if ArmMechanism.jointNames.contains(sides[0]), (0.01...20).contains(value) {
        slowest_rad_s[sides[0]] = value
      } else {
        return nil
      }
    }
  }

  /// What `init` reads, in words for people.
  public static let form = "none, or friction=SHARE and JOINT=RAD_S between commas (friction=3,shoulder_pan=0.2)"

  /// The text that `init` reads.
  public var description: String {
    var parts = slowest_rad_s.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    if tableFriction != 1 { parts.insert("friction=\(tableFriction)", at: 0) }
    return parts.isEmpty ? "none" : parts.joined(separator: ",")
  }
}
