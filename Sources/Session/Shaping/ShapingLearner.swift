//     log's records ─▶ decisions with their terms ─┐
//                  └─▶ reward, scold ──────────────┴▶ HumanReward ─▶ weights ─▶ Shaper's slot ─▶ the tick

public import Arm
public import Control
public import Episodes
public import Foundation
internal import Learning
internal import Synchronization

/// Learns what a person likes from a session's records, while they are written; or from a log, years later.
///
/// A pure function of the records: the same ones give the same model, bit for bit. Safe from any thread; the tick only
/// ever sees the slot.
public final class ShapingLearner: Sendable {
  /// What it comes to, for a live line.
  public struct Count: Sendable, Equatable {
    /// How often the person rewarded.
    public var rewards = 0
    /// How often they scolded.
    public var scoldings = 0
    /// Presses that came when nothing had been done that they could mean.
    public var idle = 0
  }

  private struct State: Sendable {
    var shaping: Shaping
    var episode: UInt32 = 0
    var judged: UInt32 = 0
    var count = Count()
  }

  private let state: Mutex<State>
  private let aspects: ActionAspects
  private let ticks: Int
  private let decision_s: Double
  private let slot = Mutex<Shaper?>(nil)

  /// Goes on from a model.
  public init(_ shaping: Shaping, rig: Rig) {
    aspects = ActionAspects(rig)
    ticks = rig.loop_Hz / rig.decision_Hz
    decision_s = 1 / Double(rig.decision_Hz)
    state = Mutex(State(shaping: shaping))
  }

  /// From now on what is learned goes to this shaper.
  public func teach(_ shaper: Shaper) { slot.withLock { $0 = shaper } }

  /// The model as it is now.
  public var shaping: Shaping { state.withLock { $0.shaping } }

  /// Writes the model into its policy's folder.
  public func keep(in folder: URL) throws { try shaping.write(to: folder) }

  /// What was said since this began.
  public var count: Count { state.withLock { $0.count } }

  /// `take`, for a recorder.
  public var observe: @Sendable (TickRecord) -> Void { { [self] in take($0) } }

  /// Takes in one tick.
  public func take(_ record: TickRecord) {
    let weights = state.withLock { state -> [Double]? in
      if record.episode != state.episode {
        state.episode = record.episode
        state.shaping.reward.begin()
      }
      guard record.episode != 0 else { return nil }
      let now = record.began.seconds
      if let terms = Self.decision(record, aspects, ticks: ticks) {
        state.shaping.reward.decided(terms, from: now, to: now + decision_s)
      }
      let feedback: Double
      switch Request.Action(rawValue: record.request) {
      case .reward: feedback = 1
      case .scold: feedback = -1
      default: return nil
      }
      guard state.shaping.reward.felt(feedback, at: now) else {
        state.count.idle += 1
        return nil
      }
      if feedback > 0 { state.count.rewards += 1 } else { state.count.scoldings += 1 }
      if state.judged != record.episode {
        state.judged = record.episode
        state.shaping.episodes += 1
      }
      return state.shaping.reward.weights
    }
    if let weights { slot.withLock { $0?.weights.store(ShapingWeights(weights)) } }
  }

  /// The terms of the decision that the policy took in a tick; nil where it took none, or was not heard.
  public static func decision(
    _ record: TickRecord, _ aspects: ActionAspects, ticks: Int
  ) -> [Double]? {
    guard record.decides, record.source == .policy, record.memory.steps.contains(.asked) else { return nil }
    // The first of `ticks` equal parts of the way from the command before to the target.
    let command = record.memory.goal
    let target = command + (record.policyWish - command) * Float(ticks)
    let situation = aspects.situation(at: command, step: record.memory.step, environment: record.environment.values)
    let terms = aspects.terms(of: target, in: situation)
    return (0..<ActionAspects.count).map { Double(terms[$0]) }
  }
}
