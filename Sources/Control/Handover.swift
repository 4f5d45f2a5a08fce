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
///
/// A motor at a share of its duty reaches that share of its speed, and turns round no faster than its torque lets it: a fast
/// follower leaves the leader behind, or swings it past where it turned, and that is no hand. So wherever the leader goes
/// between what the lag says and what its motor can surely do (`surePace`, `sureChange`), it is expected to be. One that a
/// hand stops does less than that, one that a hand pushes more.
public struct GrabDetector: BitwiseCopyable, Sendable {
  private var expected: JointVector = .zero
  private var last: JointVector = .zero
  private var seen: JointVector = .zero
  /// The expected position's last step.
  private var step: JointVector = .zero
  private var usual: JointVector = .zero
  private var evidence: JointVector = .zero
  private var settled: Int32 = 0

  /// Nothing felt.
  public init() {}

  /// Begins anew at the leader's present position, a tick after the last call: a leader that moves goes on.
  public mutating func begin(at leader: JointVector) {
    let moved = leader - seen
    self = GrabDetector()
    expected = leader
    last = leader
    seen = leader
    step = moved
  }

  /// True in the tick in which a hand is certain. `age` counts the ticks since each joint's reading: an old one lags behind
  /// what was commanded since, which looks like a hand and is none. Through `missed` periods the leader went on to
  /// where it was sent.
  @_noAllocation @_noLocks
  public mutating func feel(
    _ leader: JointVector, age: SIMD8<Int32>, commanded: JointVector, missed: UInt32 = 0, settings: MirrorSettings
  ) -> Bool {
    follow(commanded, leader, age, periods: 1 + (missed < 20 ? missed : 20), settings)
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
      let allowed = settings.grabSlack + settings.speedShare * (pace < settings.surePace ? pace : settings.surePace)
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

  /// Where the leader's servos should have come to in so many periods.
  @_noAllocation @_noLocks
  private mutating func follow(
    _ commanded: JointVector, _ leader: JointVector, _ age: SIMD8<Int32>, periods: UInt32, _ settings: MirrorSettings
  ) {
    var left = commanded - expected
    var period: UInt32 = 0
    while period < periods {
      left -= left * settings.followShare
      period += 1
    }
    let time = Float(periods)
    let sure = settings.surePace * time, change = settings.sureChange * time * time
    for joint in 0..<8 {
      let lagging = commanded[joint] - left[joint] - expected[joint]
      let aim = lagging > sure ? sure : lagging < -sure ? -sure : lagging
      let before = step[joint] * time
      let least = aim > before + change ? before + change : aim < before - change ? before - change : aim
      // A reading that did not come says nothing: on as surely as it can.
      let moved = age[joint] == 0 ? leader[joint] - seen[joint] : least
      var (low, high) = least < lagging ? (least, lagging) : (lagging, least)
      // Who is faster than it surely goes may be as slow as that at once: what drove it there need not be its motor.
      if before > 0, aim < low { low = aim }
      if before < 0, aim > high { high = aim }
      let way = moved < low ? low : moved > high ? high : moved
      expected[joint] += way
      step[joint] = way / time
      seen[joint] = age[joint] == 0 ? leader[joint] : seen[joint] + way
    }
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
  /// Speed up to which a mirroring leader surely comes along, radians a tick.
  public var surePace: Float = 0.015
  /// By how much its speed surely changes in a tick towards where it is sent, radians a tick.
  public var sureChange: Float = 0.0015
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
