internal import Arm
internal import Foundation

extension PortSurvey {
  /// Writes a rig file for the pair that was identified: `family` names the arm files (`so101`: so101-follower and
  /// so101-leader) and the rig whose limits it starts with. Never replaces a file.
  public mutating func writeRig(_ nameOrPath: String, family: String) throws(SetUpError) {
    guard let pair, let follower = pair.follower else {
      throw .refused("No follower was found, and a rig needs one; see `understudy ports`, or tell it with --unplug.")
    }
    let hardware: Hardware
    do throws(ConfigurationError) { hardware = try Hardware.find() } catch { throw .configuration(error) }
    let isPath = nameOrPath.contains("/") || nameOrPath.hasSuffix(".yaml")
    let url =
      isPath ? URL(filePath: nameOrPath) : hardware.root.appending(path: "rigs/\(nameOrPath).yaml")
    let name = url.deletingPathExtension().lastPathComponent
    guard url.pathExtension == "yaml", !name.isEmpty else {
      throw .refused("A rig file's name ends in .yaml; \(nameOrPath) does not.")
    }
    guard !FileManager.default.fileExists(atPath: url.path) else { throw .exists(file: url.relativePath) }
    func arm(_ side: PairIdentification.Side, _ role: ArmDescription.Role) -> Rig.Draft.Arm {
      Rig.Draft.Arm(
        arm: "\(family)-\(role.rawValue)", port: side.lastingPath,
        calibration: side.calibration ?? "\(name)-\(role.rawValue)")
    }
    let draft = Rig.Draft(
      name: name, follower: arm(follower, .follower), leader: pair.leader.map { arm($0, .leader) })
    do throws(ConfigurationError) {
      // The limits of the family's own rig, or else of the SO-101's, which move alike.
      let template = hardware.names(of: .rigs).contains(family) ? family : "so101"
      try Rig.write(draft, to: url, template: template, hardware: hardware)
    } catch { throw .configuration(error) }
    rig = url.relativePath
  }
}
