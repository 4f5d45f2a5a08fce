/// The scripted person on the leader arm: how they take over, hand back, see and move.
public struct OperatorOptions: Hashable, Sendable {
  /// How a person takes the arm away from the policy.
  public enum TakeOver: String, Sendable, CaseIterable {
    /// By moving the leader; the pedal only if the host has not noticed within 0.6 s.
    case grab
    /// By the pedal, with a still hand on the leader.
    case pedal
  }

  /// When a person gives the arm back.
  public enum HandBack: String, Sendable, CaseIterable {
    /// After finishing the episode by hand.
    case finish
    /// As soon as the arm is well on the way again.
    case margin
  }

  /// False: nobody is there; the leader lies limp and nobody presses anything.
  public var isPresent = true
  /// False: the person does something else meanwhile and comes only when a gate asks.
  public var watches = true
  /// The person lets the policy fail first, by the task's own rules, and takes over only then: how well they recover from
  /// wherever that is.
  public var waitsForFailure = false
  /// How the person takes over.
  public var takeOver = TakeOver.grab
  /// When the person hands back.
  public var handBack = HandBack.finish
  /// From the moment at which the scene shows that the arm strays to the moment at which the hand moves.
  public var reaction_s = 0.24
  /// What the eye sees is so old.
  public var vision_s = 0.08
  /// What the hand does arrives at the follower's tool so much later; a person knows their tool and allows for it. At
  /// 20 ms recorded commands fit best what the skill asks for at the recorded tool position (0.4 mm; 0.8 mm at 60 ms).
  public var chain_s = 0.02
  /// The hand follows its intent up to this frequency.
  public var bandwidth_Hz = 8.0
  /// Standard deviation of the hand's trembling at each joint.
  public var tremor_rad = 0.0005
  /// How much gains and speed vary from episode to episode: ±this share.
  public var style = 0.15

  /// A practised person who finishes what they correct.
  public init() {}
}
