import Arm
import Control
import Episodes
import Policy
import RealTime
import Rehearsal
import Session
import Testing

/// Policies made by hand, for what a trained one would not do on demand.
enum Puppet {
  private static let joints = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll"]

  /// One hidden layer: y = A f(B x + c).
  private static func policy(
    _ b: [[Float]], _ c: [Float], _ a: [[Float]], _ activation: NetworkShape.Activation = .tanh
  ) throws -> Policy {
    let interface = PolicyInterface(
      arm: "so101-follower", features: joints.map { "joint.\($0)" }, actions: joints,
      representation: .relativeToCommand, decision_Hz: 25)
    let wide = PolicyStatistics.Column(mean: 0, std: 1, min: -1, max: 1)
    let description = PolicyDescription(
      interface: interface,
      network: NetworkShape(hidden: [b.count], activation: activation, standardised: false),
      statistics: PolicyStatistics(features: joints.map { _ in wide }, actions: joints.map { _ in wide }))
    let parameters = PolicyParameters(members: [
      [
        DenseParameters(inputs: 5, outputs: b.count, weights: b.flatMap(\.self), bias: c),
        DenseParameters(
          inputs: b.count, outputs: 5, weights: a.flatMap(\.self), bias: [Float](repeating: 0, count: 5)),
      ]
    ])
    return try Policy(description, parameters, kernels: Kernels.chosen())
  }

  /// Where a wanderer is at home.
  static let home = JointVector(0.3, -0.9, 0.6, 0.9, 0.3, 0, 0, 0)

  /// Wanders about for ever, at up to `speed` rad/s a joint: pan and roll chase each other, elbow and wrist do, and the
  /// shoulder nods to the pan. Each is pushed round and outward, and turned back 0.3 rad from home.
  static func wanderer(speed: Float) throws -> Policy {
    let centre: [Float] = [0, -0.9, 0.6, 0.9, 0]
    let partner = [4: -1, 0: 1, 3: -1, 2: 1] as [Int: Float]
    var b: [[Float]] = []
    var c: [Float] = []
    var a = [[Float]](repeating: [], count: 5)
    func unit(_ joint: Int, _ weights: [Int: Float], shift: Float, size: Float) {
      let row = (0..<5).map { weights[$0] ?? 0 }
      b.append(row)
      c.append(shift - zip(row, centre).reduce(0) { $0 + $1.0 * $1.1 })
      for other in 0..<5 { a[other].append(other == joint ? size * speed * 0.04 : 0) }
    }
    for (joint, other) in [(0, 4), (4, 0), (2, 3), (3, 2)] {
      unit(joint, [joint: 2, other: 4 * (partner[joint] ?? 0)], shift: 0, size: 1)
      unit(joint, [joint: 8], shift: -8 * 0.3, size: -0.7)
      unit(joint, [joint: 8], shift: 8 * 0.3, size: -0.7)
    }
    unit(1, [0: 0.6, 1: -4], shift: 0, size: 0.5)
    return try policy(b, c, a)
  }

  /// Stays where it is, whatever it sees.
  static func still() throws -> Policy {
    try policy([[0, 0, 0, 0, 0]], [0], (0..<5).map { _ in [0] })
  }
}

extension Puppet {
  /// Wishes for as much as it may say, this way or that.
  static func wild() throws -> Policy {
    try policy([[0, 0, 0, 0, 0]], [1], (0..<5).map { [$0 % 2 == 0 ? 1e6 : -1e6] })
  }

  /// Throws every joint from side to side as fast as it may, each after another one; the higher the gain, the more abruptly.
  static func thrasher(gain: Float) throws -> Policy {
    let centre: [Float] = [0, -0.9, 0.6, 0.9, 0]
    let partner = [1, 2, 3, 4, 0]
    var b: [[Float]] = []
    var c: [Float] = []
    for joint in 0..<5 {
      var row = [Float](repeating: 0, count: 5)
      row[joint] = -gain * 4
      row[partner[joint]] = gain * 3
      b.append(row)
      c.append(-zip(row, centre).reduce(0) { $0 + $1.0 * $1.1 })
    }
    return try policy(b, c, (0..<5).map { joint in (0..<5).map { $0 == joint ? 0.5 : 0 } })
  }

  /// Says NaN to everything, with weights that are all finite: infinity minus infinity.
  static func broken() throws -> Policy {
    let huge: [Float] = [0, 0, 3e38, 3e38, 0]
    return try policy([huge, huge], [3e38, 3e38], (0..<5).map { _ in [1, -1] }, .relu)
  }
}

extension PolicySource.Loaded {
  /// Asks for it; whoever sends this keeps the policy alive.
  var request: Request { .load(self) }
}

extension VirtualSession {
  /// Hands the tick a policy that is in no folder; the caller keeps what comes back.
  func load(_ policy: Policy) throws -> PolicySource.Loaded {
    let loaded = try loaded(policy)
    host.ask(loaded.request)
    return loaded
  }

  /// The arm upright and a wanderer at work on it for so long; the caller keeps what comes back.
  func wander(speed: Float = 1, ticks: Int = 50) throws -> PolicySource.Loaded {
    let loaded = try load(Puppet.wanderer(speed: speed))
    standUp(Puppet.home)
    host.ask(Request(.policy))
    step(ticks)
    return loaded
  }

  /// A policy with its plan on this rig.
  func loaded(_ policy: Policy) throws -> PolicySource.Loaded {
    let arm = host.rig.pairs[0].follower.arm
    let interface = policy.description.interface
    let plan = PolicySource.Plan(
      features: try host.rig.featurePlan(interface.features), joints: interface.actions.compactMap(arm.index(of:)),
      representation: interface.representation, chunk: interface.chunk, execution: .horizon(1))
    return PolicySource.Loaded(policy: policy, plan: plan, generation: 1)
  }

  /// Torque on, the tool lifted to the episode's start, at rest.
  func standUp(_ pose: JointVector? = nil) {
    step()
    host.ask(Request(.enable))
    #expect(step(most: 20) { $0.state == .ready })
    host.ask(.playback(to: pose ?? host.rig.start?.pose ?? .zero))
    #expect(step(most: 1000) { $0.state == .autonomous })
    #expect(step(most: 1000) { $0.state == .holding })
  }
}
