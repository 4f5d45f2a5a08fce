// The arm between servo ticks and the world.
//
//     servo ticks ──ArmScale──▶ radians ──Kinematics──▶ tool pose, Jacobian ──FeaturePlan──▶ what a policy sees
//         ▲        (Calibration)    ▲                          │
//         └────────────────────────┘◀──InverseKinematics───────┘
//
// Units: radians, metres, servo ticks (4096 a turn). Frames: the base frame has x forward, y left, z up; its origin is the
// middle of the base's footprint. Torque: nothing here touches a servo.
//
// THE ZERO of each joint is defined here and nowhere else. The joint's line in the arm file says which rule holds:
//
//     zero: middle   0 rad stands at the middle of the calibrated range, (range_min + range_max) / 2 ticks. This is
//                    LeRobot's 0°, and the SO-101 description's joint zero ("new calibration").
//     zero: lower    the arm file's lower limit stands at the range's lower end, range_min: for a gripper, whose closed end
//                    is sharp and whose open end is not.
//
// From there one tick is 2π/4096 rad, positive as `direction` says (drive_mode 1 in the calibration turns it round, and then
// `lower` stands at range_max). Ticks are those of Present_Position: Present = Actual − Homing_Offset, modulo 4096.

/// An arm as its file in `hardware/arms` describes it: joints in order, servos, limits, lengths.
///
///     let arm = try ArmDescription.load("so101-follower")
///     let kinematics = Kinematics(arm)
public struct ArmDescription: Sendable, Equatable {
  /// The name of the file, without `.yaml`.
  public var name: String
  /// The servo's file in `hardware/servos`.
  public var servo: String
  /// Whether a person moves it or the program does.
  public var role: Role
  /// The joints, in servo order; at most eight.
  public var joints: [Joint]
  /// Where the tool is.
  public var tool: Tool
  /// What the gripper may do; nil for an arm without one.
  public var gripper: Gripper?
  /// The pose in which a calibration's zero is checked; nil if the file names none.
  public var reference: Reference?
  /// What every servo's EEPROM must hold, by register name: `setup-motors` writes it, every start compares it. A gripper's
  /// holds more: `eeprom(of:)`.
  public var eeprom: [String: Int32]
  /// Height of the base frame's origin above the table.
  public var mountHeight_m: Double

  /// One joint with its servo and the link behind it.
  public struct Joint: Sendable, Equatable {
    /// The name that calibrations, datasets and features use.
    public var name: String
    /// The servo's address on the bus.
    public var servoID: UInt8
    /// +1 where more ticks are more radians, else −1.
    public var direction: Int
    /// Which end of the calibrated range the zero hangs on.
    public var zero: Zero
    /// The mechanical range.
    public var lower_rad: Double
    /// The mechanical range.
    public var upper_rad: Double
    /// It has no stops that a calibration could find: its range is the whole turn, and its zero is where it stood in the
    /// pose of the arm's middle (LeRobot's rule for `wrist_roll`).
    public var isFullTurn: Bool
    /// Where the joint is when the arm lies safely without torque; nil if the file names no rest pose.
    public var rest_rad: Double?
    /// Origin of the joint's frame in the frame of the joint before it (the base, for the first).
    public var position_m: SIMD3<Double>
    /// Orientation of the joint's frame at 0 rad, as a unit quaternion w, x, y, z; the joint turns about its z axis.
    public var quaternion_wxyz: SIMD4<Double>
  }

  /// Which rule gives a joint its zero; the head of this file says what each means.
  public enum Zero: String, Sendable, CaseIterable {
    /// 0 rad stands at the middle of the calibrated range.
    case middle
    /// The lower limit stands at the lower end of the calibrated range.
    case lower
  }

  /// What the arm is for.
  public enum Role: String, Sendable, CaseIterable {
    /// The program moves it.
    case follower
    /// A person moves it.
    case leader
  }

  /// The tool's frame: x points out of the gripper, z from the fixed finger to the moving one.
  public struct Tool: Sendable, Equatable {
    /// The index of the joint behind which it is fixed.
    public var joint: Int
    /// Its origin in that joint's frame.
    public var position_m: SIMD3<Double>
    /// Its orientation in that joint's frame, w, x, y, z.
    public var quaternion_wxyz: SIMD4<Double>
  }

  /// The gripper's own rule: holding something is sustained load, so it gets less torque instead of a fault.
  public struct Gripper: Sendable, Equatable {
    /// The index of its joint.
    public var joint: Int
    /// The share of stall torque that it may use.
    public var torqueShare: Double
    /// What its servo's EEPROM must hold besides: limits that let it grasp for long without harm, whoever drives it.
    public var eeprom: [String: Int32]
  }

  /// A pose that a person can put the arm into by eye.
  public struct Reference: Sendable, Equatable {
    /// The joints' angles in it.
    public var pose: JointVector
    /// The pose in words.
    public var says: String
  }

  /// The joints' names, in order.
  public var jointNames: [String] { joints.map(\.name) }
  /// The servos' addresses, in the joints' order.
  public var servoIDs: [UInt8] { joints.map(\.servoID) }
  /// The place of a joint, or nil.
  public func index(of joint: String) -> Int? { joints.firstIndex { $0.name == joint } }

  /// What a joint's servo must hold in its EEPROM, by register name.
  public func eeprom(of joint: Joint) -> [String: Int32] {
    guard let gripper, joints[gripper.joint].name == joint.name else { return eeprom }
    return eeprom.merging(gripper.eeprom) { _, own in own }
  }

  /// Lower limits in radians; 0 in lanes without a joint.
  public var lower: JointVector { vector { Float($0.lower_rad) } }
  /// Upper limits in radians; 0 in lanes without a joint.
  public var upper: JointVector { vector { Float($0.upper_rad) } }
  /// The rest pose, if the file names one for every joint.
  public var rest: JointVector? {
    joints.allSatisfy { $0.rest_rad != nil } ? vector { Float($0.rest_rad ?? 0) } : nil
  }

  /// One value a joint; 0 in lanes without one.
  func vector(_ value: (Joint) -> Float) -> JointVector {
    var result = JointVector.zero
    for (index, joint) in joints.enumerated() { result[index] = value(joint) }
    return result
  }
}
