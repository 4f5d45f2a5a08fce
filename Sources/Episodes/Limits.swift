/// Limits that shaped a command: "limited by", which is no fault. Each names its setting.
public struct Limits: OptionSet, BitwiseCopyable, Sendable, Hashable {
  /// The bits.
  public let rawValue: UInt16
  /// From the bits.
  @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }
  /// No faster.
  @inlinable public static var velocity: Limits { Limits(rawValue: 1 << 0) }
  /// No sooner.
  @inlinable public static var acceleration: Limits { Limits(rawValue: 1 << 1) }
  /// Joint limits, or the braking distance to them.
  @inlinable public static var position: Limits { Limits(rawValue: 1 << 2) }
  /// The tool's floor or box, or the way it needs to stop before them.
  @inlinable public static var workspace: Limits { Limits(rawValue: 1 << 3) }
  /// Reduced speed of the tool while the follower closes in on the leader.
  @inlinable public static var handGuiding: Limits { Limits(rawValue: 1 << 4) }

  /// One row of the table.
  public struct Row: Sendable, CustomStringConvertible {
    /// The limit.
    public let limit: Limits
    /// Its name.
    public let name: String
    /// Where it is set: a key of the rig file, or else what it says.
    public let setting: String
    /// As reports and the page name it: `velocity (envelope.velocity_rad_s)`.
    public var description: String { "\(name) (\(setting))" }
  }

  /// Every limit, in the order of the bits.
  public static let table: [Row] = [
    Row(limit: .velocity, name: "velocity", setting: "envelope.velocity_rad_s"),
    Row(limit: .acceleration, name: "acceleration", setting: "envelope.acceleration_rad_s2"),
    Row(limit: .position, name: "position", setting: "range_rad in the arm file, within the calibrated range"),
    Row(limit: .workspace, name: "workspace", setting: "envelope.floor_m, envelope.box_m"),
    Row(limit: .handGuiding, name: "hand-guiding", setting: "envelope.hand_guiding_m_s"),
  ]

  /// The limits that it holds, each with its setting, for people.
  public var descriptions: [String] { Self.table.filter { contains($0.limit) }.map(\.description) }
}
