internal import Arm
internal import Foundation

/// The arm of a log as the log itself describes it: the texts that a session attaches are enough to read it years later.
struct RecordedArm {
  let description: ArmDescription
  let calibration: Calibration

  /// The follower that a session's files describe; nil where they describe none.
  init?(_ session: SessionInfo) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "understudy-arm-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let arms = folder.appending(path: "arms")
    guard (try? FileManager.default.createDirectory(at: arms, withIntermediateDirectories: true)) != nil else {
      return nil
    }
    for file in session.files where file.name.hasSuffix("-calibration.json") {
      let name = String(file.name.dropLast("-calibration.json".count))
      guard !name.contains("/"), let text = session.files.first(where: { $0.name == "\(name).yaml" })?.text,
        (try? Data(text.utf8).write(to: arms.appending(path: "\(name).yaml"))) != nil,
        let arm = try? ArmDescription.load(name, from: Hardware(root: folder)), arm.role == .follower,
        arm.jointNames == session.joints,
        let calibration = try? Calibration(json: Data(file.text.utf8), file: file.name)
      else { continue }
      description = arm
      self.calibration = calibration
      return
    }
    return nil
  }
}
