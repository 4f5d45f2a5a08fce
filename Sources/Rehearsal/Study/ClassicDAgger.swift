internal import Arm
internal import Control
internal import Episodes
internal import Foundation
internal import Learning
internal import RealTime
internal import Session
internal import Twin

/// Classic DAgger (Ross, Gordon and Bagnell, AISTATS 2011, algorithm 3.1): policy and expert drive by turns of single
/// decisions, the expert in a share β of them, and every visited state gets the expert's action as its label. The
/// demonstrations are the first iteration, with β = 1; what follows is a schedule's (`BetaSchedule`). On the twin only: the label is what the scripted person would do from there, without eye, hand or fatigue; no
/// person could give it at 25 Hz while another hand drives.
extension Rehearsal {
  /// Rounds of driving and labelling; the rows of each round.
  func labelEverywhere(
    _ first: URL, demonstrations: URL, frames: Int, rounds: Int, schedule: BetaSchedule, folder: URL
  ) throws -> [Frames] {
    var policy = first
    var labelled: [Frames] = []
    for round in 1...rounds {
      labelled.append(
        try label(
          policy, atLeast: frames, first: Self.firstCorrection + round * 500,
          beta: schedule.beta(iteration: round + 1)))
      guard round < rounds else { break }
      policy = folder.appending(path: "classic-\(round)")
      try train(labelled, demonstrations: demonstrations, output: policy)
    }
    return labelled
  }

  /// The policy drives, episode after episode, until so many states were labelled.
  private func label(_ policy: URL, atLeast count: Int, first: Int, beta: Double) throws -> Frames {
    let columns = try Demonstrations.Columns(rig: rig, chunk: 1)
    var rows = Frames(features: columns.features, actions: columns.actions.map(\.name))
    var options = TwinOptions()
    options.task = task
    options.seed = seed
    options.person = person
    let session = try VirtualSession(rig: rig, twin: options, leaderMirrors: false)
    try session.host.load(policy: policy)
    var plan = SessionPlan(activity: .evaluate, rig: rig, settings: session.host.settings, seed: seed)
    plan.firstEpisode = first
    plan.labelsByTruth = true
    var isEnough = false
    var features = [Float](repeating: 0, count: columns.features.count)
    session.afterTick = { [unowned session] snapshot in
      let record = snapshot.record
      guard !isEnough, record.decides, record.source == .policy, record.episode > 0 else { return }
      features.withUnsafeMutableBufferPointer {
        columns.plan.compute(record.follower.position, record.environment.values, into: $0)
      }
      guard features.allSatisfy(\.isFinite) else { return }
      let advice = session.world.advice_rad
      rows.append(
        features: features, actions: columns.actions.map { Float(advice[$0.joint]) }, episode: Int(record.episode))
      isEnough = rows.count >= count
      if isEnough { session.conductor?.end() }
    }
    session.begin(plan)
    guard beta > 0, let learner = session.host.newestPolicy else {
      try session.run(limit: .seconds(3600))
      return rows
    }
    let mixture = try ExpertMixture(
      session, learner: learner, columns: columns, beta: beta, seed: seed &+ UInt64(first))
    var trouble: (any Error)?
    session.aroundTick = { run in
      do { try mixture.prepare() } catch { trouble = trouble ?? error }
      run()
    }
    try session.run(limit: .seconds(3600))
    if let trouble { throw trouble }
    return rows
  }

  /// Trains on demonstrations and labelled rows.
  func train(_ labelled: [Frames], demonstrations: URL, output: URL) throws {
    var cut = Demonstrations(try Demonstrations.Columns(rig: rig, chunk: 1))
    try cut.add(Dataset.open(demonstrations.path), holdsOut: false)
    var frames = cut.frames
    for rows in labelled { frames.append(rows) }
    try training.run(frames, output: output, seed: seed)
  }
}
