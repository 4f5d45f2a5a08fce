public import Arm
internal import Episodes
internal import Foundation
public import Learning
internal import RealTime

/// Plans a trajectory by a reward, step by step over rollouts, and writes it as an episode that `understudy replay` plays:
/// what the verb `reward plan` does.
public struct RewardPlanning {
  /// The rig.
  public var rig: Rig
  /// Candidates, horizon and so on.
  public var configuration = TrajectoryPlanner<SocketRollouts>.Configuration()
  /// How long the planned motion is; nil: a quarter longer than the longest demonstration.
  public var seconds: Double?
  /// How long planning may take; what is planned by then is written.
  public var mostSeconds = 120.0

  /// Planning for a rig.
  public init(rig: Rig) { self.rig = rig }

  /// What was planned.
  public struct Result: Sendable, Encodable, CustomStringConvertible {
    /// The episode's log.
    public let output: String
    /// How long the motion is.
    public let seconds: Double
    /// How long planning took.
    public let planning_s: Double
    /// Whether time ran out before the motion was as long as wished.
    public let endedEarly: Bool
    /// What the features come to over the motion.
    public let features: [String: Double]
    /// The same of the demonstrations, on average.
    public let demonstrated: [String: Double]
    /// What the environment reports at the end, by the model.
    public let environment: [String: Double]

    /// For people.
    public var description: String {
      var table = TextTable(["feature", "planned", "demonstrated"], numbers: [1, 2])
      for name in features.keys.sorted() {
        table.add(name, Figures.short(features[name]), Figures.short(demonstrated[name]))
      }
      let end = environment.sorted { $0.key < $1.key }.map { "\($0.key) \(Figures.short($0.value))" }
      return "\(output): \(Figures.short(seconds)) s of motion, planned in \(Figures.short(planning_s)) s"
        + (endedEarly ? "; cut short, time ran out (--most-seconds)" : "") + "\n\(table)\n  by the model it ends with "
        + end.joined(separator: ", ")
    }
  }

  /// Plans from where episode `number` (from 1) of the first dataset began, and writes the log at `output`.
  public func plan(
    _ file: RewardFile, demonstrations datasets: [String], from number: Int, rollouts path: String, output: String,
    seed: UInt64, progress: (Double) -> Bool
  ) throws -> Result {
    guard file.rig == rig.name else {
      throw HostError.refused(
        "The reward was fitted on the rig \(file.rig), and this is \(rig.name); fit one to this rig's episodes.")
    }
    guard !FileManager.default.fileExists(atPath: output) else {
      throw RewardError.notWritten(path: output, reason: "it exists already")
    }
    let fitting = try RewardFitting(rig: rig, datasets: datasets)
    let shown = try fitting.demonstrations()
    guard shown.indices.contains(number - 1), var scene = Optional(shown[number - 1].scene) else {
      throw HostError.refused(
        "There are \(shown.count) successful demonstrations to begin from; --from takes 1 to \(shown.count), not \(number)."
      )
    }
    let planned = try file.planned(rig)
    let model = try SocketRollouts(path: path, rig: rig, features: planned.map(\.name))
    let arm = rig.pairs[0].follower.arm
    _ = try model.check(shown[number - 1], joints: arm.jointNames, environment: rig.environmentNames)
    let bounds = TrajectoryPlanner<SocketRollouts>.Bounds(
      lower: arm.lower, upper: arm.upper, step_rad: rig.envelope.velocity_rad_s / Float(rig.decision_Hz),
      lag_rad: rig.envelope.lag_rad)
    var planner = TrajectoryPlanner(
      model, weights: planned.map(\.value), demonstrations: shown, joints: arm.tool.joint + 1,
      bounds: bounds, configuration, seed: seed)
    let longest = Double(shown.map(\.path.count).max() ?? 0) * scene.period_s
    let wished = Int(((seconds ?? 1.25 * longest) / scene.period_s).rounded(.up))
    let began = Date()
    var command = scene.position ?? shown[number - 1].path[0]
    var all = RolloutTrace(commands: [], positions: [], environments: [])
    var endedEarly = false
    while all.commands.count < wished {
      guard progress(Double(all.commands.count) / Double(wished)) else { throw RewardError.stopped }
      guard Date().timeIntervalSince(began) < mostSeconds else {
        endedEarly = true
        break
      }
      let next = Array(try planner.plan(from: scene, command: command).prefix(configuration.stride))
      guard let made = try model.traces(of: [next], in: scene).first else { break }
      all = RolloutTrace(
        commands: all.commands + made.commands, positions: all.positions + made.positions,
        environments: all.environments + made.environments)
      scene = made.end(scene)
      command = next.last ?? command
    }
    guard all.commands.count >= 2 else {
      throw HostError.refused("Nothing was planned in \(Figures.short(mostSeconds)) s; allow more (--most-seconds).")
    }
    try write(
      all, from: shown[number - 1].scene, file, episode: fitting.number(of: shown[number - 1].id), seed: seed,
      to: output)
    func named(_ values: [Double]) -> [String: Double] {
      Dictionary(zip(model.features.map(\.name), values), uniquingKeysWith: { first, _ in first })
    }
    let counts = shown.compactMap { model.counts(shown: $0) }
    let mean = model.features.indices.map { at in counts.reduce(0) { $0 + $1[at] } / Double(max(1, counts.count)) }
    return Result(
      output: output, seconds: Double(all.commands.count) * scene.period_s,
      planning_s: Date().timeIntervalSince(began), endedEarly: endedEarly,
      features: named(model.meter.counts(all, period_s: scene.period_s)), demonstrated: named(mean),
      environment: Dictionary(
        zip(rig.environmentNames, all.environments[all.environments.count - 1]), uniquingKeysWith: { first, _ in first }
      ))
  }

  /// The plan as ticks: commands on straight lines from one decision to the next, from where the arm begins.
  private func write(
    _ trace: RolloutTrace, from scene: RolloutScene, _ file: RewardFile, episode: UInt32, seed: UInt64,
    to output: String
  ) throws {
    let ticks = rig.loop_Hz / rig.decision_Hz
    let id = URL(filePath: output).deletingPathExtension().lastPathComponent
    var session = SessionInfo(id: id, activity: "plan", joints: rig.pairs[0].follower.arm.jointNames)
    session.environmentFeatures = rig.environmentNames
    session.loop_Hz = Double(rig.loop_Hz)
    session.decision_Hz = Double(rig.decision_Hz)
    session.seed = seed
    session.isSimulated = true
    session.host = ["planned_from": file.datasets.joined(separator: "+")]
    var records: [TickRecord] = []
    var before = scene.position ?? trace.commands[0], measured = before
    var environment = scene.environment
    for (at, command) in trace.commands.enumerated() {
      for tick in 1...ticks {
        let part = Float(tick) / Float(ticks)
        var record = TickRecord()
        record.tick = UInt64(records.count)
        record.scheduled = Nanoseconds(Int64(records.count) * 1_000_000_000 / Int64(rig.loop_Hz))
        record.began = record.scheduled
        record.source = .playback
        record.decides = tick == 1
        record.episode = episode
        record.command = before + (command - before) * part
        record.wish = record.command
        record.follower.position = measured + (trace.positions[at] - measured) * part
        for (place, value) in environment.prefix(EnvironmentReading.capacity).enumerated() {
          record.environment.values[place] = Float(value)
        }
        record.environment.time = record.began
        records.append(record)
      }
      before = command
      measured = trace.positions[at]
      environment = trace.environments[at]
    }
    do {
      try WrittenEpisode.write(
        records, to: output, id: id, session: session, episode: EpisodeInfo(number: episode),
        end: EpisodeEnd(notes: "planned on a recovered reward"))
    } catch { throw HostError.refused("\(error)") }
  }
}
