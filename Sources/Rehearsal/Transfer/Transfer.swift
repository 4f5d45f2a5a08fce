// What a recovered reward is good for: planning on it when the dynamics change, beside the policy that copies.
//
//     demonstrations (scene as it is) ─▶ policy that copies ───────────────────────────┐
//                                     └▶ reward ─▶ plans anew, 6 times a second ───────┤─▶ a joint slowed, a rougher table
//                                                    ▲ a model of the new dynamics     │
//
// The planner is given the changed dynamics and the copy is not: that is what a reward makes possible, not a like for like.
// All drive the same `RolloutWorld` from the same fresh starts; a command more than the rig's lag limit ahead of its joint
// ends the episode, as the host would.

internal import Arm
internal import Episodes
public import Foundation
internal import Learning
internal import RealTime
internal import Session
internal import Twin

/// Runs a plan's cells, and keeps each in a file: an interrupted comparison goes on where it was.
public struct Transfer: Sendable {
  private let plan: TransferPlan
  private let folder: StudyFolder
  private let rig: Rig

  /// A comparison in a folder; another plan's is refused.
  public init(_ plan: TransferPlan, folder: URL) throws {
    self.plan = plan
    rig = try Rig.load("twin-\(plan.task)")
    self.folder = try StudyFolder(folder, plan: plan)
  }

  /// Every cell that is not there yet; `progress` gets each as it comes and how many there are, and ends it with false.
  public func run(progress: (TransferCell, Int) -> Bool) throws -> TransferReport {
    var cells: [TransferCell] = []
    let count = plan.seeds.count * (2 * TransferArm.allCases.count - 1)
    for seed in plan.seeds {
      let seat = try Seat(plan, rig: rig, seed: seed, folder: folder.url.appending(path: "seed-\(seed)"))
      for isChanged in [true, false] {
        // Without a change the nominal model is the model.
        for arm in TransferArm.allCases where isChanged || arm != .nominal {
          let cell = TransferCell(arm: arm, seed: seed, isChanged: isChanged)
          if let known: TransferCell = folder.cell(cell.name) {
            cells.append(known)
            continue
          }
          let done = try seat.run(cell)
          try folder.keep(done, as: cell.name)
          cells.append(done)
          guard progress(done, count) else { return TransferReport(plan, cells: cells) }
        }
      }
    }
    return TransferReport(plan, cells: cells)
  }
}

/// All that belongs to one seed: demonstrations, the policy that copies them, the reward.
private struct Seat {
  let plan: TransferPlan
  let rig: Rig
  let seed: UInt64
  let policy: URL
  /// Those that plans begin from.
  let demonstrations: [DemonstratedTrajectory]
  let planned: [TrajectoryReward.Weight]
  let changed: TwinDynamics

  init(_ plan: TransferPlan, rig: Rig, seed: UInt64, folder: URL) throws {
    self.plan = plan
    self.rig = rig
    self.seed = seed
    policy = folder.appending(path: "policy")
    let dataset = folder.appending(path: "demonstrations")
    let rewardFile = folder.appending(path: "reward.json").path
    let rehearsal = Rehearsal(rig: rig, task: plan.task, seed: seed)
    if !FileManager.default.fileExists(atPath: rewardFile) {
      try? FileManager.default.removeItem(at: folder)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try rehearsal.demonstrate(into: dataset, episodes: plan.demonstrations)
      try rehearsal.train([dataset], output: policy)
    }
    let fitting = try RewardFitting(rig: rig, datasets: [dataset.path])
    demonstrations = Array(try fitting.demonstrations().prefix(plan.recalled))
    if !FileManager.default.fileExists(atPath: rewardFile) {
      var options = TwinOptions()
      options.task = plan.task
      _ = try fitting.fit(
        TwinRollouts(options, rig: rig, features: plan.features), pieces: plan.horizon, most: plan.fitted,
        output: rewardFile, plan.reward, seed: seed
      ) { _ in true }
    }
    planned = try RewardFile(path: rewardFile).planned(rig)
    let joint = rig.pairs[0].follower.arm.index(of: plan.slowJoint) ?? 0
    var dynamics = TwinDynamics()
    dynamics.tableFriction = plan.friction
    dynamics.slowest_rad_s[plan.slowJoint] = max(0.01, plan.slowShare * Self.fastest(demonstrations, joint))
    changed = dynamics
  }

  /// The 99th percentile of a joint's commanded speed, in rad/s.
  private static func fastest(_ demonstrations: [DemonstratedTrajectory], _ joint: Int) -> Double {
    let speeds = demonstrations.flatMap { shown in
      zip(shown.path, shown.path.dropFirst()).map { Double(abs($1[joint] - $0[joint])) / shown.scene.period_s }
    }.sorted()
    return speeds.isEmpty ? 0 : speeds[Int(0.99 * Double(speeds.count - 1))]
  }

  private func options(_ dynamics: TwinDynamics) -> TwinOptions {
    var options = TwinOptions()
    options.task = plan.task
    options.seed = seed
    options.dynamics = dynamics
    return options
  }

  private func weights(_ arm: TransferArm) -> [Double] {
    switch arm {
    case .truth: plan.trueWeights
    case .equal: planned.map { $0.deviation > 0 ? -1 / $0.deviation : 0 }
    case .copy, .recovered, .nominal: planned.map(\.value)
    }
  }

  private var bounds: TrajectoryPlanner<TwinRollouts>.Bounds {
    let arm = rig.pairs[0].follower.arm
    let rate = Float(rig.decision_Hz)
    return .init(
      lower: arm.lower, upper: arm.upper, step_rad: rig.envelope.velocity_rad_s / rate,
      lag_rad: rig.envelope.lag_rad)
  }

  /// Drives the world from each start.
  func run(_ empty: TransferCell) throws -> TransferCell {
    var cell = empty
    let began = Date()
    let world = try RolloutWorld(options(cell.isChanged ? changed : TwinDynamics()))
    let driver = cell.arm == .copy ? try PolicyDriver(policy, rig: rig) : nil
    let model = try TwinRollouts(
      options(cell.isChanged && cell.arm != .nominal ? changed : TwinDynamics()), rig: rig,
      features: planned.map(\.name))
    for episode in 0..<plan.episodes {
      let number = Rehearsal.firstEvaluation + episode
      var random = SplitMix64(seed: seed &* 1_000_003 &+ UInt64(number))
      var jitter = SIMD8<Double>.zero
      for joint in 0..<5 { jitter[joint] = random.uniform(-0.05...0.05) }
      world.begin(episode: number, jitter: jitter)
      var configuration = TrajectoryPlanner<TwinRollouts>.Configuration()
      configuration.horizon = plan.horizon
      configuration.samples = plan.candidates
      configuration.rounds = plan.planRounds
      var planner = TrajectoryPlanner(
        model, weights: weights(cell.arm), demonstrations: demonstrations, joints: 5, bounds: bounds, configuration,
        seed: random.next())
      driver?.begin()
      var command = JointVector(world.position)
      var queue: ArraySlice<JointVector> = []
      while world.outcome == .open, !world.isBroken {
        let position = JointVector(world.position)
        if let driver {
          command = driver.next(position: position, environment: reading(world), command: command)
        } else {
          if queue.isEmpty {
            var scene = RolloutScene(
              environment: world.features, period_s: RolloutWorld.period_s, position: position)
            scene.velocity = JointVector(world.velocity)
            queue = try planner.plan(from: scene, command: command).prefix(configuration.stride)
          }
          command = queue.removeFirst()
        }
        world.step(command: SIMD8<Double>(command))
        let lag = command - JointVector(world.position)
        if any(lag .> rig.envelope.lag_rad) || any(-lag .> rig.envelope.lag_rad) {
          cell.stops += 1
          break
        }
      }
      cell.outcomes.append(world.outcome == .success && !world.isBroken)
      cell.distance_m += distance(world) / Double(plan.episodes)
    }
    cell.took_s = (Date().timeIntervalSince(began) * 10).rounded() / 10
    return cell
  }

  private func reading(_ world: RolloutWorld) -> EnvironmentReading {
    var reading = EnvironmentReading()
    let seen = Dictionary(zip(world.featureNames, world.features), uniquingKeysWith: { first, _ in first })
    for (index, name) in rig.environmentNames.enumerated() { reading.values[index] = Float(seen[name] ?? .nan) }
    reading.time = .zero
    return reading
  }

  private func distance(_ world: RolloutWorld) -> Double {
    let seen = Dictionary(zip(world.featureNames, world.features), uniquingKeysWith: { first, _ in first })
    let x = (seen["puck.x"] ?? .nan) - (seen["goal.x"] ?? .nan), y = (seen["puck.y"] ?? .nan) - (seen["goal.y"] ?? .nan)
    return (x * x + y * y).squareRoot()
  }
}
