public import Arm
public import Foundation
internal import RealTime

/// What `understudy doctor` finds: the machine, the ports, the disk, the versions, the rig's arms, and how late a loop
/// wakes. Nothing moves; of the servos only the RAM registers that every session sets are written.
public struct Examination: Sendable, Codable {
  /// Every line.
  public var findings: [Finding] = []
  /// Said on every screen.
  public var reminder =
    "Not a safety-rated system. The emergency stop is a switch in the arm's supply: keep it within reach."

  /// What to look at.
  public struct Options: Sendable {
    /// The rig whose arms are checked; nil for the machine alone.
    public var rig: Rig?
    /// Where episodes will be written.
    public var folder = URL(filePath: ".")
    /// How long a loop is timed; zero for not at all.
    public var wakeSeconds = 5.0

    /// The machine alone, episodes in the current folder, five seconds.
    public init() {}
  }

  /// The worst line.
  public var worst: Finding.Status { findings.map(\.status).max() ?? .ok }

  /// 0 where all is well, 1 with a warning, 69 with a failure.
  public var exitCode: Int32 {
    switch worst {
    case .ok: 0
    case .warn: 1
    case .fail: ExitStatus.unavailable.rawValue
    }
  }

  /// Looks at everything; `progress` is told what takes a while.
  public init(_ options: Options, progress: (String) -> Void = { _ in }) {
    let system = SystemFiles()
    findings += system.kernelFindings()
    findings += system.portFindings()
    findings += DiskCheck(folder: options.folder).findings()
    findings.append(ClockCheck.finding())
    findings += VersionCheck.findings()
    if let rig = options.rig { findings += RigCheck(rig: rig).findings() }
    add(Grant.askForProcess())
    if options.wakeSeconds > 0 { progress("timing a loop for \(Figures.short(options.wakeSeconds)) s …") }
    time(options)
  }

  /// What the loop's thread is granted, and how late it wakes where that is asked for.
  private mutating func time(_ options: Options) {
    var loop = RateLoop.Configuration(period: Nanoseconds(1_000_000_000 / Int64(WakeLatencyRun.doctorRate_Hz)))
    if let cpu = options.rig?.loopCPU { loop.cpu = Int32(cpu) }
    do throws(RateLoopError) {
      guard options.wakeSeconds > 0 else {
        add(try RateLoop.grants(of: loop))
        findings.append(Finding("wake latency", .ok, "not timed: --seconds 0"))
        return
      }
      let run = try WakeLatencyRun(loop, seconds: options.wakeSeconds)
      add(run.grants)
      findings.append(run.finding(loop_Hz: options.rig?.loop_Hz ?? 100))
    } catch {
      findings.append(Finding("wake latency", .fail, "\(error)"))
    }
  }

  private mutating func add(_ grants: [Grant]) {
    findings += grants.map { grant in
      Finding(grant.name, grant.granted ? .ok : .warn, grant.granted ? "granted" : grant.detail, mend: grant.mend)
    }
  }
}

extension Examination: CustomStringConvertible {
  /// For people: a line each, its mend below.
  public var description: String {
    let width = findings.map(\.name.count).max() ?? 0
    let lines = findings.map { finding in
      let name = finding.name + String(repeating: " ", count: width - finding.name.count)
      let status = finding.status.rawValue + (finding.status == .ok ? "  " : "")
      let mend = finding.mend.isEmpty ? "" : "\n" + String(repeating: " ", count: width + 8) + "→ \(finding.mend)"
      return "  \(status)  \(name)  \(finding.detail)\(mend)"
    }
    return lines.joined(separator: "\n") + "\n\n  \(reminder)"
  }
}
