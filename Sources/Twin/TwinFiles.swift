internal import Arm
internal import Foundation
internal import ServoBus

/// What the twin reads from `hardware/` and `calibration/`, and the servos that follow from it.
struct TwinFiles {
  private let hardware: Hardware

  /// The given hardware folder, or the one that is found.
  init(_ hardware: Hardware?) throws(TwinError) {
    if let hardware {
      self.hardware = hardware
    } else {
      do { self.hardware = try Hardware.find() } catch { throw .hardware(error) }
    }
  }

  /// The folder of MJCF scenes.
  var scenes: String { hardware.root.appending(path: "sim").path }

  /// The servos of an arm, mounted and set up as its calibration says; `change` may set each (by its joint's name) up
  /// otherwise.
  func bus(
    _ arm: TwinArm, mechanism: ArmMechanism, seed: UInt64, change: (inout ServoSetup, String) -> Void = { _, _ in }
  ) throws(TwinError) -> EmulatedBus {
    let description: ArmDescription
    let servoFile: URL
    do {
      description = try ArmDescription.load(arm.description, from: hardware)
      servoFile = try hardware.file(description.servo, kind: .servos)
    } catch { throw .hardware(error) }
    guard description.joints.map(\.name) == ArmMechanism.jointNames else {
      throw .otherArm(arm.description, expected: ArmMechanism.jointNames)
    }
    let model: ServoModel
    do { model = try ServoModel.load(path: servoFile.path) } catch { throw .servo(error) }
    var servos = try mount(arm, description)
    for (index, joint) in description.joints.enumerated() where index < servos.count {
      change(&servos[index], joint.name)
    }
    return EmulatedBus(model: model, servos: servos, mechanism: mechanism, seed: seed)
  }

  private func mount(_ arm: TwinArm, _ description: ArmDescription) throws(TwinError) -> [ServoSetup] {
    let calibration: Calibration
    let scale: ArmScale
    do {
      let folder = hardware.root.deletingLastPathComponent()
      calibration = try Calibration.find(arm.calibration, for: description, folder: folder)
      scale = try ArmScale(description, calibration)
    } catch { throw .calibration(error) }
    return description.joints.enumerated().compactMap { index, joint in
      guard let entry = calibration[joint.name] else { return nil }  // `find` saw that there is one
      let zero = scale.tick(index, at: 0)
      var setup = ServoSetup(
        id: joint.servoID,
        scale: EncoderScale(
          zero_ticks: zero + Double(entry.homingOffset), reversed: scale.tick(index, at: 1) < zero),
        homingOffset: Int32(entry.homingOffset), limits: Int32(entry.rangeMin)...Int32(entry.rangeMax))
      setup.eeprom = description.eeprom(of: joint)
      return setup
    }
  }
}
