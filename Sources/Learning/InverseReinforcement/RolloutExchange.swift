// How rollouts are asked of another program: a line of JSON each way over a local stream socket.
//
//     ask      {"period_s": 0.04, "joints": ["shoulder_pan", …], "position": [rad …], "velocity": [rad/s …],
//               "environment": {"puck.x": m, …}, "commands": [[[rad …] each period …] each trajectory …]}
//     answer   {"traces": [{"positions": [[rad …] …], "environments": [{"puck.x": m, …} …]} …]}
//     or       {"error": "a sentence"}
//
// Any simulator can answer. Angles are of the arm's joints, in the order of `joints`; who has others answers with an error.

public import Arm

/// What is asked: trajectories from one state.
public struct RolloutRequest: Codable, Sendable {
  /// From one command to the next.
  public var period_s: Double
  /// The joints' names; who asks may leave them out.
  public var joints: [String]?
  /// Where the joints are, in rad.
  public var position: [Double]
  /// How fast they turn, in rad/s.
  public var velocity: [Double]
  /// What the environment reports.
  public var environment: [String: Double]
  /// [trajectory][period][joint], in rad.
  public var commands: [[[Double]]]

  /// The most numbers that one request may hold: a simulator must not be asked for hours.
  public static let most = 2_000_000

  /// What is wrong with it for an arm with these joints; nil for nothing.
  public func problem(joints names: [String]) -> String? {
    guard joints.map({ $0 == names }) ?? true else {
      return "it is about the joints \((joints ?? []).joined(separator: ", ")), and the arm here has "
        + "\(names.joined(separator: ", ")): roll out the rig's own arm"
    }
    let count = names.count
    guard position.count == count, velocity.count == count else {
      return "position and velocity have \(position.count) and \(velocity.count) numbers; the arm has \(count) joints"
    }
    guard commands.allSatisfy({ $0.allSatisfy { $0.count == count } }) else {
      return "a command has another number of joints than the arm's \(count)"
    }
    guard commands.reduce(0, { $0 + $1.count * count }) <= Self.most else {
      return "it holds more than \(Self.most) numbers; ask for fewer trajectories at a time"
    }
    let numbers = [position, velocity, Array(environment.values)] + commands.flatMap(\.self)
    return numbers.allSatisfy { $0.allSatisfy(\.isFinite) } ? nil : "it holds a number that is not finite"
  }
}

/// What is answered.
public struct RolloutAnswer: Codable, Sendable {
  /// One trajectory's.
  public struct Trace: Codable, Sendable {
    /// [period][joint], in rad, at each period's end.
    public var positions: [[Double]]
    /// What the environment reported then.
    public var environments: [[String: Double]]

    /// A trace.
    public init(positions: [[Double]], environments: [[String: Double]]) {
      self.positions = positions
      self.environments = environments
    }
  }

  /// One each trajectory; nil where the request was refused.
  public var traces: [Trace]?
  /// Why it was.
  public var error: String?

  /// An answer.
  public init(traces: [Trace]? = nil, error: String? = nil) {
    self.traces = traces
    self.error = error
  }
}

extension RolloutRequest {
  /// As planners ask.
  public init(_ trajectories: [[JointVector]], _ scene: RolloutScene, names: [String], joints: [String]) {
    func angles(_ vector: JointVector) -> [Double] { joints.indices.map { Double(vector[$0]) } }
    period_s = scene.period_s
    self.joints = joints
    position = angles(scene.position ?? trajectories.first?.first ?? .zero)
    velocity = angles(scene.velocity)
    environment = Dictionary(zip(names, scene.environment), uniquingKeysWith: { first, _ in first })
    commands = trajectories.map { $0.map(angles) }
  }

  /// The scene that it asks from; names that are not there are NaN.
  public func scene(names: [String]) -> RolloutScene {
    var scene = RolloutScene(
      environment: names.map { environment[$0] ?? .nan }, period_s: period_s, position: JointVector(padding: position))
    scene.velocity = JointVector(padding: velocity)
    return scene
  }

  /// Its trajectories.
  public var trajectories: [[JointVector]] { commands.map { $0.map { JointVector(padding: $0) } } }
}

extension RolloutAnswer {
  /// Traces as an answer.
  public init(_ traces: [RolloutTrace], names: [String], joints: Int) {
    self.init(
      traces: traces.map { trace in
        Trace(
          positions: trace.positions.map { position in (0..<joints).map { Double(position[$0]) } },
          environments: trace.environments.map {
            Dictionary(zip(names, $0), uniquingKeysWith: { first, _ in first })
          })
      })
  }

  /// The traces of `request`, checked against it.
  public func read(_ request: [[JointVector]], names: [String], joints: Int) throws(RewardError) -> [RolloutTrace] {
    guard let traces else {
      throw .rollouts(problem: error ?? "the answer holds neither traces nor an error")
    }
    let fits = zip(traces, request).allSatisfy { trace, commands in
      trace.positions.count == commands.count && trace.environments.count == commands.count
        && trace.positions.allSatisfy { $0.count == joints }
        && trace.environments.allSatisfy { seen in names.allSatisfy { seen[$0] != nil } }
    }
    guard fits, traces.count == request.count else {
      throw .rollouts(
        problem: "the answer does not fit the request (as many positions of \(joints) joints and environments with "
          + "\(names.joined(separator: ", ")) as commands); is it the rig's task?")
    }
    return zip(traces, request).map { trace, commands in
      RolloutTrace(
        commands: commands, positions: trace.positions.map { JointVector(padding: $0) },
        environments: trace.environments.map { seen in names.map { seen[$0] ?? .nan } })
    }
  }
}

extension JointVector {
  /// The first lanes; the others are zero.
  init(padding values: [Double]) {
    self = .zero
    for (lane, value) in values.prefix(8).enumerated() { self[lane] = Float(value) }
  }
}
