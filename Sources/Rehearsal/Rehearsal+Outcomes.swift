public import Foundation
internal import Session

extension Rehearsal {
  /// Success or not of each frozen start.
  public func outcomes(_ policy: URL, episodes: Int) throws -> [Bool] {
    let (_, session) = try session(.evaluate, policy: policy, into: nil, first: Self.firstEvaluation) { plan in
      plan.episodes = episodes
      plan.labelsByTruth = true
    }
    return session.conductor?.outcomes.map { $0.label == .success } ?? []
  }
}
