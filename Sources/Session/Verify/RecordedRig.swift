internal import Arm
internal import Episodes
internal import Foundation

/// The rig of a log, from the texts that its session attached: nothing outside the log is read.
struct RecordedRig {
  let rig: Rig
  private let folder: URL

  /// Unpacks rig, arms and calibrations into a temporary folder and reads them as a session does.
  init(_ session: SessionInfo, log: String) throws(HostError) {
    folder = FileManager.default.temporaryDirectory.appending(path: "understudy-rig-\(UUID().uuidString)")
    guard let text = session.files.first(where: { $0.name == "rig.yaml" })?.text,
      let name = text.split(separator: "\n").first(where: { $0.hasPrefix("rig:") })
    else {
      throw .refused("\(log) carries no rig: it was not recorded by a session, and there is nothing to verify by.")
    }
    let rigName = name.dropFirst(4).split(separator: "#")[0].trimmingCharacters(in: .whitespaces)
    do {
      for kind in Hardware.Kind.allCases {
        try FileManager.default.createDirectory(
          at: folder.appending(path: kind.rawValue), withIntermediateDirectories: true)
      }
      let rigFile = folder.appending(path: "rigs/\(Self.plain(rigName)).yaml")
      try Data(text.utf8).write(to: rigFile)
      for file in session.files where file.name != "rig.yaml" {
        let isCalibration = file.name.hasSuffix("-calibration.json")
        try Data(file.text.utf8).write(
          to: folder.appending(path: (isCalibration ? "" : "arms/") + Self.plain(file.name)))
      }
      var rig = try Rig.load(rigFile.path, hardware: Hardware(root: folder))
      for pair in rig.pairs.indices {
        rig.pairs[pair].follower.calibration = Self.calibration(rig.pairs[pair].follower, folder)
        if let leader = rig.pairs[pair].leader {
          rig.pairs[pair].leader?.calibration = Self.calibration(leader, folder)
        }
      }
      self.rig = rig
    } catch let error as ConfigurationError {
      try? FileManager.default.removeItem(at: folder)
      throw .configuration(error)
    } catch {
      try? FileManager.default.removeItem(at: folder)
      throw .refused("\(folder.path): \(error.localizedDescription)")
    }
  }

  /// Forgets the temporary folder; the rig stays, but its files can no longer be read.
  func remove() { try? FileManager.default.removeItem(at: folder) }

  private static func calibration(_ side: Rig.Side, _ folder: URL) -> String {
    folder.appending(path: "\(side.arm.name)-calibration.json").path
  }

  /// A name without ways out of the folder.
  private static func plain(_ name: String) -> String { name.replacing("/", with: "_") }
}
