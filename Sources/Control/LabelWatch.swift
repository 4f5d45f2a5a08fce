// Label mode: the policy drives, and a person moves the limp leader as they would move the arm.
//
//     leader, in the follower's angles ─▶ its motion since the tick before ─▶ recorded beside the policy's wish, never sent
//
// Units: radians, ticks. Torque: the leader's is off.

public import Arm

/// Tells a leader in a hand, whose motion says what the person would do, from one that lies or falls.
///
/// A leader counts as held from its first clear motion on, until it has stood still for half a second: a hand that
/// waits so long says no more than a leader on the table, and to learn from that one would be to learn to stand still.
public struct LabelWatch: BitwiseCopyable, Sendable {
  /// What counts as motion, radians: some servo ticks, more than a leader on the table ever reads.
  private static let stir: Float = 0.008

  /// Ticks without motion after which nobody holds it.
  private let patience: Int32
  private var last = JointVector(repeating: .nan)
  private var anchor = JointVector.zero
  private var still: Int32
  private var hasFallen = false

  /// A watch for a loop of this period.
  public init(period_s: Float) {
    let ticks = (0.5 / period_s).rounded()
    patience = ticks > 1 ? Int32(ticks) : 1
    still = patience
  }

  /// Somebody else drives, or a reading is missing: begin anew.
  @_noAllocation @_noLocks
  public mutating func forget() {
    last = JointVector(repeating: .nan)
    still = patience
    hasFallen = false
  }

  /// The leader falls: nothing counts until it has come to rest.
  @_noAllocation @_noLocks
  public mutating func fell() { hasFallen = true }

  /// The leader's motion since the call before; nil where it is nobody's.
  @_noAllocation @_noLocks
  public mutating func motion(to leader: JointVector) -> JointVector? {
    let before = last
    last = leader
    var isKnown = true
    var stirs = false
    for joint in 0..<8 {
      let change = leader[joint] - before[joint]
      if change - change != 0 { isKnown = false }
      let away = leader[joint] - anchor[joint]
      if away > Self.stir || away < -Self.stir { stirs = true }
    }
    guard isKnown else {
      anchor = leader
      still = patience
      return nil
    }
    if stirs {
      anchor = leader
      still = 0
    } else if still < patience {
      still += 1
    }
    if still == patience { hasFallen = false }
    return still < patience && !hasFallen ? leader - before : nil
  }
}
