internal import Foundation
public import RealTime

/// Which arms lie on the bench, and in what state their servos are.
public struct WorkbenchOptions: Sendable {
  /// The hand's trembling and the servos' noise follow from it.
  public var seed: UInt64 = 1
  /// When the world begins, on the caller's clock.
  public var start: Nanoseconds = .zero
  /// Servos out of their box: factory values, id 1 each, none of them plugged in. Else set up and calibrated.
  public var isFresh = false
  /// The rate at which fresh servos speak.
  public var freshBitsPerSecond = 1_000_000
  /// The supplies, in V: the follower's 12 V servos and the leader's 7.4 V ones at 5 V, as the kits have them.
  public var supplies_V: [String: Double] = ["follower": 12, "leader": 5]
  /// What is out of the ordinary with single servos.
  public var oddities: [ServoOddity] = []
  /// The arms' files and how their servos are mounted: LeRobot calibrations by name or path.
  public var follower = TwinArm(description: "so101-follower", calibration: "twin-follower")
  /// The same for the leader.
  public var leader = TwinArm(description: "so101-leader", calibration: "twin-leader")

  /// Two arms, set up and calibrated.
  public init() {}
}

/// One thing that is out of the ordinary with one servo: another value in its EEPROM, or a lock that does not open.
///
///     follower.elbow_flex:model_number=1234
///     leader.gripper:id=5
///     follower.wrist_flex:sealed
public struct ServoOddity: Sendable, Equatable {
  /// `follower` or `leader`.
  public var arm: String
  /// The joint's name.
  public var joint: String
  /// The register by its name in the servo's file; nil: the servo is sealed.
  public var register: String?
  /// What it holds.
  public var value: Int32

  /// Reads the notation above; nil for anything else.
  public init?(_ text: String) {
    let halves = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard halves.count == 2 else { return nil }
    let place = halves[0].split(separator: ".").map(String.init)
    guard place.count == 2, ["follower", "leader"].contains(place[0]),
      ArmMechanism.jointNames.contains(place[1])
    else { return nil }
    (arm, joint) = (place[0], place[1])
    if halves[1] == "sealed" {
      (register, value) = (nil, 0)
      return
    }
    let parts = halves[1].split(separator: "=").map(String.init)
    guard parts.count == 2, let number = Int32(parts[1]) else { return nil }
    (register, value) = (parts[0], number)
  }
}

/// What the hand at the bench is told to do, as a JSON datagram to `announce.sock`:
///
///     {"arm": "follower", "plug": ["gripper"]}        these servos' cables in, all others out
///     {"arm": "follower", "move": {"elbow_flex": 0.5}} takes the arm and brings these joints there, in rad
///     {"arm": "follower", "sweep": true}               every joint from stop to stop, and back
///     {"arm": "follower", "letGo": true}               opens
///
/// When it is done the bench sends `{"done": "follower"}` to `pedal.sock`.
public struct HandCommand: Codable, Sendable, Equatable {
  /// `follower` or `leader`.
  public var arm: String
  /// The joints whose servos are to be plugged in; `["all"]` for every one.
  public var plug: [String]?
  /// Where joints are to go, in rad.
  public var move: [String: Double]?
  /// Every joint from stop to stop.
  public var sweep: Bool?
  /// Let the arm fall.
  public var letGo: Bool?

  /// A command for one arm that does nothing yet.
  public init(arm: String) { self.arm = arm }

  init?(_ datagram: UnsafeRawBufferPointer) {
    guard let command = try? JSONDecoder().decode(HandCommand.self, from: Data(datagram)) else { return nil }
    self = command
  }
}
