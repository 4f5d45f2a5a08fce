/// What a policy is for: an arm, the features it looks at and the joints it moves.
public struct PolicyInterface: Codable, Equatable, Sendable {
  /// The arm file's name.
  public var arm: String
  /// Feature names in order (`joint.shoulder_pan`, `cup-tool.x`, …), at most 64.
  public var features: [String]
  /// The joints that are commanded, in order.
  public var actions: [String]
  /// What the numbers of an action mean.
  public var representation: ActionRepresentation
  /// Decisions a second that the policy was trained for.
  public var decision_Hz: Double
  /// How many decisions ahead one inference plans; 1 for a single step.
  public var chunk: Int
  /// How a chunk is carried out.
  public var execution: ChunkExecution
  /// How many decisions' features one inference looks at: the present ones first, then those before.
  public var history: Int

  /// An interface; without `execution`, half of each chunk is carried out before the next inference.
  public init(
    arm: String, features: [String], actions: [String], representation: ActionRepresentation, decision_Hz: Double,
    chunk: Int = 1, execution: ChunkExecution? = nil, history: Int = 1
  ) {
    self.arm = arm
    self.features = features
    self.actions = actions
    self.representation = representation
    self.decision_Hz = decision_Hz
    self.chunk = chunk
    self.execution = execution ?? .half(of: chunk)
    self.history = history
  }

  /// How many numbers one inference takes: the features, once for each decision it looks at.
  public var inputCount: Int { history * features.count }
  /// How many numbers one inference gives: a joint motion for each decision of the chunk.
  public var actionCount: Int { chunk * actions.count }

  /// Refuses another arm, other features or other joints, and names the difference.
  public func check(arm: String, features: [String], actions: [String]) throws(PolicyError) {
    guard arm == self.arm else { throw .otherArm(expected: self.arm, present: arm) }
    guard features == self.features else { throw .otherNames("features", expected: self.features, present: features) }
    guard actions == self.actions else { throw .otherNames("joints", expected: self.actions, present: actions) }
  }
}

extension PolicyInterface {
  /// Reads an interface; files from before there were `execution` and `history` mean half a chunk and the present.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    arm = try container.decode(String.self, forKey: .arm)
    features = try container.decode([String].self, forKey: .features)
    actions = try container.decode([String].self, forKey: .actions)
    representation = try container.decode(ActionRepresentation.self, forKey: .representation)
    decision_Hz = try container.decode(Double.self, forKey: .decision_Hz)
    chunk = try container.decode(Int.self, forKey: .chunk)
    execution = try container.decodeIfPresent(ChunkExecution.self, forKey: .execution) ?? .half(of: chunk)
    history = try container.decodeIfPresent(Int.self, forKey: .history) ?? 1
  }
}

/// What the numbers of an action mean; all are radians.
public enum ActionRepresentation: String, Codable, Sendable, CaseIterable {
  /// Joint positions.
  case absolute
  /// Differences from the joint positions that were measured when the chunk was decided.
  case relativeToPresent = "relative-to-present"
  /// Differences from the command before: of a chunk's first step from the command in force, of each further step from
  /// the step before it.
  case relativeToCommand = "relative-to-command"
}

/// How a chunk of decisions is carried out.
public enum ChunkExecution: Equatable, Sendable {
  /// The first so many decisions of a chunk, then a new inference.
  case horizon(Int)
  /// An inference at every decision; each joint goes to the weighted mean of all that was planned for this moment, the
  /// plan made i inferences after the oldest with weight exp(−decay · i) (ACT, Zhao et al. 2023, section IV-B: the
  /// oldest plan counts most).
  case ensembling(decay: Double)

  /// Half of each chunk.
  public static func half(of chunk: Int) -> ChunkExecution { .horizon(max(1, chunk / 2)) }
}

extension ChunkExecution: Codable {
  private enum Key: String, CodingKey { case horizon, ensembling }

  /// `{"horizon": 4}` or `{"ensembling": 0.01}`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    if let decay = try container.decodeIfPresent(Double.self, forKey: .ensembling) {
      self = .ensembling(decay: decay)
    } else {
      self = .horizon(try container.decode(Int.self, forKey: .horizon))
    }
  }

  /// `{"horizon": 4}` or `{"ensembling": 0.01}`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .horizon(let decisions): try container.encode(decisions, forKey: .horizon)
    case .ensembling(let decay): try container.encode(decay, forKey: .ensembling)
    }
  }
}
