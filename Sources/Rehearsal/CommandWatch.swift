internal import Arm
internal import RealTime
internal import ServoBus

/// Looks at every command that goes to the follower's servos, from outside the tick: none is more than one step away from
/// the last, and no step more than one change of step away from the last. A goal after a tick without one is where the arm
/// is: torque in doubt is brought on anew from there.
///
///     let watch = CommandWatch(session)
///     … session.step() … watch.check()   // after every tick
final class CommandWatch {
  /// Commands that were checked, and those that broke a promise.
  private(set) var checked = 0
  private(set) var violations = 0
  /// What the first few were.
  private(set) var complaints: [String] = []

  private unowned let session: VirtualSession
  private let wire: GoalListener
  private let step: JointVector
  private let stepChange: JointVector
  /// The command before, and its step where that is known.
  private var last: (command: JointVector, step: JointVector?)?

  init(_ session: VirtualSession) {
    self.session = session
    let envelope = session.host.rig.envelope
    let period = Float(session.host.settings.period.seconds)
    step = envelope.velocity_rad_s * period
    stepChange = envelope.acceleration_rad_s2 * (period * period)
    wire = GoalListener(session.links.follower)
  }

  /// Checks the tick that has just been.
  func check() {
    let record = session.host.snapshot.record
    guard wire.takeFollows() else {
      // The arm is limp, or held at the goal it was given first; from there it starts at rest.
      last = (record.command, nil)
      return
    }
    if record.missed >= 2 { last?.step = .zero }
    guard let last else { return self.last = (record.command, .zero) }
    let moved = record.command - last.command
    self.last = (record.command, moved)
    checked += 1
    // A command is a sum of steps, rounded to its own spacing.
    let isTooFar = any(magnitude(moved) .> step + 1e-6)
    let isTooSudden = last.step.map { any(magnitude(moved - $0) .> stepChange + 2e-6) } ?? false
    guard isTooFar || isTooSudden || any(moved .!= moved) else { return }
    violations += 1
    if complaints.count < 5 {
      complaints.append("tick \(record.tick), \(record.source): a step of \(moved) after one of \(last.step ?? .zero)")
    }
  }

  private func magnitude(_ v: JointVector) -> JointVector { v.replacing(with: -v, where: v .< 0) }
}

/// Hears on the wire whether the host sends goals to servos whose torque it has switched on.
private final class GoalListener {
  private var isPowered = false
  private var hasGoal = false
  private var hadGoal = false

  init(_ link: MemoryLink) {
    let write = link.onWrite
    link.onWrite = { [unowned self] bytes in
      hear(bytes)
      write(bytes)
    }
  }

  /// Whether it did so since the last call.
  func takeFollows() -> Bool {
    defer { (hadGoal, hasGoal) = (hasGoal, false) }
    return isPowered && hasGoal && hadGoal
  }

  /// A sync write is FF FF FE length 83 address width, then id and value of each servo. Register 40 switches torque (the
  /// same for all servos), 42 is the goal: so it is in every servo of the family.
  private func hear(_ packet: UnsafeRawBufferPointer) {
    guard packet.count > 8, packet[4] == FeetechPacket.Instruction.syncWrite.rawValue else { return }
    switch packet[5] {
    case 40: isPowered = packet[8] != 0
    case 42: hasGoal = true
    default: break
    }
  }
}
