import Arm
import Control
import Episodes
import Foundation
import RealTime
import Rehearsal
import Testing
import Twin

@testable import Session

/// Something is in the way of the slow moves between episodes: what is tried, what is said, and that it ends.
@Suite struct BlockedTests {
  private static let rig: Result<Rig, any Error> = Result { try Rig.load("twin-pick-place") }
  /// In a corner of the box, where a policy of three demonstrations left the arm: behind it x = 0.05 m, over it z = 0.45 m.
  private static let corner = JointVector(1.40, 0.28, -1.29, -1.29, 2.69, -0.17, 0, 0)

  private func session(_ person: Bool = true, fence: (inout Rig) -> Void = { _ in }) throws -> VirtualSession {
    var rig = try Self.rig.get()
    fence(&rig)
    var options = TwinOptions()
    options.task = "pick-place"
    options.person.isPresent = person
    return try VirtualSession(rig: rig, twin: options, leaderMirrors: false)
  }

  /// Slow moves through the envelope alone, as the tick makes them; whether they come to the last pose.
  private func arrives(_ poses: [JointVector], from pose: JointVector, _ plan: ControlPlan) throws -> Bool {
    var motion = Motion(at: pose)
    for pose in poses {
      let goal = try #require(plan.envelope.reachable(pose))
      let approach = Approach(to: goal, step: plan.settings.slowStep, stepChange: plan.settings.slowStepChange)
      var nearest = Float.infinity
      var stood = 0
      while !(approach.hasArrived(motion.goal) && all(motion.step .== 0)) {
        let distance = magnitude(goal - motion.goal).max()
        stood = distance < nearest - 1e-3 ? 0 : stood + 1
        nearest = min(nearest, distance)
        guard stood <= plan.settings.restPatience else { return false }
        motion = try plan.envelope.constrain(
          approach.wish(from: motion.goal), from: motion, measured: motion.goal, age: .zero, pace: 1
        ).motion
      }
    }
    return true
  }

  @Test(arguments: ["twin-pick-place", "twin-insert"])
  func `wherever within its box an arm was left, one of two ways leads back`(_ name: String) throws {
    let rig = try Rig.load(name)
    let plan = try ControlPlan(rig, leaderMirrors: false)
    let way = try #require(WayBack(rig))
    let start = try #require(rig.start).pose
    var random = SplitMix64(seed: 5)
    let count = 200
    var (first, second) = (0, 0)
    for _ in 0..<count {
      // A policy that knows nothing drives the joints here and there for the length of an episode.
      var motion = Motion(at: start)
      for _ in 0..<6 {
        var wish = JointVector.zero
        for joint in 0..<6 {
          let range = Double(plan.envelope.lower[joint])...Double(plan.envelope.upper[joint])
          wish[joint] = Float(random.uniform(range))
        }
        for _ in 0..<200 {
          motion = try plan.envelope.constrain(
            wish, from: motion, measured: motion.goal, age: .zero, pace: 1
          ).motion
        }
      }
      let pose = motion.goal
      if try arrives(way.poses(from: pose, to: start, blocked: 0) + [start], from: pose, plan) {
        first += 1
      } else if try arrives(way.poses(from: pose, to: start, blocked: 1) + [start], from: pose, plan) {
        second += 1
      }
    }
    #expect(first + second >= count - 2, "\(first) and \(second) of \(count)")
    #expect(second > 0, "the second way is for something")
  }

  /// Before it knew of walls the first way led up through the ceiling, and the same was tried after every stop.
  @Test func `an arm in a corner of its box comes back to the start without a stop`() throws {
    let session = try session(false)
    let tape = try Tape(session)
    session.standUp()
    session.host.ask(.playback(to: Self.corner))
    session.step(600)
    session.host.ask(Request(.acknowledge))
    session.step(2)
    let tool = session.host.rig.kinematics().pose(session.host.snapshot.record.command).position_m
    #expect(tool.z > 0.44 && tool.x < 0.07, "\(tool)")
    let stops = tape.states.count { $0 == .protectiveStop }
    session.begin(.evaluate) { $0.episodes = 1 }
    #expect(session.step(most: 2000) { _ in session.conductor?.isAtStart == true })
    #expect(tape.states.count { $0 == .protectiveStop } == stops, "\(session.said)")
    #expect(tape.trouble == "")
  }

  @Test func `a way back that is blocked is tried in two ways, then told, and in the end given up`() throws {
    // The start lies behind the box: nothing leads there.
    let session = try session { $0.envelope.box_m?.lower.x = 0.24 }
    let tape = try Tape(session)
    session.begin(.evaluate) { $0.episodes = 3 }
    try session.run(limit: .seconds(180))
    let trouble = try #require(session.conductor?.trouble)
    #expect(trouble.contains("does not come back to its start"), "\(trouble)")
    #expect(trouble.contains("x = 0.240 m (envelope.box_m)"), "\(trouble)")
    #expect(session.said.count { $0.contains("Take over") } == 2, "\(session.said)")
    // Three times two ways, and one on the way to rest.
    #expect(tape.states.count { $0 == .protectiveStop } <= 7)
    #expect(tape.trouble == "")
  }

  @Test func `between episodes a person takes a blocked arm over, leads it and gives it back`() throws {
    let session = try session(false) { $0.envelope.box_m?.lower.x = 0.24 }
    let tape = try Tape(session)
    session.begin(.evaluate) { $0.episodes = 3 }
    for _ in 0..<3000 where session.said.isEmpty {
      session.step()
      if session.host.snapshot.state == .protectiveStop { session.conductor?.hear(.acknowledge) }
    }
    #expect(session.said.count == 1 && session.host.snapshot.state == .holding)
    session.step(200)
    #expect(session.host.snapshot.state == .holding, "nothing is tried again unasked")
    try session.holdLeader()
    session.conductor?.hear(.takeOver)
    session.step(5)
    #expect(session.host.snapshot.state == .correcting)
    session.conductor?.hear(.release)
    session.step(5)
    #expect(session.host.snapshot.state == .holding, "and not to a policy")
    session.conductor?.hear(.start)
    session.step(5)
    #expect(session.host.snapshot.state == .autonomous && session.host.snapshot.isMoving)
    #expect(tape.trouble == "")
  }

  @Test func `a stop whose cause stays ends a session on virtual time, which says what the arm stands in`() throws {
    let session = try session()
    session.begin(.evaluate) { $0.episodes = 3 }
    // A servo that falls silent and is never looked after; somebody presses acknowledge all the while.
    session.afterTick = { [unowned session] snapshot in
      if snapshot.record.tick == 100 { session.world.follower.faults.silent = 0b10 }
    }
    try session.run(limit: .seconds(300))
    let trouble = try #require(session.conductor?.trouble)
    #expect(trouble.contains("within a minute: the arm is protective-stop for follower-stale"), "\(trouble)")
    #expect(session.time.now < .seconds(90) && session.host.snapshot.refusals > 30)
  }
}
