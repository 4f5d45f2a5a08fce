internal import Foundation
internal import Session

/// What a soak counted.
public struct SoakReport: Codable, Sendable, Equatable, CustomStringConvertible {
  /// Virtual time.
  public var hours = 0.0
  /// Episodes, and how often a person took over in them.
  public var episodes = 0
  /// How often a person took over.
  public var takeOvers = 0
  /// Faults that were put in, by name.
  public var injected: [String: Int] = [:]
  /// Protective stops, by the name of the fault.
  public var stops: [String: Int] = [:]
  /// How many of them nobody put in: the arm had run into something, by the twin's contacts.
  public var blocked = 0
  /// The longest stop that a person ended.
  public var longestStop_s = 0.0
  /// Commands that were checked against the envelope.
  public var commands = 0
  /// Commands outside it. Must be 0.
  public var violations = 0
  /// Stops without a cause. Must be 0.
  public var unexplained = 0
  /// Sessions that ended because something held the arm, by the twin's contacts, and that said so.
  public var wedged = 0
  /// Sessions that did not go on, or did not end with the arm at rest. Must be 0.
  public var stuck = 0
  /// Memory after each core's first session, and at the end.
  public var residentBegin_MB = Double.nan
  /// Memory at the end.
  public var residentEnd_MB = Double.nan
  /// The first things that went wrong.
  public var complaints: [String] = []

  /// How much memory may grow by: what the allocator keeps in pieces, and no leak of a byte a tick over a night.
  public static let mostGrowth_MB = 32.0

  /// How many complaints are kept.
  static let mostComplaints = 40

  /// Nothing counted yet.
  public init() {}

  /// Whether everything held. Memory that was not measured was not flat: NaN is at most nothing.
  public var isClean: Bool {
    violations == 0 && unexplained == 0 && stuck == 0 && residentEnd_MB - residentBegin_MB <= Self.mostGrowth_MB
  }

  /// Takes in another part.
  mutating func add(_ other: SoakReport) {
    hours += other.hours
    episodes += other.episodes
    takeOvers += other.takeOvers
    injected.merge(other.injected, uniquingKeysWith: +)
    stops.merge(other.stops, uniquingKeysWith: +)
    longestStop_s = max(longestStop_s, other.longestStop_s)
    commands += other.commands
    violations += other.violations
    blocked += other.blocked
    unexplained += other.unexplained
    wedged += other.wedged
    stuck += other.stuck
    complaints += other.complaints.prefix(max(0, Self.mostComplaints - complaints.count))
  }

  /// A table for people.
  public var description: String {
    var table = TextTable(["", ""], numbers: [1])
    table.add("virtual hours", String(format: "%.1f", hours))
    table.add("episodes, take-overs", "\(episodes), \(takeOvers)")
    for (name, count) in injected.sorted(by: { $0.key < $1.key }) { table.add("fault: \(name)", "\(count)") }
    for (name, count) in stops.sorted(by: { $0.key < $1.key }) { table.add("stop: \(name)", "\(count)") }
    table.add("of them, arm ran into something", "\(blocked)")
    table.add("longest stop", String(format: "%.1f s", longestStop_s))
    table.add("commands checked", "\(commands)")
    table.add("envelope violations", "\(violations)")
    table.add("unexplained stops", "\(unexplained)")
    table.add("sessions ended, arm wedged", "\(wedged)")
    table.add("sessions that did not come to rest", "\(stuck)")
    table.add("memory, begin and end", String(format: "%.0f MB, %.0f MB", residentBegin_MB, residentEnd_MB))
    return ([table.description] + complaints).joined(separator: "\n")
  }
}
