internal import Control
public import Foundation
internal import Policy

/// Training between rounds, promotion, and the way back.
extension ArmHost {
  /// What a correction session trains on, and where its policies go.
  ///
  /// Policies are named `round-N` from `firstRound` on.
  public func trainRounds(
    with trainer: any Trainer, datasets: [URL], policies: URL, seed: UInt64, firstRound: Int = 1
  ) {
    rounds = TrainingRounds(
      trainer: trainer, datasets: datasets, policies: policies, seed: seed, firstRound: firstRound)
    trainedOn = datasets.map(\.standardizedFileURL.path)
  }

  /// Starts training on everything recorded, once the recorder has settled.
  public func beginTraining(round: Int) { rounds?.begin(round) }

  /// How far that is; a finished policy is checked, and loaded if it passes, before this says so.
  public var training: TrainingState {
    guard let rounds else { return .failed("This session has nothing to train with.") }
    let state = rounds.state(recorderIsSettled: recorder?.status.unfinished ?? 0 == 0, parent: lineage.last)
    guard case .finished = state, let folder = rounds.takeFinished() else { return state }
    do throws(HostError) {
      try promote(folder)
      return .finished
    } catch {
      return .failed("The new policy could not be used: \(error)")
    }
  }

  private func promote(_ folder: URL) throws(HostError) {
    let description: PolicyDescription
    do throws(PolicyError) {
      description = try Policy.load(folder).description
    } catch {
      throw .policy(error)
    }
    switch CandidateCheck.judge(description) {
    case .refused(let why):
      teller("policy \(folder.lastPathComponent) is not used: \(why); \(policyName) goes on")
    case .promoted(let how):
      try load(policy: folder)
      teller("policy \(folder.lastPathComponent) is trained and loaded: \(how)")
      promoted(folder)
    }
  }

  /// Goes back to the policy before the present one.
  public func rollBack() -> String? {
    guard lineage.count >= 2 else {
      teller("there is no policy before \(policyName) in this session")
      return nil
    }
    let given = lineage.removeLast()
    let before = lineage.removeLast()
    do throws(HostError) {
      try load(policy: before)
      teller("back to policy \(before.lastPathComponent); \(given.lastPathComponent) stays on disk")
      return before.lastPathComponent
    } catch {
      lineage += [before, given]
      teller("policy \(before.lastPathComponent) could not be loaded again (\(error)); \(policyName) goes on")
      return nil
    }
  }

  /// Keeps what a session that is killed now has to know to go on; where that cannot be written, the person is told once a
  /// time and the session goes on: what was recorded is kept anyway.
  public func keep(_ progress: SessionProgress) {
    guard let rounds else { return }
    var progress = progress
    progress.datasets = trainedOn
    do {
      try rounds.keep(progress)
    } catch {
      teller("how far this session is could not be written down: \(error.localizedDescription)")
    }
  }
}
