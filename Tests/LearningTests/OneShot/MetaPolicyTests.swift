import Arm
import Episodes
import Foundation
import Policy
import RealTime
import Testing

@testable import Learning

@Suite struct MetaPolicyTests {
  /// A family that is trained for a moment.
  private func quick() -> MetaPolicy.Configuration {
    var configuration = MetaPolicy.Configuration()
    configuration.meta.hidden = [32, 32]
    configuration.meta.tasksPerBatch = 8
    configuration.iterations = 300
    configuration.goalSteps = 300
    return configuration
  }

  @Test func `a goal is seen from where a task's demonstrations end alike`() throws {
    var shown = try Shown(seed: 1)
    let fixed = GoalFrame.find(in: try shown.demonstrations(.anywhere, tasks: 10))
    #expect(fixed?.frame == GoalFrame(point: "tool", reference: nil, axes: ["x", "y", "z"]))
    let beside = GoalFrame.find(in: try shown.demonstrations(.leads, tasks: 10))
    #expect(beside?.frame == GoalFrame(point: "tool", reference: "mark", axes: ["x", "y", "z"]))
    #expect(try #require(beside).agreement.within_m < 0.001 && #require(beside).agreement.between_m > 0.02)
  }

  @Test func `a goal in the observation is refused, with the feature that tells it`() throws {
    var shown = try Shown(seed: 2)
    let told = try shown.demonstrations(.tells, tasks: 30)
    let error = #expect(throws: AdaptError.self) {
      try MetaPolicy.train(told, rig: shown.rig, datasets: [], quick(), seed: 1)
    }
    guard case .goalInSight(let share, let telling) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(share > 0.8 && telling.hasPrefix("mark-tool"))
    let hidden = try shown.demonstrations(.leads, tasks: 30)
    let frame = try #require(GoalFrame.find(in: hidden)).frame
    #expect(try #require(FirstSight(hidden, frame)).share < 0.5)
  }

  @Test func `a goal in the observation is refused where it is another in each episode, and where episodes are few`()
    throws
  {
    var shown = try Shown(seed: 8)
    for told in [try shown.demonstrations(.tellsLevel, tasks: 8, each: 2), try shown.everyEpisodeElsewhere(tasks: 20)] {
      let error = #expect(throws: AdaptError.self) {
        _ = try MetaPolicy.train(told, rig: shown.rig, datasets: [], quick(), seed: 1)
      }
      guard case .goalInSight(_, let telling) = error, telling.hasPrefix("mark-tool") else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    #expect(GoalFrame.find(in: try shown.everyEpisodeElsewhere(tasks: 20)) == nil)
    for seed in 0..<20 as Range<UInt64> {
      var shown = try Shown(seed: seed)
      let hidden = try shown.demonstrations(.leads, tasks: 8, each: 2)
      let frame = try #require(GoalFrame.find(in: hidden)).frame
      #expect(try #require(FirstSight(hidden, frame)).share < MetaPolicy.mostInSight, "seed \(seed)")
    }
  }

  @Test func `too few tasks are refused with what to do`() throws {
    var shown = try Shown(seed: 3)
    let few = try shown.demonstrations(.leads, tasks: 7)
    #expect(throws: AdaptError.tooFewTasks(found: 7, keys: few.families().map(\.key), once: 0, least: 8)) {
      try MetaPolicy.train(few, rig: shown.rig, datasets: [], quick(), seed: 1)
    }
    let once = try shown.demonstrations(.leads, tasks: 20, each: 1)
    #expect(throws: AdaptError.tooFewTasks(found: 0, keys: [], once: 20, least: 8)) {
      try MetaPolicy.train(once, rig: shown.rig, datasets: [], quick(), seed: 1)
    }
  }

  @Test
  func `a goal that was read is worth more than nothing, and a goal that is folded in answers like one that is seen`()
    throws
  {
    var shown = try Shown(seed: 4)
    let family = try #require(
      try MetaPolicy.train(
        try shown.demonstrations(.leads, tasks: 40), rig: shown.rig, datasets: [], quick(), seed: 1))
    let errors = family.description.heldOutErrors
    let none = try #require(errors["none"])
    #expect(try #require(errors["goal"]) < 0.6 * none, "\(errors)")
    #expect(family.description.method == .goal)

    // Another place, another start: as many decisions as there are features to see.
    var next = try TaskDemonstrations(rig: shown.rig)
    let offset: SIMD3<Float> = [0.02, -0.03, 0.05]
    let end = shown.posture()
    next.add(
      shown.records(from: shown.posture(), to: end, mark: shown.tool(end) - offset), id: "next", task: "next")
    let adapted = try family.adapt(to: next, named: "next")
    let goal = try #require(adapted.goal_m)
    for axis in 0..<3 { #expect(abs(goal[axis] - Double(offset[axis])) < 1e-4) }
    let frame = try #require(family.description.frame)
    let whole = try #require(family.goal)
    let seeing = try Policy(whole.description, whole.parameters, kernels: .chosen())
    let folded = try adapted.policy()
    #expect(folded.description.interface.features == shown.rig.policy.features + ["mark.x", "mark.y", "mark.z"])
    for row in next.episodes[0].rows {
      let a = answer(seeing, GoalRow.features(next, row, frame, goal))
      let b = answer(
        folded,
        folded.description.interface.features.map { name in
          Float(next.value(row, next.column(name) ?? 0))
        })
      for (a, b) in zip(a, b) { #expect(abs(a - b) < 1e-5) }
    }
  }

  private func answer(_ policy: Policy, _ features: [Float]) -> [Float] {
    var given = [Float](repeating: 0, count: policy.actionCount)
    features.withUnsafeBufferPointer { features in
      given.withUnsafeMutableBufferPointer { _ = policy.infer(features, mean: $0) }
    }
    return given
  }

  @Test func `a family that was interrupted becomes the same, to the bit`() throws {
    var shown = try Shown(seed: 5)
    let demonstrations = try shown.demonstrations(.leads, tasks: 12)
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let state = folder.appending(path: "state")
    var configuration = quick()
    configuration.goalSteps = 20
    let straight = try #require(
      try MetaPolicy.train(demonstrations, rig: shown.rig, datasets: [], configuration, seed: 3))
    var calls = 0
    let stopped = try MetaPolicy.train(
      demonstrations, rig: shown.rig, datasets: [], configuration, seed: 3, checkpoint: state
    ) { progress in
      if progress.part == "to adapt" { calls += 1 }
      return calls < 2
    }
    #expect(stopped == nil && FileManager.default.fileExists(atPath: state.path))
    #expect(throws: AdaptError.self) {
      try MetaPolicy.train(demonstrations, rig: shown.rig, datasets: [], configuration, seed: 4, checkpoint: state)
    }
    let resumed = try #require(
      try MetaPolicy.train(
        demonstrations, rig: shown.rig, datasets: [], configuration, seed: 3, checkpoint: state))
    #expect(resumed.prepared.parameters == straight.prepared.parameters && resumed.description == straight.description)
    #expect(FileManager.default.fileExists(atPath: state.path), "kept until what was learned is written")
    for (curve, same) in [
      (resumed.curves.adapting, straight.curves.adapting), (resumed.curves.joint, straight.curves.joint),
    ] {
      #expect(curve == same && curve.map(\.iteration) == [100, 200, 300])
    }
    let adapting = resumed.curves.adapting
    #expect(adapting[2].after < adapting[2].before && adapting[2].after < adapting[0].after, "\(adapting)")
    #expect(resumed.curves.joint.allSatisfy { $0.after == $0.before })
    let rates = straight.prepared.rates
    #expect(resumed.prepared.rates == rates && Set(rates).count > 100, "each weight has its own step size")

    let file = folder.appending(path: "family")
    try resumed.save(to: file)
    let read = try MetaPolicy(file)
    #expect(read.description == resumed.description && read.joint.parameters == resumed.joint.parameters)
    #expect(read.prepared.rates == rates && read.joint.rates.isEmpty)
    #expect(throws: AdaptError.self) { try resumed.save(to: file) }
    let steps = file.appending(path: "maml/inner-rates.safetensors")
    let written = try Data(contentsOf: steps)
    let short = try SafeTensors(tensors: ["rates": .init(shape: [1], values: [0.2])]).encoded()
    for damaged in [written.prefix(40), Data(short)] {
      try damaged.write(to: steps)
      #expect(throws: AdaptError.self) { try MetaPolicy(file) }
    }
    try written.write(to: steps)
    _ = try MetaPolicy(file)
    try Data("{}".utf8).write(to: file.appending(path: "adapt.json"))
    #expect(throws: AdaptError.self) { try MetaPolicy(file) }
  }

  @Test func `a demonstration that ends in motion, or is too short, or too far, is no demonstration`() throws {
    var shown = try Shown(seed: 6)
    var configuration = quick()
    (configuration.iterations, configuration.goalSteps) = (10, 10)
    let family = try #require(
      try MetaPolicy.train(
        try shown.demonstrations(.leads, tasks: 12), rig: shown.rig, datasets: [], configuration, seed: 1))
    func adapt(_ records: [TickRecord]) throws {
      var one = try TaskDemonstrations(rig: shown.rig)
      one.add(records, id: "it", task: "it")
      _ = try family.adapt(to: one, named: "it")
    }
    let (start, end) = (shown.posture(), shown.posture())
    let mark = shown.tool(end) - [0, 0, 0.05]
    try adapt(shown.records(from: start, to: end, mark: mark))
    let hasty = #expect(throws: AdaptError.self) {
      try adapt(shown.records(from: start, to: end + [1, 0, 0, 0, 0, 0, 0, 0], mark: mark, seconds: 0.5))
    }
    if case .restless = hasty {} else { Issue.record("\(String(describing: hasty))") }
    let short = #expect(throws: AdaptError.self) {
      try adapt(shown.records(from: start, to: end, mark: mark, seconds: 0.3))
    }
    if case .tooShort = short {} else { Issue.record("\(String(describing: short))") }
    let far = #expect(throws: AdaptError.self) {
      try adapt(shown.records(from: start, to: end, mark: mark + [0.2, 0, 0]))
    }
    if case .farGoal = far {} else { Issue.record("\(String(describing: far))") }
  }
}

extension MetaPolicy.Adapted {
  fileprivate func policy() throws -> Policy { try Policy(description, parameters, kernels: .chosen()) }
}
