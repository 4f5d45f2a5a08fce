// Inputs in, commands out, bit for bit: the pure middle of a tick, made again from its record.
//
//     record ──▶ Decide: who was asked (policy, person, slow move, hold) ──▶ the wish again   = logged wish?
//            └─▶ Constrain: wish, command before, reading, ages ───────────▶ the command again = logged command?
//
// Both levels go by the code that the tick itself runs. What is not made again is who owns the arm: requests and faults of
// the bus are inputs. Units: radians, radians a tick.

public import Arm
public import Episodes

/// The first thing in which a log and its verification differ.
public struct Difference: Sendable, Equatable, Codable {
  /// What was compared.
  public enum Kind: String, Sendable, Codable {
    /// The command before is not the one that the record before sent.
    case chain
    /// The wish of a slow move, of a hold or of a limp arm.
    case wish
    /// The wish of the person, from leader and offset.
    case person
    /// The wish of the policy.
    case policy
    /// The envelope's command.
    case command
    /// Which limits shaped it.
    case limits
    /// The fault that the envelope finds.
    case fault
  }

  /// The tick.
  public let tick: UInt64
  /// What was compared.
  public let kind: Kind
  /// The first joint that differs; nil where it is no matter of joints.
  public let joint: Int?
  /// The logged value and the one made again.
  public let logged: String
  /// The one made again.
  public let made: String
}

/// Makes the commands of one episode again, tick by tick, and compares every bit.
public struct Verifier {
  private let map: LeaderFollowerMap
  private let envelope: Envelope
  private let settings: ControlSettings
  private let policy: PolicySource?
  private var last: (tick: UInt64, motion: Motion, guiding: JointVector)?
  /// True while the follower still closes in on the leader in this tick.
  private var closesIn = false
  /// True while the policy's place in its decision period is known.
  private var follows = false

  /// Ticks whose command was made again.
  public private(set) var commands = 0
  /// Ticks whose wish was made again.
  public private(set) var wishes = 0
  /// Inferences that were made again.
  public private(set) var inferences = 0
  /// Wishes that were taken as logged, because what they hang on is not in the log: a trajectory, a policy that was not
  /// given, a tick whose predecessor is lost.
  public private(set) var taken = 0
  /// The first difference.
  public private(set) var difference: Difference?

  /// For an episode under these settings; without its policy its wishes are taken as logged.
  public init(
    map: LeaderFollowerMap, envelope: Envelope, settings: ControlSettings, policy: PolicySource.Loaded?
  ) {
    self.map = map
    self.envelope = envelope
    self.settings = settings
    self.policy = policy.map { loaded in
      let source = PolicySource(ticks: settings.decisionTicks)
      source.load(Unmanaged.passUnretained(loaded))
      return source
    }
  }

  /// Compares one tick; ticks come in their order.
  public mutating func check(_ record: borrowing TickRecord) {
    // Damage took a tick from the log, and with it what this one went on from.
    guard !record.memory.goal[0].isNaN, !record.memory.step[0].isNaN else {
      taken += 1
      last = nil
      return
    }
    let guiding = map.follower(record.leader.position)
    chain(record)
    decide(record, guiding)
    let made = constrain(record)
    let motion = record.memory.steps.contains(.overtaken) ? Motion(at: record.command) : made
    last = (record.tick, motion, guiding)
  }

  /// Whether the record before was the tick before.
  private func isNext(_ record: borrowing TickRecord) -> Bool {
    last?.tick == record.tick &- 1 &- UInt64(record.missed)
  }

  private mutating func chain(_ record: borrowing TickRecord) {
    guard let last, isNext(record) else { return }
    compare(record.tick, .chain, record.memory.goal, last.motion.goal)
    // A thread that the watchdog overtook begins anew, at rest.
    guard record.verdict.fault != Fault.stalled.rawValue else { return }
    compare(record.tick, .chain, record.memory.step, record.missed >= 2 ? .zero : last.motion.step)
  }

  // MARK: Decide

  private mutating func decide(_ record: borrowing TickRecord, _ guiding: JointVector) {
    let memory = record.memory
    closesIn = false
    if memory.steps.contains(.asked) { askPolicy(record) }
    if memory.steps.contains(.labelled), let last, isNext(record) {
      compare(record.tick, .person, record.personWish, memory.goal + (guiding - last.guiding))
    }
    switch memory.source {
    case .none: made(record, .wish, record.follower.position)
    case .hold, .blend: made(record, .wish, memory.goal)
    case .policy:
      // A gate that fires holds the command in the same tick.
      let (wish, isHeld) = (record.wish, record.source == .hold)
      let asks = isHeld && all(wish .== memory.goal)
      compare(record.tick, .policy, wish, asks ? memory.goal : record.policyWish)
    case .person:
      var before = guiding
      if memory.steps.contains(.engaged) {
        compare(record.tick, .person, memory.anchor, memory.goal - guiding)
      } else if memory.steps.contains(.closes) {
        // The leader's own motion plays no part.
      } else if let last, isNext(record) {
        before = last.guiding
      } else {
        taken += 1
        return
      }
      var clutch = Clutch(offset: memory.anchor, last: before)
      let share = memory.steps.contains(.closes) ? nil : settings.clutchShare
      made(record, .person, clutch.target(leader: guiding, rate: settings.clutchStep, share: share))
      closesIn = memory.steps.contains(.closes) && !clutch.isClosed
    case .playback, .parking:
      if memory.steps.contains(.trajectory) {
        taken += 1
      } else {
        made(record, .wish, slowMove(memory))
      }
    }
  }

  private func slowMove(_ memory: TickMemory) -> JointVector {
    guard all((memory.anchor - memory.anchor) .== 0) else { return memory.goal }
    let approach = Approach(to: memory.anchor, step: settings.slowStep, stepChange: settings.slowStepChange)
    return approach.hasArrived(memory.goal) && all(memory.step .== 0) ? memory.goal : approach.wish(from: memory.goal)
  }

  private mutating func askPolicy(_ record: borrowing TickRecord) {
    let infers = record.memory.steps.contains(.inferred)
    if infers { follows = true }
    // What a policy that looks back saw before its log began is not in the log.
    guard let policy, follows, !policy.looksBack else {
      taken += 1
      return
    }
    if infers {
      policy.forget()
      inferences += 1
    } else if policy.decides != record.decides {
      // A tick is missing in between: until the next inference nobody knows where in its period the policy is.
      follows = false
      taken += 1
      return
    }
    let wish = policy.wish(
      position: record.follower.position, environment: record.environment, command: record.memory.goal,
      step: record.memory.step)
    wishes += 1
    compare(record.tick, .policy, record.policyWish, wish)
  }

  private mutating func made(_ record: borrowing TickRecord, _ kind: Difference.Kind, _ wish: JointVector) {
    wishes += 1
    compare(record.tick, kind, record.wish, wish)
  }

  // MARK: Constrain

  private mutating func constrain(_ record: borrowing TickRecord) -> Motion {
    let memory = record.memory
    let before = Motion(goal: memory.goal, step: memory.step)
    commands += 1
    if memory.steps.contains(.overtaken) {
      compare(record.tick, .command, record.command, memory.goal)
      return before
    }
    guard memory.steps.contains(.constrained) else {
      let motion =
        memory.steps.contains(.braked)
        ? brake(before, to: memory.anchor) : Motion(at: record.follower.position)
      compare(record.tick, .command, record.command, motion.goal)
      return motion
    }
    do throws(Fault) {
      let (motion, limits) = try envelope.constrain(
        record.wish, from: before, measured: record.follower.position,
        age: SIMD8<Int32>(truncatingIfNeeded: memory.age),
        pressing: SIMD8(repeating: memory.steps.contains(.pressed) ? .max : 0), pace: 1,
        toolStep_m: closesIn ? settings.guidingStep_m : .infinity)
      guard !memory.steps.contains(.braked) else {
        differ(record.tick, .fault, "\(Fault(rawValue: record.verdict.fault).map { "\($0)" } ?? "a stop")", "none")
        return motion
      }
      compare(record.tick, .command, record.command, motion.goal)
      if limits != record.verdict.limits {
        differ(record.tick, .limits, "\(record.verdict.limits.rawValue)", "\(limits.rawValue)")
      }
      return motion
    } catch {
      if !memory.steps.contains(.braked) { differ(record.tick, .fault, "none", "\(error)") }
      // It gives way to where the arm stood, if it was blocked.
      let pose = error == .lag || error == .load ? envelope.reachable(record.follower.position) : nil
      let motion = brake(before, to: pose ?? JointVector(repeating: .nan))
      compare(record.tick, .command, record.command, motion.goal)
      return motion
    }
  }

  private func brake(_ before: Motion, to pose: JointVector) -> Motion {
    guard all((pose - pose) .== 0) else { return envelope.brake(from: before).motion }
    let way = Approach(to: pose, step: settings.yieldStep, stepChange: settings.yieldStepChange)
    return envelope.brake(from: before, to: way.wish(from: before.goal)).motion
  }

  // MARK: Bits

  /// Every bit counts, except that one NaN is as good as another: no processor promises which it makes.
  private mutating func compare(_ tick: UInt64, _ kind: Difference.Kind, _ logged: JointVector, _ made: JointVector) {
    guard difference == nil else { return }
    for joint in 0..<8 where logged[joint].bitPattern != made[joint].bitPattern {
      if logged[joint].isNaN, made[joint].isNaN { continue }
      difference = Difference(
        tick: tick, kind: kind, joint: joint, logged: "\(logged[joint])", made: "\(made[joint])")
      return
    }
  }

  private mutating func differ(_ tick: UInt64, _ kind: Difference.Kind, _ logged: String, _ made: String) {
    guard difference == nil else { return }
    difference = Difference(tick: tick, kind: kind, joint: nil, logged: logged, made: made)
  }
}
