/// One line of `understudy doctor`: what was looked at, how it stands, and what helps.
public struct Finding: Sendable, Codable {
  /// How it stands.
  public enum Status: String, Sendable, Codable, CaseIterable, Comparable {
    /// Good.
    case ok
    /// It runs, at a price.
    case warn
    /// Something that was asked for will not run.
    case fail

    /// Better than.
    public static func < (a: Status, b: Status) -> Bool { a.severity < b.severity }

    private var severity: Int {
      switch self {
      case .ok: 0
      case .warn: 1
      case .fail: 2
      }
    }
  }

  /// What was looked at.
  public var name: String
  /// How it stands.
  public var status: Status
  /// What was seen.
  public var detail: String
  /// What helps; empty where nothing has to be done.
  public var mend: String

  init(_ name: String, _ status: Status, _ detail: String, mend: String = "") {
    self.name = name
    self.status = status
    self.detail = detail
    self.mend = status == .ok ? "" : mend
  }
}
