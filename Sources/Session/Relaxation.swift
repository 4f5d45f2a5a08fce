public import Arm
internal import Foundation
internal import RealTime
internal import ServoBus

/// Lets go of an arm: torque off on every servo of a rig, whatever state they are in.
///
/// Nothing is checked first (no calibration, no model): an arm that has to be let go must not be held by a file. The
/// arm falls from where it is: these arms have no brakes.
public struct Relaxation: Sendable, Codable {
  /// What was done, arm by arm.
  public var arms: [Arm] = []

  /// One arm.
  public struct Arm: Sendable, Codable {
    /// `follower` or `leader`.
    public var name: String
    /// Its port.
    public var port: String
    /// Joints whose servo says that its torque is off.
    public var limp: [String] = []
    /// Joints that did not say so: what came instead.
    public var trouble: [String] = []
  }

  /// Takes the torque off every servo of every arm of a rig; an arm that cannot be reached does not keep the others.
  public init(_ rig: Rig) {
    for pair in rig.pairs {
      arms.append(Self.relax("follower", pair.follower, rig))
      if let leader = pair.leader { arms.append(Self.relax("leader", leader, rig)) }
    }
  }

  /// Whether every joint said that it is limp.
  public var isComplete: Bool { arms.allSatisfy { $0.trouble.isEmpty } }

  private static func relax(_ name: String, _ side: Rig.Side, _ rig: Rig) -> Arm {
    var arm = Arm(name: name, port: side.port)
    let model: ServoModel
    let port: SerialPort
    do throws(HostError) {
      model = try ArmHost.servos(side, rig)
      do throws(PortError) { port = try SerialPort.open(side.port) } catch { throw .port(error) }
    } catch {
      arm.trouble.append("\(error)")
      return arm
    }
    var bus = ServoBus(port: port, model: model, ids: side.arm.servoIDs, clock: .monotonic)
    // All at once first, so that the arm goes limp as a whole and not joint by joint; then each is asked.
    bus.syncWrite(SIMD8(repeating: 0), to: model.registers.torqueEnable)
    for joint in side.arm.joints {
      do throws(BusError) {
        if try bus.read(model.registers.torqueEnable, of: joint.servoID) != 0 {
          try bus.writeVerified(0, to: model.registers.torqueEnable, of: joint.servoID)
        }
        arm.limp.append(joint.name)
      } catch {
        arm.trouble.append("\(joint.name): \(error)")
        if case .lost = error { break }
      }
    }
    return arm
  }
}

extension Relaxation: CustomStringConvertible {
  /// For people.
  public var description: String {
    arms.map { arm in
      let limp = arm.limp.isEmpty ? "nothing is known to be limp" : "torque off: \(arm.limp.joined(separator: ", "))"
      return (["\(arm.name) on \(arm.port): \(limp)"] + arm.trouble.map { "  \($0)" }).joined(separator: "\n")
    }.joined(separator: "\n")
  }
}
