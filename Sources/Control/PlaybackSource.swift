public import Arm
internal import RealTime

/// A recorded path through joint space, as the tick plays it: a pose for each tick of the recording.
public final class Trajectory: Sendable {
  /// The poses, in radians.
  public let poses: [JointVector]
  /// What was measured then, for comparison; as many.
  public let measured: [JointVector]
  /// Poses a tick: 1 at the recording's own pace on a loop of its rate.
  public let pace: Float

  /// A path of at least one pose.
  public init(poses: [JointVector], measured: [JointVector], pace: Float) {
    self.poses = poses
    self.measured = measured
    self.pace = pace
  }
}

/// How far the arm was from where it should have been, in radians, summed over a trajectory's ticks.
public struct TrackingError: BitwiseCopyable, Sendable {
  /// Ticks counted.
  public var ticks: UInt32 = 0
  /// |command of the tick before − measured|, added up.
  public var sum = JointVector.zero
  /// The largest of them.
  public var most = JointVector.zero
  /// |measured − measured in the recording|, added up.
  public var sumToRecording = JointVector.zero
  /// The largest of them.
  public var mostToRecording = JointVector.zero

  /// Nothing counted.
  public init() {}

  mutating func add(command: JointVector, measured: JointVector, recorded: JointVector) {
    ticks += 1
    let away = Self.magnitude(command - measured)
    let apart = Self.magnitude(recorded - measured)
    sum += away
    sumToRecording += apart
    most = most.replacing(with: away, where: away .> most)
    mostToRecording = mostToRecording.replacing(with: apart, where: apart .> mostToRecording)
  }

  private static func magnitude(_ x: JointVector) -> JointVector { x.replacing(with: -x, where: x .< 0) }
}

/// The trajectory as a source of wishes: a pose a tick, on straight lines between the recorded ones.
final class PlaybackSource {
  private var loaded: Unmanaged<Trajectory>?
  private var place: Float = 0
  private var whole = 0
  /// Ticks since the last pose was wished for.
  private(set) var past: Int32 = 0
  /// How well the arm followed since the trajectory began.
  private(set) var error = TrackingError()

  /// Begins a trajectory that the sender keeps alive.
  func begin(_ trajectory: Unmanaged<Trajectory>) {
    loaded = trajectory
    place = 0
    whole = 0
    past = 0
    error = TrackingError()
  }

  /// The next pose; nil behind the last one.
  func next(command: JointVector, measured: JointVector) -> JointVector? {
    guard let loaded else { return nil }
    return loaded._withUnsafeGuaranteedRef { trajectory in
      guard whole < trajectory.poses.count else {
        past &+= 1
        return nil
      }
      error.add(command: command, measured: measured, recorded: trajectory.measured[whole])
      let from = trajectory.poses[whole]
      let to = trajectory.poses[min(whole + 1, trajectory.poses.count - 1)]
      let wish = from + (to - from) * place
      // Whole poses are counted apart: a Float alone would lose its way in an hour.
      place += trajectory.pace
      while place >= 1 {
        place -= 1
        whole += 1
      }
      return wish
    }
  }
}
