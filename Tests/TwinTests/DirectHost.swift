import Foundation
import Testing

@testable import Twin

/// A host in miniature for the tests of the twin itself: announces, reads the leader, drives the follower, all without
/// servo bytes. Decisions at 25 Hz, commands interpolated to 100 Hz, envelope as a speed limit: the real chain's delays.
final class DirectHost {
  let stage: Stage
  /// What the policy does with the posture, decision by decision: the change of the command in rad.
  var policy: (DirectHost) -> SIMD8<Double> = { _ in .zero }
  /// Physics steps by which the host's decisions lag the camera.
  var decisionPhase = 13

  private(set) var said = Announcement()
  private(set) var command: SIMD8<Double>
  private var from: SIMD8<Double>
  private var goal: SIMD8<Double>
  private var leaderAtClutch: SIMD8<Double>?
  private var commandAtClutch = SIMD8<Double>.zero
  private var sinceDecision = 0
  private(set) var takeOvers = 0
  /// Ticks of 10 ms in which a person drove.
  private(set) var personTicks = 0
  private var deviatingFor = 0

  init(_ options: TwinOptions) throws {
    stage = try Stage(options, scenes: scenesFolder)
    command = stage.follower.posture
    from = command
    goal = command
  }

  func say(_ state: String, _ activity: Announcement.Activity, _ phase: Announcement.Phase, _ episode: Int) {
    said.state = state
    said.activity = activity
    said.phase = phase
    said.episode = episode
    stage.hear(said)
  }

  /// Runs `steps` physics steps or until something is pressed.
  @discardableResult
  func run(_ steps: Int) -> Pedal? {
    for _ in 0..<steps {
      tick()
      if let pedal = stage.person.pressed.first {
        stage.person.pressed.removeFirst()
        return pedal
      }
    }
    return nil
  }

  private func tick() {
    if (stage.steps + decisionPhase) % 20 == 0 { decide() }
    if stage.steps % 5 == 0 {
      sinceDecision += 1
      if said.state == "teleoperating" || said.state == "correcting" {
        follow()
      } else {
        command = from + (goal - from) * min(1, Double(sinceDecision) / 4)
      }
      for joint in 0..<6 {
        let ticks = (command[joint] * 4096 / (2 * .pi)).rounded()
        stage.follower.drive(joint, toward: ticks * 2 * .pi / 4096, torqueShare: 1)
      }
      mirror()
    }
    stage.step()
  }

  /// A person commands: as the leader moves, 100 times a second, from where both were.
  private func follow() {
    personTicks += 1
    let leader = quantized(stage.leader.posture)
    let clutch = leaderAtClutch ?? leader
    if leaderAtClutch == nil {
      leaderAtClutch = leader
      commandAtClutch = said.state == "correcting" ? command : leader
    }
    let wish = commandAtClutch + leader - clutch
    let step = (wish - command).largest
    command = step > 0.03 ? command + (wish - command) * (0.03 / step) : wish
    goal = command
    from = command
  }

  /// A policy commands: a target each 40 ms.
  private func decide() {
    from = command
    sinceDecision = 0
    guard said.state != "teleoperating", said.state != "correcting" else { return }
    leaderAtClutch = nil
    guard said.state == "autonomous" else { return }
    goal += policy(self)
    // As an envelope's lag limit would have it.
    let here = stage.follower.posture
    goal = goal.clamped(lowerBound: here - 0.12, upperBound: here + 0.12)
    let step = (goal - from).largest
    if step > 0.1 { goal = from + (goal - from) * (0.1 / step) }
  }

  /// While the policy drives, the leader follows the follower under low torque; a hand on it is noticed.
  private func mirror() {
    guard said.state == "autonomous" || said.state == "holding" else {
      for joint in 0..<6 { stage.leader.drive(joint, toward: nil, torqueShare: 0) }
      return
    }
    for joint in 0..<6 { stage.leader.drive(joint, toward: stage.follower.position(joint), torqueShare: 0.4) }
    let deviation = (stage.leader.posture - stage.follower.posture).largest
    deviatingFor = deviation > 0.12 ? deviatingFor + 1 : 0
    if deviatingFor >= 3, said.activity == .correct, said.phase == .running { takeOver() }
  }

  func takeOver() {
    takeOvers += 1
    deviatingFor = 0
    leaderAtClutch = nil
    say("correcting", .correct, .running, said.episode)
  }

  private func quantized(_ posture: SIMD8<Double>) -> SIMD8<Double> {
    (posture * (4096 / (2 * .pi))).rounded(.toNearestOrEven) * (2 * .pi / 4096)
  }
}

extension DirectHost {
  /// One demonstration: true when the person says it went well. `seconds`: from running to the verdict.
  func demonstrate(_ episode: Int) -> (success: Bool, seconds: Double) {
    say("teleoperating", .record, .reset, episode)
    guard run(5000) == .start else { return (false, 0) }
    say("teleoperating", .record, .running, episode)
    let begin = stage.steps
    let pedal = run(10_000)
    return (pedal == .success, Double(stage.steps - begin) * 0.002)
  }

  /// Moves the arm to the start (as a host does) and lets the person set the scene.
  func reset(_ activity: Announcement.Activity, _ episode: Int, start: SIMD8<Double>) -> Bool {
    say("holding", activity, .reset, episode)
    let begin = goal
    for i in 1...30 {
      goal = begin + (start - begin) * (Double(i) / 30)
      from = goal
      command = goal
      run(20)
    }
    return run(3000) == .start
  }
}

extension DirectHost {
  /// An episode of `correct`, from `running` to the person's verdict; nil if none came within 40 s.
  func correct() -> Pedal? {
    for _ in 0..<20 {
      switch run(1000) {
      case .takeOver: takeOver()
      case .release: say("autonomous", .correct, .running, said.episode)
      case let verdict?: return verdict
      case nil: break
      }
    }
    return nil
  }
}

/// The scenes of this package.
let scenesFolder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appending(path: "hardware/sim").path
