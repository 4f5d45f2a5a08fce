public import Foundation

extension Calibration {
  /// A calibration that is there, under the name by which a rig file would call it.
  public struct Known: Sendable {
    /// What to write behind `calibration:` in a rig file.
    public var name: String
    /// What the arm is for, where the folder or the name tells.
    public var role: ArmDescription.Role?
    /// What it says.
    public var calibration: Calibration

    /// A calibration under a name.
    public init(name: String, role: ArmDescription.Role?, calibration: Calibration) {
      self.name = name
      self.role = role
      self.calibration = calibration
    }
  }

  /// Every calibration that `find` could find by name: those in `calibration/` below `folder`, then LeRobot's. Files that
  /// are none are left out.
  public static func known(
    folder: URL, environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> [Known] {
    var places: [(URL, ArmDescription.Role?)] = [(folder.appending(path: "calibration"), nil)]
    let lerobot = lerobotFolder(environment)
    for (place, role) in [("robots", ArmDescription.Role.follower), ("teleoperators", .leader)] {
      for kind in names(in: lerobot.appending(path: place)) {
        places.append((lerobot.appending(path: "\(place)/\(kind)"), role))
      }
    }
    return places.flatMap { place, role in
      names(in: place).compactMap { file -> Known? in
        guard file.hasSuffix(".json"), !file.hasSuffix(".previous.json"), !file.hasPrefix("."),
          let calibration = try? Calibration(reading: place.appending(path: file))
        else { return nil }
        let name = String(file.dropLast(5))
        // People call their files so; a name that says nothing leaves the role open.
        let hint = ArmDescription.Role.allCases.filter { name.lowercased().contains($0.rawValue) }
        return Known(name: name, role: role ?? (hint.count == 1 ? hint[0] : nil), calibration: calibration)
      }
    }
  }

  private static func names(in folder: URL) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
  }
}
