public import Arm
internal import Episodes
internal import Foundation
public import Learning
internal import Policy

/// Learning to adapt, and adapting: what the verb `adapt` does.
public struct Adaptation: Sendable {
  /// The rig.
  public let rig: Rig

  /// On a rig.
  public init(rig: Rig) { self.rig = rig }

  /// What `adapt train` came to.
  public struct Trained: Sendable, Encodable, CustomStringConvertible {
    /// The folder.
    public var folder: String
    /// As it stands in the folder.
    public var family: MetaPolicy.Description
    /// How long it took.
    public var seconds: Double

    /// For people.
    public var description: String {
      var lines = [
        "\(folder): learned from \(Figures.count(family.episodes, "demonstration")) of "
          + "\(Figures.count(family.tasks, "task")), in \(Figures.fixed(seconds, 1)) s"
      ]
      if let frame = family.frame, let agreement = family.agreement {
        lines.append(
          "  a goal is \(frame); demonstrations of a task agree to \(Figures.fixed(agreement.within_m * 1e3, 1)) mm, tasks "
            + "lie \(Figures.fixed(agreement.between_m * 1e3, 1)) mm apart (standard deviations)")
      } else {
        lines.append("  no goal can be read: demonstrations of one task do not end alike in any frame")
      }
      lines.append(
        "  one demonstration of each of \(Figures.count(family.heldOutTasks.count, "held-out task")), asked about another: "
          + "error in standard deviations")
      let words: [(MetaPolicy.Method, String)] = [
        (.goal, "goal read from its end"), (.maml, "MAML"), (.fineTune, "fine-tuning"), (.none, "no adaptation"),
      ]
      for (method, name) in words {
        guard let error = family.heldOutErrors[method.rawValue] else { continue }
        let mark = method == family.method ? "  ← what `adapt run` does" : ""
        lines.append("    \(Figures.fixed(error, 3))  \(name)\(mark)")
      }
      lines.append("  loss.svg in it: the loss before and after adapting, by iteration")
      return (lines + family.notes.map { "  \($0)" }).joined(separator: "\n")
    }
  }

  /// Learns from datasets whose episodes have task keys; nil where `progress` stopped it. Nothing is overwritten.
  public func train(
    _ datasets: [String], output: String, _ configuration: MetaPolicy.Configuration, seed: UInt64, checkpoint: String?,
    progress: (MetaPolicy.Progress) -> Bool
  ) throws -> Trained? {
    guard !FileManager.default.fileExists(atPath: output) else {
      throw AdaptError.notWritten(path: output, reason: "it exists already")
    }
    let began = Date()
    let opened = try datasets.map { try Dataset.open($0) }
    var shown = try TaskDemonstrations(rig: rig)
    for dataset in opened { try shown.add(dataset) }
    guard
      let family = try MetaPolicy.train(
        shown, rig: rig, datasets: opened.map(\.digest), configuration, seed: seed,
        checkpoint: checkpoint.map { URL(filePath: $0) }, progress: progress)
    else { return nil }
    let folder = URL(filePath: output)
    try family.save(to: folder, attachments: ["loss.svg": Data(chart(family, folder.lastPathComponent).svg.utf8)])
    if let checkpoint { try? FileManager.default.removeItem(atPath: checkpoint) }
    return Trained(folder: output, family: family.description, seconds: Date().timeIntervalSince(began))
  }

  private func chart(_ family: MetaPolicy, _ name: String) -> LossChart {
    typealias Point = MetaPolicy.LossPoint
    func line(_ words: String, _ points: [Point], _ loss: (Point) -> Double) -> LossChart.Line {
      LossChart.Line(name: words, points: points.map { ($0.iteration, loss($0)) })
    }
    return LossChart(
      title: "\(name): loss on \(Figures.count(family.description.tasks, "task")), in variances of the actions",
      lines: [
        line("MAML, before adapting", family.curves.adapting, \.before),
        line("after", family.curves.adapting, \.after),
        line("one network for all tasks", family.curves.joint, \.after),
      ], steps: "iterations")
  }

  /// What `adapt run` made of a demonstration.
  public struct Adapted: Sendable, Encodable, CustomStringConvertible {
    /// The policy's folder.
    public var policy: String
    /// The demonstration.
    public var demonstration: String
    /// How it was used.
    public var method: MetaPolicy.Method
    /// The goal that was read, in m, an axis each.
    public var goal_m: [Double]?
    /// What that goal is.
    public var frame: GoalFrame?
    /// How long adapting took.
    public var seconds: Double

    /// For people.
    public var description: String {
      var lines = [
        "\(policy): adapted to \(demonstration) in \(Figures.fixed(seconds * 1e3, 1)) ms, by \(method.rawValue)"
      ]
      if let goal_m, let frame {
        let places = zip(frame.axes, goal_m).map { "\($0) \(Figures.fixed($1 * 1e3, 1))" }.joined(separator: ", ")
        lines.append("  the goal is \(frame): \(places) mm")
      }
      return lines.joined(separator: "\n")
    }
  }

  /// Makes a policy of one demonstration and writes its folder: an episode of a dataset, its log, or a file of
  /// observations. Nothing is overwritten.
  public func adapt(
    _ folder: String, demonstration: String, episode: String?, method: MetaPolicy.Method?, output: String
  ) throws -> Adapted {
    guard !FileManager.default.fileExists(atPath: output) else {
      throw AdaptError.notWritten(path: output, reason: "it exists already")
    }
    let family = try MetaPolicy(URL(filePath: folder))
    guard family.description.rig == rig.name else {
      throw AdaptError.otherRig(expected: family.description.rig, present: rig.name)
    }
    guard family.features == rig.policy.features else {
      throw AdaptError.otherFeatures(rig: rig.name, expected: family.features, present: rig.policy.features)
    }
    let (name, adapted) = try make(family, demonstration, episode, method)
    var description = adapted.description
    description.lineage.parent = URL(filePath: folder).lastPathComponent
    description.lineage.recipe = "one shot, \(adapted.method.rawValue)"
    try Policy.save(description, adapted.parameters, to: URL(filePath: output))
    return Adapted(
      policy: output, demonstration: name, method: adapted.method, goal_m: adapted.goal_m,
      frame: adapted.goal_m == nil ? nil : family.description.frame, seconds: adapted.seconds)
  }

  private func make(
    _ family: MetaPolicy, _ path: String, _ episode: String?, _ method: MetaPolicy.Method?
  ) throws -> (String, MetaPolicy.Adapted) {
    if ObservedDemonstration.canRead(path) {
      let method = method ?? .goal
      guard method == .goal else { throw AdaptError.needsActions(demonstration: path, method: method.rawValue) }
      guard let frame = family.description.frame else { throw AdaptError.noGoal }
      let observed = try ObservedDemonstration(path: path)
      return (path, try family.adapt(toGoal: try observed.goal(frame), named: path))
    }
    let reader = try RecordedEpisode.reader(path, episode: episode)
    var shown = try TaskDemonstrations(rig: rig)
    try shown.add(reader, id: reader.path, task: reader.session.task)
    return (reader.path, try family.adapt(to: shown, named: reader.path, method: method))
  }
}

extension AdaptError: EndingError {
  /// 66 where something cannot be read, 73 where something is in the way, 65 where the data is not fit for it.
  public var exitCode: Int32 {
    switch self {
    case .unreadable: ExitStatus.noInput.rawValue
    case .notWritten: ExitStatus.cannotCreate.rawValue
    default: ExitStatus.data.rawValue
    }
  }
}
