import Arm
import Control
import Foundation
import ServoBus
import Testing

/// The second line behind the envelope, in the servo's own units.
@Suite struct ServoBoundsTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "hardware")

  private func files(_ rig: String) throws -> (Rig, ServoModel) {
    let hardware = Hardware(root: Self.root)
    let rig = try Rig.load(rig, hardware: hardware, variables: [:])
    return (rig, try ServoModel.load(path: try hardware.file("sts3215", kind: .servos).path))
  }

  /// 15 rad/s² and 2 rad/s, half as much again: 4096 ticks a turn, steps of 100 ticks/s² and of 1 tick/s.
  @Test func `a servo may do half as much again as the envelope`() throws {
    let (rig, model) = try files("so101")
    let bounds = ServoBounds(rig.envelope, arm: rig.pairs[0].follower.arm, model: model)
    #expect(bounds.acceleration[0] == 147 && bounds.velocity[0] == 1956)
    #expect(bounds.torque[0] == 1000 && bounds.torque[5] == 500)
  }

  /// Register 41 holds 254 at most, 25 400 ticks/s² or 39.0 rad/s²; 0 would be no limit at all.
  @Test func `where half as much again is more than it can be told, it is told the most`() throws {
    let (rig, model) = try files("twin-insert")
    #expect(rig.envelope.acceleration_rad_s2[0] == 30)
    let bounds = ServoBounds(rig.envelope, arm: rig.pairs[0].follower.arm, model: model)
    #expect(bounds.acceleration[0] == 254, "1.3 times the envelope's")
  }

  @Test func `an envelope that allows more than a servo can be told is refused by joint and setting`() throws {
    var (rig, model) = try files("so101")
    let arm = rig.pairs[0].follower.arm
    rig.envelope.acceleration_rad_s2[3] = 38.9
    #expect(ServoBounds.refusal(rig.envelope, arm: arm, model: model) == nil)
    rig.envelope.acceleration_rad_s2[3] = 39.1
    let sentence = try #require(ServoBounds.refusal(rig.envelope, arm: arm, model: model))
    for words in ["envelope.acceleration_rad_s2 is 39.1", "wrist_flex", "at most 39.0 rad/s²", "register 41"] {
      #expect(sentence.contains(words), "\(sentence)")
    }
    rig.envelope.acceleration_rad_s2[3] = 15
    rig.envelope.velocity_rad_s[1] = 55
    #expect(ServoBounds.refusal(rig.envelope, arm: arm, model: model)?.contains("shoulder_lift") == true)
    #expect(ServoBounds(rig.envelope, arm: arm, model: model).velocity[1] == 32767)
  }
}
