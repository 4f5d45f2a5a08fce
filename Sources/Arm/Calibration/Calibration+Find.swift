public import Foundation

extension Calibration {
  /// Finds and reads a calibration by path, or by the id that LeRobot knows it by.
  ///
  /// A name with a slash or ending in `.json` is a path, from `folder` (where `hardware/` and `calibration/` stand). Another
  /// is looked for as `calibration/NAME.json` there, then where LeRobot keeps it: below `HF_LEROBOT_CALIBRATION`, or
  /// `HF_LEROBOT_HOME/calibration`, or `HF_HOME/lerobot/calibration`, or `~/.cache/huggingface/lerobot/calibration`, in
  /// `robots/so_follower` for a follower and `teleoperators/so_leader` for a leader (older LeRobots named those folders after
  /// the arm: `robots/so101_follower`). So an existing calibration works unchanged.
  public static func find(
    _ name: String, for arm: ArmDescription, folder: URL? = nil,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(CalibrationError) -> Calibration {
    let candidates = candidates(name, arm: arm, folder: folder, environment: environment)
    let manager = FileManager.default
    guard let file = candidates.first(where: { manager.fileExists(atPath: $0.path) }) else {
      let folders = candidates.map { $0.deletingLastPathComponent() }
      let available = folders.flatMap { (try? manager.contentsOfDirectory(atPath: $0.path)) ?? [] }
        .filter { $0.hasSuffix(".json") && !$0.hasSuffix(".previous.json") }
      throw .notFound(name: name, looked: candidates.map(\.relativePath), available: available.sorted())
    }
    let calibration = try Calibration(reading: file)
    try calibration.check(against: arm)
    return calibration
  }

  /// Where a new calibration of that name goes: where one of the name is already, else `calibration/NAME.json` below
  /// `folder`, or, if `forLeRobot`, where LeRobot looks for it.
  public static func destination(
    _ name: String, for arm: ArmDescription, folder: URL? = nil, forLeRobot: Bool = false,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> URL {
    let candidates = candidates(name, arm: arm, folder: folder, environment: environment)
    if forLeRobot, candidates.count > 1 { return candidates[1] }
    return candidates.first { FileManager.default.fileExists(atPath: $0.path) } ?? candidates[0]
  }

  /// The files that a name may mean, best first.
  static func candidates(
    _ name: String, arm: ArmDescription, folder: URL?, environment: [String: String]
  ) -> [URL] {
    func at(_ path: String) -> URL {
      guard let folder, !path.hasPrefix("/") else { return URL(filePath: path) }
      return folder.appending(path: path)
    }
    if name.contains("/") || name.hasSuffix(".json") { return [at(name)] }
    let place = arm.role == .follower ? "robots" : "teleoperators"
    let lerobot = lerobotFolder(environment).appending(path: place)
    let kinds = ["so_\(arm.role.rawValue)", arm.name.replacing("-", with: "_")]
    return [at("calibration/\(name).json")] + kinds.map { lerobot.appending(path: "\($0)/\(name).json") }
  }

  /// LeRobot's folder of calibrations.
  static func lerobotFolder(_ environment: [String: String]) -> URL {
    func folder(_ variable: String) -> URL? {
      guard let value = environment[variable], !value.isEmpty else { return nil }
      let expanded = value.hasPrefix("~/") ? (environment["HOME"] ?? "~") + value.dropFirst() : value
      return URL(filePath: expanded, directoryHint: .isDirectory)
    }
    if let given = folder("HF_LEROBOT_CALIBRATION") { return given }
    let cache = folder("XDG_CACHE_HOME") ?? URL(filePath: (environment["HOME"] ?? "") + "/.cache")
    let home =
      folder("HF_LEROBOT_HOME")
      ?? (folder("HF_HOME") ?? cache.appending(path: "huggingface")).appending(path: "lerobot")
    return home.appending(path: "calibration")
  }
}
