// Learning: demonstrations and corrections in, a policy out.
//
//     Frames ─▶ check ─▶ standardise ─▶ ┌ member 1: batch ─▶ forward ─▶ loss ─▶ backward ─▶ Adam ┐
//      (features, actions,              │ member 2                                               │─▶ TrainedPolicy
//       weights, episodes)              └ member K                                               ┘
//                                            └─ held-out episodes are only looked at
//
// Units: features and actions as in `Frames`; losses count in training variances of the actions (1 is what always
// answering the mean would get), because both sides are standardised.
// Torque: nothing here moves an arm. Training belongs into a process of its own: it takes a whole core.
//
// Matrix products go through OpenBLAS, everything else through fused passes (CKernelsTraining.h).
public import Foundation
internal import Policy
public import RealTime

/// Behavior cloning: supervised learning of what a person did, from what the person saw.
///
///     let trained = try BehaviorCloning.train(frames, .standard, seed: 7) { progress in
///       print(progress.step, progress.trainingLoss)
///       return true                                      // false stops, and keeps what is best so far
///     }
///     try trained.save(to: folder, description: trained.description(arm: "so101", …))
///
/// Every net starts from scratch. The same frames, configuration and seed give the same weights, bit for bit, with the
/// same OpenBLAS core and one thread (both stand in the lineage).
public enum BehaviorCloning {
  /// Trains on the frames whose episodes are not held out.
  ///
  /// `progress` is called about twenty times a run, and at each end of an epoch where the length counts epochs.
  /// Where `checkpoint` names a file, the training's whole state is kept there every few seconds until it is done; where
  /// the file exists, the training goes on from it, to the same weights as without the pause.
  public static func train(
    _ frames: Frames, _ configuration: Configuration = .standard, seed: UInt64, clock: TickClock = .monotonic,
    checkpoint: URL? = nil, progress: (TrainingProgress) -> Bool = { _ in true }
  ) throws(LearningError) -> TrainedPolicy {
    try configuration.validate()
    try frames.validate()
    let data = try TrainingData<Float>(frames, configuration)
    var random = SplitMix64(seed: seed)
    let members = (0..<configuration.ensemble).map { _ in
      MemberTraining(data, configuration, random: random.fork())
    }
    let state = checkpoint.map {
      TrainingCheckpoint(file: $0, identity: .init(frames, configuration, seed: seed))
    }
    let run = try TrainingRun(members, configuration, clock, state).finish(progress)
    var trained = TrainedPolicy(frames, data, configuration, seed: seed, members: members, run: run)
    if data.heldOut.count > 0 {
      do {
        trained.report.heldOutError = try trained.error(on: frames, rows: frames.heldOutRows)
      } catch {
        throw .policy(error)
      }
    }
    return trained
  }
}
