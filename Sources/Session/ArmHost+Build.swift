internal import Arm
internal import Control
internal import Foundation
internal import Policy
internal import ServoBus

extension ArmHost {
  static func servos(_ side: Rig.Side, _ rig: Rig) throws(HostError) -> ServoModel {
    let file: URL
    do throws(ConfigurationError) {
      file = try rig.hardware.file(side.arm.servo, kind: .servos)
    } catch {
      throw .configuration(error)
    }
    do throws(ServoFileError) {
      return try ServoModel.load(path: file.path)
    } catch {
      throw .servoFile(error)
    }
  }

  static func calibration(_ side: Rig.Side) throws(HostError) -> Calibration {
    do throws(CalibrationError) {
      return try side.readCalibration()
    } catch {
      throw .calibration(error)
    }
  }

  static func scale(of side: Rig.Side) throws(HostError) -> ArmScale {
    let calibration = try calibration(side)
    do throws(CalibrationError) {
      return try ArmScale(side.arm, calibration)
    } catch {
      throw .calibration(error)
    }
  }

  static func bringUp(
    _ name: String, _ side: Rig.Side, _ rig: Rig, _ bus: inout ServoBus
  ) throws(HostError) {
    let check = BringUp(
      name: name, arm: side.arm, calibration: try calibration(side),
      bounds: ServoBounds(rig.envelope, arm: side.arm, model: bus.model),
      known: { knownCalibrations(rig) })
    do throws(BringUpError) {
      try check.run(&bus)
    } catch {
      throw .bringUp(error)
    }
  }
}

extension ArmHost {
  /// The calibrations that a rig names, with what they are for, and all others that can be found.
  fileprivate static func knownCalibrations(_ rig: Rig) -> [Calibration.Known] {
    let named = rig.pairs.flatMap { [$0.follower, $0.leader].compactMap(\.self) }.compactMap { side in
      (try? side.readCalibration()).map {
        Calibration.Known(name: side.calibration, role: side.arm.role, calibration: $0)
      }
    }
    return named + Calibration.known(folder: rig.hardware.root.deletingLastPathComponent())
  }
}

/// A policy that decides at another rate than the rig.
struct RateMismatch: Error {}

extension PolicySource.Loaded {
  /// Reads a policy folder and plans its inputs and outputs on this rig; `weights` are what a person likes, if anything.
  convenience init(
    _ folder: URL, arm: ArmDescription, rig: Rig, settings: ControlSettings, weights: [Double]? = nil,
    generation: UInt32
  ) throws {
    let policy = try Policy.load(folder)
    let interface = policy.description.interface
    guard interface.arm == arm.name else {
      throw PolicyError.otherArm(expected: interface.arm, present: arm.name)
    }
    guard interface.decision_Hz == Double(rig.decision_Hz) else { throw RateMismatch() }
    let joints = interface.actions.compactMap(arm.index(of:))
    guard joints.count == interface.actions.count else {
      throw PolicyError.otherNames("joints", expected: interface.actions, present: arm.jointNames)
    }
    let plan = PolicySource.Plan(
      features: try rig.featurePlan(interface.features), joints: joints, representation: interface.representation,
      chunk: interface.chunk, execution: interface.execution)
    let aspects = ActionAspects(rig)
    let shaper = weights.map {
      Shaper(
        aspects, joints: joints, toolJoints: arm.tool.joint + 1, ticks: settings.decisionTicks, lower: arm.lower,
        upper: arm.upper, weights: ShapingWeights($0))
    }
    self.init(
      policy: policy, plan: plan, critic: try Self.critic(of: policy, in: folder), shaper: shaper,
      generation: generation)
  }

  /// The critic beside a policy, where one was trained.
  private static func critic(of policy: Policy, in folder: URL) throws -> Policy? {
    let place = PolicyTraining.criticFolder(in: folder)
    guard FileManager.default.fileExists(atPath: place.path) else { return nil }
    let critic = try Policy.load(place)
    let features = policy.description.interface.features + policy.description.interface.actions.map { "action.\($0)" }
    guard critic.description.interface.features == features, critic.actionCount == 1,
      features.count <= PolicySource.criticCapacity
    else {
      throw PolicyError.otherNames("features", expected: features, present: critic.description.interface.features)
    }
    return critic
  }
}
