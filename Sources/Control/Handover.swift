// From the policy to a person and back, without a step in the command:
//
//     autonomous ── key, pedal ──────────────────────▶ handing-over ─▶ correcting
//         │  └──── leader grabbed (GrabDetector) ──────────▲                │
//         └──────◀── mirroring again, torque ramped ◀── release ◀───────────┘
//
// While the policy drives, the leader mirrors the follower at a low torque limit, so that a hand can feel and move it.
// Units: radians, seconds. Leader torque: on only while mirroring, off the moment a hand is felt.

public import Arm
internal import CRealtime

/// Keeps the offset that leader and follower had when a person took over, and bleeds it off at a bounded rate.
///
/// The command has no step at take-over: target = leader + offset, and the offset begins as command − leader.
public struct Clutch: BitwiseCopyable, Sendable {
  /// What is left of the offset.
  public private(set) var offset: JointVector = .zero
  private var last: JointVector = .zero

  /// Disengaged.
  public init() {}

  /// Where another one was: to make its next step again.
  init(offset: JointVector, last: JointVector) {
    self.offset = offset
    self.last = last
  }

  /// Takes hold: from here on the follower moves as the leader moves.
  public mutating func engage(command: JointVector, leader: JointVector) {
    offset = command - leader
    last = leader
  }

  /// What the leader asks for. The offset shrinks by at most `rate` this tick; with a `share`, by no more than that share
  /// of the leader's own movement too, so that an arm nobody moves does not move.
  @_noAllocation @_noLocks
  public mutating func target(leader: JointVector, rate: Float, share: Float?) -> JointVector {
    for joint in 0..<8 {
      var bleed = rate
      if let share {
        let moved = leader[joint] - last[joint]
        let part = share * (moved < 0 ? -moved : moved)
        if part < bleed { bleed = part }
      }
      if offset[joint] > bleed {
        offset[joint] -= bleed
      } else if offset[joint] < -bleed {
        offset[joint] += bleed
      } else {
        offset[joint] = 0
      }
    }
    last = leader
    return leader + offset
  }

  /// True once leader and follower stand together.
  public var isClosed: Bool { all(offset .== 0) }
}

/// Notices that a hand moved the mirroring leader: its deviation from where its servo should have followed to.
///
/// The expected position is the leader's own command through a first-order lag, so the arm's own motion is accounted
/// for, and what a joint usually hangs behind (its weight) is learned and taken off. What remains above `grabSlack` (plus
/// a share of the commanded speed) is evidence; it is summed up, so that a firm pull is felt at once, a gentle one a little
/// later and a single odd reading never.
public struct GrabDetector: BitwiseCopyable, Sendable {
  private var expected: JointVector = .zero
  private var last: JointVector = .zero
  private var usual: JointVector = .zero
  private var evidence: JointVector = .zero
  private var settled: Int32 = 0

  /// Nothing felt.
  public init() {}

  /// Begins anew at the leader's present position.
  public mutating func begin(at leader: JointVector) {
    self = GrabDetector()
    expected = leader
    last = leader
  }

  /// True in the tick in which a hand is certain. `age` counts the ticks since each joint's reading: an old one lags behind
  /// what was commanded since, which looks like a hand and is none.
  @_noAllocation @_noLocks
  public mutating func feel(
    _ leader: JointVector, age: SIMD8<Int32>, commanded: JointVector, settings: MirrorSettings
  ) -> Bool {
    expected += (commanded - expected) * settings.followShare
    let speed = commanded - last
    last = commanded
    settled += 1
    // The servo needs a moment after torque came on before its deviation means anything.
    let isSettled = settled > settings.settleTicks
    let learning = isSettled ? settings.usualShare : 1 / Float(settled)
    var felt = false
    for joint in 0..<8 where age[joint] == 0 {
      let deviation = leader[joint] - expected[joint] - usual[joint]
      let pace = speed[joint] < 0 ? -speed[joint] : speed[joint]
      let allowed = settings.grabSlack + settings.speedShare * pace
      let sum = evidence[joint] + (deviation < 0 ? -deviation : deviation) - allowed
      evidence[joint] = isSettled && sum > 0 ? sum : 0
      if evidence[joint] == 0 {
        let learned = usual[joint] + deviation * learning
        if learned <= settings.mostUsual, learned >= -settings.mostUsual { usual[joint] = learned }
      }
      if evidence[joint] > settings.grabEvidence { felt = true }
    }
    return felt
  }
}

/// How the leader mirrors the follower and when a hand is felt.
public struct MirrorSettings: BitwiseCopyable, Sendable {
  /// Torque limit of the mirroring leader as a share of the servo's full torque.
  public var torqueShare: Float = 0.5
  /// Ticks over which the torque limit rises from nothing.
  public var rampTicks: Int32 = 30
  /// Largest speed at which the leader's offset to the follower closes, radians a tick.
  public var closingStep: Float = 0.015
  /// Deviation from the expected position that means nothing, radians.
  public var grabSlack: Float = 0.012
  /// Deviation beyond that, summed over ticks, that means a hand, radians × ticks.
  public var grabEvidence: Float = 0.05
  /// Ticks after full torque before a deviation counts.
  public var settleTicks: Int32 = 10
  /// Share of the distance that a mirroring servo covers in one tick.
  public var followShare: Float = 0.5
  /// Share by which a tick's deviation becomes usual, while there is no evidence of a hand.
  public var usualShare: Float = 0.01
  /// The largest deviation that may become usual, radians.
  public var mostUsual: Float = 0.05
  /// Distance between leader and its goal at which a leader that is being brought along gives way, radians.
  public var yieldAt: Float = 0.5
  /// For how many ticks it then stays limp.
  public var yieldTicks: Int32 = 100
  /// Further deviation allowed per radian-a-tick of commanded speed.
  public var speedShare: Float = 1.5

  /// The defaults, for 100 Hz.
  public init() {}
}
