public import Arm
public import Episodes
public import Policy

/// The policy as a source of wishes: derived features in, one target a decision out, interpolated in between.
///
/// A decision taken at tick t sets the target that is reached at the last tick of its period, on a straight line from
/// the command before t; training labels are cut from logs by the same rule (`Demonstrations`).
public final class PolicySource {
  /// How an inference's outputs become joint targets.
  public struct Plan: Sendable {
    /// Derived features, in the policy's order.
    public let features: FeaturePlan
    /// For each output of the policy, the joint that it moves.
    public let joints: [Int]
    /// What the outputs mean.
    public let representation: ActionRepresentation
    /// How many decisions one inference covers, and how many of them are carried out before the next.
    public let chunk: Int
    /// How many of them are carried out before the next inference.
    public let execute: Int

    /// A plan.
    public init(
      features: FeaturePlan, joints: [Int], representation: ActionRepresentation, chunk: Int, execute: Int
    ) {
      self.features = features
      self.joints = joints
      self.representation = representation
      self.chunk = chunk
      self.execute = execute
    }
  }

  /// The policy and its plan, as handed to the tick. Whoever sends one keeps it alive until the tick shows a later one.
  public final class Loaded: Sendable {
    /// The network.
    public let policy: Policy
    /// What goes in and out.
    public let plan: Plan
    /// Counts loads from 1.
    public let generation: UInt32

    /// A policy ready for the tick.
    public init(policy: Policy, plan: Plan, generation: UInt32) {
      self.policy = policy
      self.plan = plan
      self.generation = generation
    }
  }

  private let ticks: Int
  private let inputs: UnsafeMutableBufferPointer<Float>
  private let outputs: UnsafeMutableBufferPointer<Float>
  private var loaded: Unmanaged<Loaded>?
  private var used = Int.max
  private var phase = 0
  private var start = JointVector.zero
  private var target = JointVector.zero
  /// The ensemble's disagreement at the last inference; NaN before one.
  public private(set) var doubt = Float.nan
  /// The loaded policy's generation; 0 without one.
  public private(set) var generation: UInt32 = 0
  /// Whether the loaded policy looks at the environment.
  public private(set) var usesEnvironment = false

  /// The most features and outputs a policy may have; storage for them is allocated here, once.
  public static let capacity = 1024

  /// A source that decides every `ticks` ticks.
  public init(ticks: Int) {
    self.ticks = ticks
    inputs = .allocate(capacity: Self.capacity)
    outputs = .allocate(capacity: Self.capacity)
    inputs.initialize(repeating: 0)
    outputs.initialize(repeating: 0)
  }

  deinit {
    inputs.deallocate()
    outputs.deallocate()
  }

  /// Takes over a policy that the sender keeps alive.
  public func load(_ next: Unmanaged<Loaded>) {
    loaded = next
    generation = next._withUnsafeGuaranteedRef { $0.generation }
    usesEnvironment = next._withUnsafeGuaranteedRef { $0.plan.features.usesEnvironment }
    forget()
  }

  /// Whether there is a policy to ask.
  public var isLoaded: Bool { loaded != nil }

  /// Drops what is left of a chunk and begins a decision period with the next wish: after every change of who commands.
  public func forget() {
    used = .max
    phase = 0
  }

  /// True when the next wish needs an inference or the next part of a chunk.
  public var decides: Bool { phase == 0 }

  /// The wish of this tick. `command` is the last command; a policy always goes on from there.
  public func wish(position: JointVector, environment: EnvironmentReading, command: JointVector) -> JointVector {
    if phase == 0 {
      start = command
      target = decide(position: position, environment: environment, command: command)
    }
    phase += 1
    let part = Float(phase) / Float(ticks)
    let wish = start + (target - start) * part
    if phase == ticks { phase = 0 }
    return wish
  }

  private func decide(position: JointVector, environment: EnvironmentReading, command: JointVector) -> JointVector {
    guard let loaded else { return command }
    return loaded._withUnsafeGuaranteedRef { loaded in
      let plan = loaded.plan
      if used >= plan.execute {
        let features = UnsafeMutableBufferPointer(rebasing: inputs[..<loaded.policy.featureCount])
        plan.features.compute(position, environment.values, into: features)
        let actions = UnsafeMutableBufferPointer(rebasing: outputs[..<loaded.policy.actionCount])
        doubt = loaded.policy.infer(UnsafeBufferPointer(features), mean: actions)
        used = 0
      }
      var target = command
      for (output, joint) in plan.joints.enumerated() {
        let value = outputs[used * plan.joints.count + output]
        switch plan.representation {
        case .absolute: target[joint] = value
        case .relativeToPresent: target[joint] = position[joint] + value
        case .relativeToCommand: target[joint] = command[joint] + value
        }
      }
      used += 1
      return target
    }
  }
}
