public import Foundation
internal import RealTime
public import Session
internal import Twin

extension Rehearsal {
  /// Success or not of each frozen start, from the `from`-th on; `watch` may look on as the session runs.
  ///
  /// A policy may leave the arm where neither a slow move nor the person leads it back to a start: on a bench somebody sets
  /// it down anew, and so does this, with a new session for the starts that are left.
  public func outcomes(
    _ policy: URL, episodes: Int, from start: Int = 0, watch: (VirtualSession) -> Void = { _ in }
  ) throws -> [Bool] {
    var outcomes: [Bool] = []
    while outcomes.count < episodes {
      let left = episodes - outcomes.count
      var begun: VirtualSession?
      var stuck: RehearsalError?
      do {
        _ = try session(
          .evaluate, policy: policy, into: nil, first: Self.firstEvaluation + start + outcomes.count,
          limit: .seconds(60 + 30 * Double(left)),
          watch: {
            begun = $0
            watch($0)
          }
        ) { plan in
          plan.episodes = left
          plan.labelsByTruth = true
        }
      } catch let error as RehearsalError {
        stuck = error
      }
      let done = begun?.conductor?.outcomes ?? []
      if done.isEmpty { throw stuck ?? .refused(begun?.conductor?.trouble ?? "The evaluation came to no episode.") }
      outcomes += done.map { $0.label == .success }
    }
    return outcomes
  }

  /// The same as a rate over `episodes` starts from scene `first` on; an episode that a fault of wire or machine ended
  /// counts in none.
  func rate(_ policy: URL, episodes: Int, first: Int) throws -> SuccessRate {
    var rate = SuccessRate()
    var done = 0
    while done < episodes {
      let report = try evaluate(policy, episodes: episodes - done, first: first + done)
      guard report.episodes > 0 else {
        throw RehearsalError.refused(report.trouble ?? "The evaluation came to no episode.")
      }
      rate.successes += report.unassisted.successes
      rate.trials += report.unassisted.trials
      done += report.episodes
    }
    return rate
  }

  /// How often the person brings an episode to its goal that the policy has failed by the task's own rules, from wherever it
  /// left the arm. Episodes in which the policy succeeds, or in which the arm's own protection ended it, do not count.
  public func recoveries(_ policy: URL, episodes: Int) throws -> SuccessRate {
    var late = self
    late.person.waitsForFailure = true
    let (report, _) = try late.session(.correct, policy: policy, into: nil, first: Self.firstRecovery) { plan in
      plan.episodes = episodes
      plan.framesPerRound = .max
      // The task's own time is up before the session's.
      plan.limit = plan.limit.map { $0 + Nanoseconds.seconds(2) }
    }
    return report.assisted
  }
}
