import Control
import Foundation
import Policy
import Testing

@testable import Session

/// What decides about policies between rounds.
@Suite struct CorrectionTests {
  private func description(_ metrics: [String: Double]) -> PolicyDescription {
    let column = PolicyStatistics.Column(mean: 0, std: 1, min: -1, max: 1)
    var description = PolicyDescription(
      interface: PolicyInterface(
        arm: "a", features: ["x"], actions: ["j"], representation: .relativeToCommand, decision_Hz: 25),
      network: NetworkShape(hidden: [4]), statistics: PolicyStatistics(features: [column], actions: [column]))
    description.lineage.metrics = metrics
    return description
  }

  private func verdict(own: Double, before: Double, episodes: Double = 3) -> CandidateCheck.Verdict {
    CandidateCheck.judge(
      description([
        PolicyTraining.heldOutErrorMetric: own, PolicyTraining.parentErrorMetric: before,
        PolicyTraining.heldOutCorrectionsMetric: episodes,
      ]))
  }

  private func isPromoted(_ verdict: CandidateCheck.Verdict) -> Bool {
    if case .promoted = verdict { true } else { false }
  }

  @Test func `a candidate may be a tenth worse on held-out corrections and no more`() {
    #expect(isPromoted(verdict(own: 0.4, before: 0.5)))
    #expect(isPromoted(verdict(own: 0.5499, before: 0.5)))
    #expect(!isPromoted(verdict(own: 0.5501, before: 0.5)))
  }

  @Test func `with too few held-out corrections it drives, and the person is told to watch`() {
    guard case .promoted(let how) = verdict(own: 9, before: 0.5, episodes: 2) else {
      return #expect(Bool(false), "refused on two episodes")
    }
    #expect(how.contains("2 held-out") && how.contains("press b"))
  }

  @Test func `a candidate that clips its own training data or has no finite figures is refused`() {
    #expect(!isPromoted(CandidateCheck.judge(description([PolicyTraining.atLimitsMetric: 0.21]))))
    #expect(isPromoted(CandidateCheck.judge(description([PolicyTraining.atLimitsMetric: 0.19]))))
    #expect(!isPromoted(CandidateCheck.judge(description(["training loss": .nan]))))
  }

  @Test func `thresholds follow from the budget, after more than 25 decisions`() {
    var budget = GateBudget(rate: 0.1)
    var snapshot = Snapshot()
    snapshot.state = .autonomous
    snapshot.record.decides = true
    snapshot.record.policyWish = .zero
    for decision in 1...25 {
      snapshot.record.gateScore = Float(decision)
      snapshot.safety = Float(-decision)
      budget.watch(snapshot)
    }
    #expect(budget.refit() == nil)
    for decision in 26...100 {
      snapshot.record.gateScore = Float(decision)
      snapshot.safety = Float(-decision)
      budget.watch(snapshot)
    }
    #expect(budget.refit()?.doubt == 90 && budget.refit()?.safety == -91)
    // A person's driving says nothing about the policy.
    snapshot.state = .correcting
    snapshot.record.gateScore = 1e6
    for _ in 0..<1000 { budget.watch(snapshot) }
    #expect(budget.refit()?.doubt == 90)
  }

  @Test func `a session's progress is read as it was written, and one that is torn is refused`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "progress-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(try SessionProgress.read(from: folder) == nil)
    var progress = SessionProgress(round: 2, frames: 31, nextEpisode: 10_019, policy: "round-2")
    progress.datasets = ["/a", "/b"]
    let file = SessionProgress.file(in: folder)
    let data = try JSONEncoder().encode(progress)
    try data.write(to: file)
    #expect(try SessionProgress.read(from: folder) == progress)
    try data.prefix(20).write(to: file)
    #expect(throws: HostError.self) { try SessionProgress.read(from: folder) }
  }
}
