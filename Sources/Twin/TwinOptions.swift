public import Arm
public import RealTime

/// What world to make.
public struct TwinOptions: Sendable {
  /// The job on the table; `TwinWorld.tasks` lists them.
  public var task = "insert"
  /// Which of a family's tasks it is, where the task is a family (`reach`); another task refuses one.
  public var variant: Int?
  /// Scenes, disturbances and the person's manner follow from it and from the episode's number.
  public var seed: UInt64 = 1
  /// What goes wrong on purpose.
  public var disturbance = Disturbance.none
  /// How the arm and the table differ from those that the scenes describe.
  public var dynamics = TwinDynamics()
  /// Who sits at the leader.
  public var person = OperatorOptions()
  /// When the world begins, on the caller's clock.
  public var start: Nanoseconds = .zero
  /// The hardware folder; nil: found from the working directory and the program's place.
  public var hardware: Hardware?
  /// The arms' files and how their servos are mounted: LeRobot calibrations by name or path.
  public var follower = TwinArm(description: "so101-follower", calibration: "twin-follower")
  /// The same for the leader.
  public var leader = TwinArm(description: "so101-leader", calibration: "twin-leader")

  /// The default task, undisturbed.
  public init() {}
}

/// One of the twin's arms.
public struct TwinArm: Sendable, Hashable {
  /// The name of a file in `hardware/arms`.
  public var description: String
  /// A calibration, as `Calibration.find` looks for it.
  public var calibration: String

  /// An arm of this description, mounted as the calibration says.
  public init(description: String, calibration: String) {
    self.description = description
    self.calibration = calibration
  }
}
