internal import Episodes
internal import Foundation
internal import Learning
internal import Policy
internal import RealTime
internal import Session
internal import Twin

extension OneShotStudy {
  /// One unseen task; nil where the person could not show it.
  func cell(_ task: Int, _ family: MetaPolicy, _ shown: URL) throws -> Cell? {
    let dataset = try Dataset.open(shown.path, durable: false)
    let key = FamilyGeneration.key(rehearsal.task, task)
    guard let entry = dataset.episodes.first(where: { $0.task == key && $0.label == .success }) else { return nil }
    var demonstration = try TaskDemonstrations(rig: rehearsal.rig)
    try demonstration.add(try dataset.read(entry), id: entry.id, task: entry.task)
    var one = rehearsal
    one.variant = task
    var cell = Cell(task: task, successes: [:], seconds: [:], goalError_m: .nan)
    let truth = try trueGoal(one, family)
    for arm in Arm.allCases {
      let adapted: MetaPolicy.Adapted
      switch arm {
      case .replay:
        cell.successes[arm] = try replay(dataset.path(of: entry), one)
        continue
      case .none: adapted = try family.adapt(to: demonstration, named: entry.id, method: MetaPolicy.Method.none)
      case .fineTune: adapted = try family.adapt(to: demonstration, named: entry.id, method: .fineTune)
      case .maml: adapted = try family.adapt(to: demonstration, named: entry.id, method: .maml)
      case .goalRead:
        adapted = try family.adapt(to: demonstration, named: entry.id, method: .goal)
        let read = adapted.goal_m ?? []
        cell.goalError_m = zip(read, truth).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      case .goalGiven: adapted = try family.adapt(toGoal: truth, named: entry.id)
      }
      cell.seconds[arm] = adapted.seconds
      cell.successes[arm] = try drive(adapted, one)
    }
    return cell
  }

  private func firstScene(_ one: Rehearsal) -> Int {
    (one.variant ?? 0) * FamilyGeneration.scenesPerTask + Self.firstTestScene
  }

  /// A policy's successes over the task's test starts.
  private func drive(_ adapted: MetaPolicy.Adapted, _ one: Rehearsal) throws -> [Bool] {
    let policy = folder.appending(path: "policy-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: policy) }
    try Policy.save(adapted.description, adapted.parameters, to: policy)
    return try (0..<starts).map { start in
      // A start each: an arm that a policy has jammed somewhere cannot spoil the next one.
      let first = firstScene(one) + start
      let (_, session) = try one.session(
        .evaluate, policy: policy, into: nil, first: first, limit: .seconds(120)
      ) { plan in
        plan.episodes = 1
        plan.labelsByTruth = true
      }
      return session.conductor?.outcomes.first?.label == .success
    }
  }

  /// The demonstration's commands in the tests' scenes.
  private func replay(_ log: String, _ one: Rehearsal) throws -> [Bool] {
    let recorded = try RecordedEpisode(log, episode: nil, for: one.rig)
    return try (0..<starts).map { start in
      var options = TwinOptions()
      (options.task, options.variant, options.seed, options.person.isPresent) = (one.task, one.variant, one.seed, false)
      let session = try VirtualSession(rig: one.rig, twin: options, leaderMirrors: false)
      session.world.place(episode: firstScene(one) + start)
      var isDone = false
      session.afterTick = { [world = session.world] _ in isDone = isDone || world.outcome == .success }
      session.begin(recorded.plan(rig: one.rig, settings: session.host.settings, speed: 1, seed: one.seed))
      try session.run(limit: .seconds(120))
      return isDone
    }
  }

  /// Where the task's goal is in the family's frame, as the twin knows it.
  private func trueGoal(_ one: Rehearsal, _ family: MetaPolicy) throws -> [Double] {
    guard let frame = family.description.frame else { throw AdaptError.noGoal }
    var options = TwinOptions()
    (options.task, options.variant, options.seed, options.hardware) = (
      one.task, one.variant, one.seed, one.rig.hardware
    )
    let world = try TwinWorld(options)
    world.place(episode: firstScene(one))
    let scene = Dictionary(uniqueKeysWithValues: world.scene.map { ($0.name, $0.value) })
    return try frame.axes.map { axis in
      let origin = frame.reference.map { scene["\($0).\(axis)"] } ?? 0
      guard let goal = scene["goal.\(axis)"], let origin else {
        throw RehearsalError.refused("The twin's task \(one.task) does not tell its goal along \(axis).")
      }
      return goal - origin
    }
  }
}
