public import Arm
public import Episodes
internal import Foundation
internal import Policy
public import RealTime

/// What a log says about the session it is from.
public struct SessionDescription: Sendable {
  /// What the session is for.
  public var activity: Activity
  /// The task in words.
  public var task = ""
  /// Who holds the leader.
  public var person = ""
  /// The seed of all that is random in it.
  public var seed: UInt64 = 0
  /// The digest of the policy that drives first, see `Policy.digest`; empty without one.
  public var policyDigest = ""
  /// What the system granted.
  public var grants: [Grant] = []

  /// A session of a kind.
  public init(activity: Activity) { self.activity = activity }

  /// The same for the recorder, with every file that the session was run by. On virtual time the id comes from the seed
  /// and `start` alone, so that the same seed gives the same bytes.
  public func info(rig: Rig, clock: TickClock, start: Int) -> SessionInfo {
    let wall = Nanoseconds.seconds(Date().timeIntervalSince1970)
    let id =
      clock.isSimulated
      ? "virtual-\(activity.rawValue)-\(seed)-\(start)"
      : SessionInfo.makeID(wallTime: wall, salt: UInt64(getpid()))
    var info = SessionInfo(id: id, activity: activity.rawValue, joints: rig.pairs[0].follower.arm.jointNames)
    info.task = task
    info.person = person
    info.environmentFeatures = rig.environmentNames
    info.loop_Hz = Double(rig.loop_Hz)
    info.decision_Hz = Double(rig.decision_Hz)
    info.seed = seed
    info.clockOffset = clock.isSimulated ? .zero : wall - clock.now
    info.isSimulated = clock.isSimulated
    info.policyDigest = policyDigest
    info.versions = ["understudy": understudyVersion]
    if !clock.isSimulated {
      info.host = Self.machine
      info.host["ports"] = [rig.pairs[0].follower.port, rig.pairs[0].leader?.port].compactMap(\.self)
        .joined(separator: " ")
      if let kernels = try? Kernels.chosen() { info.versions["kernels"] = kernels.name }
    }
    for grant in grants { info.grants[grant.name] = grant.granted ? "granted" : grant.detail }
    info.files = Self.files(of: rig)
    return info
  }

  /// System, kernel and processor, as they call themselves.
  private static var machine: [String: String] {
    var host = ["system": ProcessInfo.processInfo.operatingSystemVersionString]
    func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
    host["kernel"] = text("/proc/version")?.trimmingCharacters(in: .whitespacesAndNewlines)
    host["name"] = text("/proc/sys/kernel/hostname")?.trimmingCharacters(in: .whitespacesAndNewlines)
    let processor = text("/proc/cpuinfo")?.split(separator: "\n").first { $0.hasPrefix("model name") }
    host["processor"] = processor?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
    return host
  }

  static func files(of rig: Rig) -> [SessionFile] {
    var urls: [(String, URL)] = [("rig.yaml", URL(filePath: rig.file))]
    for pair in rig.pairs {
      for side in [pair.follower, pair.leader].compactMap({ $0 }) {
        if let url = try? rig.hardware.file(side.arm.servo, kind: .servos),
          !urls.contains(where: { $0.0 == "\(side.arm.servo).yaml" })
        {
          urls.append(("\(side.arm.servo).yaml", url))
        }
        if let url = try? rig.hardware.file(side.arm.name, kind: .arms) { urls.append(("\(side.arm.name).yaml", url)) }
        if let calibration = try? side.readCalibration() {
          urls.append(("\(side.arm.name)-calibration.json", URL(filePath: calibration.file)))
        }
      }
    }
    return urls.compactMap { name, url in
      (try? String(contentsOf: url, encoding: .utf8)).map { SessionFile(name: name, text: $0) }
    }
  }
}

extension LeRobotImport {
  /// Takes arm, calibration and everything that a session attaches from a rig, by name or path.
  public mutating func use(rig nameOrPath: String) throws {
    let rig = try Rig.load(nameOrPath)
    let follower = rig.pairs[0].follower
    arm = (follower.arm, try follower.readCalibration())
    files = SessionDescription.files(of: rig)
  }
}

/// The program's version, in every log and in `--version`.
public let understudyVersion = "0.1.0"
