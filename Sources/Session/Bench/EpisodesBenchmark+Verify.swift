internal import Arm
internal import Control
internal import Episodes
internal import Foundation
internal import RealTime

extension EpisodesBenchmark {
  /// The seconds that `understudy verify` takes for a log of so many ticks: a person moves all joints of the example rig,
  /// at times faster than its envelope allows. Everything counts, from opening the log to the verdict.
  static func verifying(_ ticks: Int, in folder: URL) throws -> Double {
    let rig = try Rig.load("twin-insert")
    let plan = try ControlPlan(rig, leaderMirrors: false)
    let dataset = try Dataset.create(folder.path, durable: false)
    let ring = Ring<TickRecord>(capacity: 4096, blank: TickRecord())
    let session = SessionDescription(activity: .record).info(rig: rig, clock: .monotonic, start: 1)
    let recorder = try Recorder(ring: ring, dataset: dataset, session: session)
    var person = Person(plan)
    for tick in 0..<ticks {
      ring.push(try person.tick(UInt64(tick)))
      if tick % 2048 == 2047 { recorder.drainOnce() }
    }
    recorder.finish(1, EpisodeEnd(label: .success))
    ring.push(TickRecord())
    recorder.drainOnce()
    recorder.stop()
    let began = TickClock.monotonic.now
    let verification = try Verification(folder)
    let seconds = (TickClock.monotonic.now - began).seconds
    guard verification.isIdentical, verification.logs.first?.wishes == ticks else {
      throw HostError.refused("The log that was made to be verified does not verify: \(verification)")
    }
    return seconds
  }

  /// Somebody at the leader, and what the loop makes of it.
  private struct Person {
    private let plan: ControlPlan
    private let middle: JointVector
    private var clutch = Clutch()
    private var motion: Motion

    init(_ plan: ControlPlan) {
      self.plan = plan
      middle = plan.envelope.reachable(.zero) ?? .zero
      motion = Motion(at: middle)
    }

    /// The tick of this number, all of which follows from those before it.
    mutating func tick(_ number: UInt64) throws -> TickRecord {
      var record = TickRecord()
      record.tick = number
      record.scheduled = Nanoseconds(Int64(number) * plan.settings.period.count)
      record.began = record.scheduled
      record.episode = 1
      record.source = .person
      record.memory.source = .person
      record.memory.steps = .constrained
      record.memory.age = .zero
      record.memory.goal = motion.goal
      record.memory.step = motion.step
      record.follower.position = motion.goal
      let t = Double(number) * plan.settings.period.seconds
      for joint in 0..<8 {
        record.leader.position[joint] = Float(0.3 * sin((2 + 0.3 * Double(joint)) * t) * sin(0.1 * t))
      }
      let guiding = plan.map.follower(record.leader.position)
      if number == 0 {
        clutch.engage(command: motion.goal, leader: guiding)
        record.memory.steps.insert(.engaged)
      }
      record.memory.anchor = clutch.offset
      record.wish = clutch.target(
        leader: guiding, rate: plan.settings.clutchStep, share: plan.settings.clutchShare)
      record.personWish = record.wish
      let made = try plan.envelope.constrain(
        record.wish, from: motion, measured: record.follower.position, age: .zero, pace: 1)
      motion = made.motion
      record.verdict.limits = made.limits
      record.command = motion.goal
      return record
    }
  }
}
