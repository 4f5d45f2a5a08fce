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
    /// How many decisions one inference covers.
    public let chunk: Int
    /// How they are carried out.
    public let execution: ChunkExecution

    /// A plan.
    public init(
      features: FeaturePlan, joints: [Int], representation: ActionRepresentation, chunk: Int,
      execution: ChunkExecution
    ) {
      self.features = features
      self.joints = joints
      self.representation = representation
      self.chunk = chunk
      self.execution = execution
    }
  }

  /// The policy and its plan, as handed to the tick. Whoever sends one keeps it alive until the tick shows a later one.
  public final class Loaded: Sendable {
    /// The network.
    public let policy: Policy
    /// What goes in and out.
    public let plan: Plan
    /// The critic that judges its actions, for a gate by risk: features and action in, two networks' logits out.
    public let critic: Policy?
    /// What chooses among actions near its own by a person's taste; nil where nobody shaped it.
    public let shaper: Shaper?
    /// Counts loads from 1.
    public let generation: UInt32
    let memory: PolicyMemory

    /// A policy ready for the tick.
    public init(policy: Policy, plan: Plan, critic: Policy? = nil, shaper: Shaper? = nil, generation: UInt32) {
      self.policy = policy
      self.plan = plan
      self.critic = critic
      self.shaper = shaper
      self.generation = generation
      let interface = policy.description.interface
      var decay: Double?
      if case .ensembling(let value) = plan.execution { decay = value }
      memory = PolicyMemory(
        features: interface.features.count, history: interface.history, joints: plan.joints.count, chunk: plan.chunk,
        decay: decay)
    }
  }

  private let ticks: Int
  private let criticInput: UnsafeMutableBufferPointer<Float>
  private let criticOutput: UnsafeMutableBufferPointer<Float>
  private var loaded: Unmanaged<Loaded>?
  private var used = Int.max
  private var phase = 0
  private var start = JointVector.zero
  private var target = JointVector.zero
  /// Where the arm was measured at the last inference.
  private var present = JointVector.zero
  /// The ensemble's disagreement at the last inference; NaN before one.
  public private(set) var doubt = Float.nan
  /// Whether the last wish took an inference, and not the next part of a chunk.
  public private(set) var hasInferred = false
  /// The critic's logit of success at the last inference, the lower of its two networks; NaN without one.
  public private(set) var safety = Float.nan
  /// The loaded policy's generation; 0 without one.
  public private(set) var generation: UInt32 = 0
  /// Whether the loaded policy looks at the environment.
  public private(set) var usesEnvironment = false

  /// A source that decides every `ticks` ticks.
  public init(ticks: Int) {
    self.ticks = ticks
    criticInput = .allocate(capacity: Self.criticCapacity)
    criticOutput = .allocate(capacity: 1)
    criticInput.initialize(repeating: 0)
    criticOutput.initialize(repeating: 0)
  }

  deinit {
    criticInput.deallocate()
    criticOutput.deallocate()
  }

  /// The most features and actions that a critic may look at; storage for them is allocated once.
  public static let criticCapacity = 1024

  /// Takes over a policy that the sender keeps alive.
  public func load(_ next: Unmanaged<Loaded>) {
    loaded = next
    generation = next._withUnsafeGuaranteedRef { $0.generation }
    usesEnvironment = next._withUnsafeGuaranteedRef { $0.plan.features.usesEnvironment }
    forget()
  }

  /// Whether there is a policy to ask.
  public var isLoaded: Bool { loaded != nil }

  /// Drops what is left of a chunk and what was seen before, and begins a decision period with the next wish: after every change of who commands.
  public func forget() {
    used = .max
    phase = 0
    loaded?._withUnsafeGuaranteedRef { $0.memory.forget() }
  }

  /// Whether what it wishes depends on more than the last inference: on earlier sights, or on plans that overlap.
  public var looksBack: Bool {
    loaded?._withUnsafeGuaranteedRef {
      if case .ensembling = $0.plan.execution { return true }
      return $0.policy.description.interface.history > 1
    } ?? false
  }

  /// True when the next wish needs an inference or the next part of a chunk.
  public var decides: Bool { phase == 0 }

  /// The wish of this tick. `command` is the last command, which a policy always goes on from, and `step` by how much that
  /// one moved.
  public func wish(
    position: JointVector, environment: EnvironmentReading, command: JointVector, step: JointVector = .zero
  ) -> JointVector {
    hasInferred = false
    if phase == 0 {
      start = command
      target = decide(position: position, environment: environment, command: command)
      if let loaded {
        target = loaded._withUnsafeGuaranteedRef { loaded in
          loaded.shaper?.best(near: target, from: command, step: step, environment: environment.values) ?? target
        }
      }
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
      let (plan, memory) = (loaded.plan, loaded.memory)
      memory.remember { plan.features.compute(position, environment.values, into: $0) }
      switch plan.execution {
      case .horizon(let decisions):
        if used >= decisions { infer(loaded, position) }
        used += 1
        return self.position(loaded, step: used - 1, from: command)
      case .ensembling:
        infer(loaded, position)
        // Steps count from the one before, so the plan is laid out from the command that is in force now.
        var before = command
        memory.plan { step in
          before = self.position(loaded, step: step, from: before)
          return before
        }
        let mean = memory.averaged
        var target = command
        for joint in plan.joints { target[joint] = mean[joint] }
        return target
      }
    }
  }

  private func infer(_ loaded: Loaded, _ position: JointVector) {
    doubt = loaded.policy.infer(UnsafeBufferPointer(loaded.memory.inputs), mean: loaded.memory.outputs)
    present = position
    used = 0
    hasInferred = true
    safety = loaded.critic.map { judge($0, loaded) } ?? .nan
  }

  /// Where a step of the last inference wants the joints; those that the policy does not move stay at `command`.
  private func position(_ loaded: Loaded, step: Int, from command: JointVector) -> JointVector {
    let plan = loaded.plan
    var target = command
    for (output, joint) in plan.joints.enumerated() {
      let value = loaded.memory.outputs[step * plan.joints.count + output]
      switch plan.representation {
      case .absolute: target[joint] = value
      case .relativeToPresent: target[joint] = present[joint] + value
      case .relativeToCommand: target[joint] = command[joint] + value
      }
    }
    return target
  }

  /// The critic's logit: min(Q1, Q2) of its two networks. Of two numbers the lower is mean − standard deviation. It judges
  /// what the policy saw last and the action that it would do first.
  private func judge(_ critic: Policy, _ loaded: Loaded) -> Float {
    let joints = loaded.plan.joints.count
    let features = critic.featureCount - joints
    for feature in 0..<features { criticInput[feature] = loaded.memory.inputs[feature] }
    for joint in 0..<joints { criticInput[features + joint] = loaded.memory.outputs[joint] }
    let seen = UnsafeBufferPointer(rebasing: UnsafeBufferPointer(criticInput)[..<critic.featureCount])
    let logit = UnsafeMutableBufferPointer(rebasing: criticOutput[...])
    let variance = critic.infer(seen, mean: logit)
    return logit[0] - (variance > 0 ? variance.squareRoot() : 0)
  }
}
