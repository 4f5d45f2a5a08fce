/// What the numbers of a network's last layer mean. A = chunk × joints, the numbers of one action.
public enum ActionHead: Equatable, Sendable {
  /// A numbers: the action itself.
  case mean
  /// Some joints, or all, choose among values: in place of such a joint's number stand as many logits, in each step of
  /// the chunk. The value with the greatest logit (of the members' mean) is the action.
  case categorical(levels: [String: [Float]])
  /// A mixture of Gaussians over the whole action (Bishop 1994): M logits, then M × A means, then M × A numbers s with
  /// log σ = 4 tanh(s / 4). For people who do the same thing now one way, now another; the mean of both would be
  /// neither. The action is the mean of the component with the greatest weight, of all members' components.
  case mixture(components: Int)

  /// How many numbers the last layer gives for an action.
  public func width(chunk: Int, joints: [String]) -> Int {
    switch self {
    case .mean: chunk * joints.count
    case .categorical(let levels): chunk * joints.reduce(0) { $0 + (levels[$1]?.count ?? 1) }
    case .mixture(let components): components * (1 + 2 * chunk * joints.count)
    }
  }

  /// The values that a joint chooses from; nil for a joint that moves freely.
  public func levels(of joint: String) -> [Float]? {
    if case .categorical(let levels) = self { levels[joint] } else { nil }
  }
}

extension ActionHead: Codable {
  private enum Key: String, CodingKey { case kind, levels, components }
  private enum Kind: String, Codable { case mean, categorical, mixture }

  /// `{"kind": "mean"}`, `{"kind": "categorical", "levels": {"gripper": [0, 0.5]}}` or
  /// `{"kind": "mixture", "components": 5}`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    switch try container.decode(Kind.self, forKey: .kind) {
    case .mean: self = .mean
    case .categorical: self = .categorical(levels: try container.decode([String: [Float]].self, forKey: .levels))
    case .mixture: self = .mixture(components: try container.decode(Int.self, forKey: .components))
    }
  }

  /// As it stands in `policy.json`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .mean: try container.encode(Kind.mean, forKey: .kind)
    case .categorical(let levels):
      try container.encode(Kind.categorical, forKey: .kind)
      try container.encode(levels, forKey: .levels)
    case .mixture(let components):
      try container.encode(Kind.mixture, forKey: .kind)
      try container.encode(components, forKey: .components)
    }
  }
}
