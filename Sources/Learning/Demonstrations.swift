public import Arm
public import Episodes
public import Policy
internal import RealTime

/// What a person did, cut out of logged episodes as decisions: what the policy would have seen, what the person commanded.
///
/// Only a person's ticks become rows (with `includesPolicy` the policy's too), and only of episodes that ended in success: a
/// segment without progress ends in failure and would poison what is learned. In label mode the policy's ticks become rows
/// too, with what the person would have done as their action, however the episode ended. A decision at tick t has as its target the command at the last tick of its
/// period, as it is, or as its change from the command before t or from where the arm was at t: the same rule by which the
/// tick carries decisions out; what it answers is
/// the scene a reaction time earlier (the rig's `policy.lead_ms`), so that the policy decides as the person would without
/// the lag of eye and hand. A row's chunk
/// ends where the person's run ends; what lies behind is masked, never padded.
public struct Demonstrations {
  /// What rows consist of.
  public struct Columns: Sendable {
    /// The features, computed by the code that the tick uses.
    public let plan: FeaturePlan
    /// Their names.
    public let features: [String]
    /// The joints of an action, by name and place.
    public let actions: [(name: String, joint: Int)]
    /// Ticks from one decision to the next.
    public let decisionTicks: Int
    /// Decisions a row reaches ahead.
    public let chunk: Int
    /// Decisions that a row's features reach back, the present one included.
    public let history: Int
    /// What the numbers of an action mean.
    public let representation: ActionRepresentation
    /// What the numbers of the environment mean, in their order.
    public let environment: [String]
    /// How many ticks after a take-over are left out.
    public let settleTicks: Int
    /// How many ticks before a decision its features are taken: what the hand does now, the eye saw then.
    public let leadTicks: Int

    /// The columns of a rig's policies.
    public init(
      rig: Rig, chunk: Int = 1, history: Int = 1, representation: ActionRepresentation = .relativeToCommand
    ) throws(FeatureError) {
      plan = try rig.featurePlan()
      features = rig.policy.features
      let arm = rig.pairs[0].follower.arm
      actions = rig.policy.actions.compactMap { name in arm.index(of: name).map { (name, $0) } }
      decisionTicks = rig.loop_Hz / rig.decision_Hz
      settleTicks = rig.policy.settle_ms * rig.loop_Hz / 1000
      leadTicks = rig.policy.lead_ms * rig.loop_Hz / 1000
      environment = rig.environmentNames
      self.chunk = chunk
      self.history = history
      self.representation = representation
    }
  }

  /// The rows so far.
  public private(set) var frames: Frames
  /// What each row is.
  public private(set) var classes: [RowClass] = []
  /// Whether the policy's own rows of successful episodes are cut out too (for weights that use them).
  public let includesPolicy: Bool
  /// Episodes that gave rows.
  public private(set) var episodes = 0
  /// The ids of those that were added from datasets, in the order of their numbers.
  public private(set) var episodeIDs: [String] = []
  /// Episodes left out, by label.
  public private(set) var leftOut: [EpisodeLabel: Int] = [:]
  let columns: Columns

  /// No rows yet.
  public init(_ columns: Columns, includesPolicy: Bool = false) {
    self.columns = columns
    self.includesPolicy = includesPolicy
    frames = Frames(
      features: columns.features, actions: columns.actions.map(\.name), chunk: columns.chunk,
      history: columns.history)
  }

  /// Adds a dataset's episodes, in their order.
  ///
  /// - `holdsOut`: whether episodes that are held out for ever are marked so here; small datasets need every episode.
  public mutating func add(_ dataset: Dataset, holdsOut: Bool) throws(DemonstrationsError) {
    for entry in dataset.episodes {
      let isSuccess = entry.label == .success
      // Only a correction session may hold labels of what failed.
      let records = isSuccess || entry.activity == "correct" ? try records(of: entry, in: dataset) : []
      let before = frames.count
      if isSuccess { add(records, episode: episodes) } else { addLabels(records, episode: episodes) }
      guard frames.count > before else {
        if !isSuccess { leftOut[entry.label, default: 0] += 1 }
        continue
      }
      if holdsOut, Dataset.isHeldOut(entry.id) { frames.heldOut.insert(episodes) }
      episodeIDs.append(entry.id)
      episodes += 1
    }
  }

  private func records(of entry: EpisodeEntry, in dataset: Dataset) throws(DemonstrationsError) -> [TickRecord] {
    let found: [String]
    var records: [TickRecord] = []
    do throws(LogError) {
      let reader = try dataset.read(entry)
      found = reader.session.environmentFeatures
      while let record = try reader.next() { records.append(record) }
    } catch {
      throw .unreadable(episode: entry.id, dataset: dataset.folder, error)
    }
    guard found == columns.environment else {
      throw .otherEnvironment(episode: entry.id, expected: columns.environment, present: found)
    }
    return records
  }

  /// Adds one episode's rows.
  public mutating func add(_ records: [TickRecord], episode: Int) {
    addLabels(records, episode: episode)
    let ticks = columns.decisionTicks
    let isCorrected = records.contains { $0.source == .policy }
    var first = 0
    while first < records.count {
      let source = records[first].source
      guard source == .person || includesPolicy && source == .policy else {
        first += 1
        continue
      }
      // A run of one who commands: consecutive ticks, none missed.
      var end = first + 1
      while end < records.count, records[end].source == source, records[end].tick == records[end - 1].tick + 1 {
        end += 1
      }
      // Where a person said what they would do, the policy's own action is no example.
      if source == .policy, records[first..<end].contains(where: \.isLabelled) {
        first = end
        continue
      }
      // Right after a grab the hand still pulls to be felt, and the leader springs free: no answer to the scene.
      let isTakeOver = first > 0 && records[first - 1].source == .blend
      var start = isTakeOver ? first + columns.settleTicks : first
      // A gate that asked holds the arm until the person comes.
      let leadsToPerson = records[end...].first { $0.source != .hold }?.source == .blend
      while start + ticks <= end {
        let left = (end - start) / ticks
        let kind: RowClass =
          if source == .person {
            isCorrected ? .intervention : .demonstration
          } else {
            leadsToPerson && left <= Weighting.preInterventionDecisions ? .preIntervention : .rollout
          }
        append(records, at: start, of: first..<end, episode: episode, kind)
        start += ticks
      }
      first = end
    }
  }

  /// Adds the decision at tick `start` of a run. The policy decides on what it sees, a person on what the eye saw a moment
  /// before.
  private mutating func append(
    _ records: [TickRecord], at start: Int, of run: Range<Int>, episode: Int, _ kind: RowClass
  ) {
    let ticks = columns.decisionTicks
    let valid = min(columns.chunk, (run.upperBound - start) / ticks)
    let lead = kind == .demonstration || kind == .intervention ? columns.leadTicks : 0
    // What was before the run belongs to somebody else's motion: the run's first sight stands for it.
    guard let features = features(records, at: start, from: run.lowerBound, lead: lead) else { return }
    var actions = [Float](repeating: 0, count: frames.actionWidth)
    var before = records[max(0, start - 1)].command
    for step in 0..<valid {
      let after = records[start + (step + 1) * ticks - 1].command
      let origin: JointVector =
        switch columns.representation {
        case .absolute: .zero
        case .relativeToPresent: records[start].follower.position
        case .relativeToCommand: before
        }
      for (place, action) in columns.actions.enumerated() {
        actions[step * columns.actions.count + place] = after[action.joint] - origin[action.joint]
      }
      before = after
    }
    append(features: features, actions: actions, episode: episode, validSteps: valid, kind)
  }

  /// What is seen at a decision, the eye `lead` ticks behind, and at those before it as far as tick `first`; nil where the
  /// environment had not spoken yet: that cannot be learned from.
  func features(_ records: [TickRecord], at start: Int, from first: Int, lead: Int) -> [Float]? {
    var features = [Float](repeating: 0, count: frames.featureWidth)
    let width = columns.features.count
    features.withUnsafeMutableBufferPointer { features in
      for decision in 0..<columns.history {
        let then = max(start - decision * columns.decisionTicks, first) - lead
        let seen = records[max(0, then)]
        let place = UnsafeMutableBufferPointer(rebasing: features[(decision * width)..<((decision + 1) * width)])
        columns.plan.compute(seen.follower.position, seen.environment.values, into: place)
      }
    }
    return features.allSatisfy(\.isFinite) ? features : nil
  }

  mutating func append(features: [Float], actions: [Float], episode: Int, validSteps: Int, _ kind: RowClass) {
    frames.append(
      features: features, actions: actions, episode: episode,
      source: kind == .demonstration || kind == .intervention ? .person : .policy, validSteps: validSteps)
    classes.append(kind)
  }
}

/// Why a dataset cannot be learned from.
public enum DemonstrationsError: Error, CustomStringConvertible {
  /// A log cannot be read. It cannot be left out silently: the digest of what was learned from would name it.
  case unreadable(episode: String, dataset: String, LogError)
  /// An episode was recorded by a rig whose environment says other things.
  case otherEnvironment(episode: String, expected: [String], present: [String])
  /// An episode was recorded by an arm with other joints.
  case otherJoints(episode: String, expected: [String], present: [String])
  /// An episode was recorded at another rate: its ticks are not the rig's.
  case otherRate(episode: String, expected_Hz: Double, present_Hz: Double)

  /// One sentence with the mend.
  public var description: String {
    switch self {
    case .unreadable(let episode, let dataset, let error):
      "\(error). Or go on without it: `understudy edit-dataset delete \(dataset) --episodes \(episode)`, which undo takes back."
    case .otherEnvironment(let episode, let expected, let present):
      "Episode \(episode) was recorded with the environment features \(Self.list(present)), this rig has "
        + "\(Self.list(expected)): train with the rig that it was recorded with."
    case .otherJoints(let episode, let expected, let present):
      "Episode \(episode) is of an arm with the joints \(Self.list(present)), this rig's has \(Self.list(expected)): take the "
        + "rig that it was recorded with."
    case .otherRate(let episode, let expected, let present):
      "Episode \(episode) was recorded at \(present) Hz, this rig's loop runs at \(expected) Hz: take the rig that it was "
        + "recorded with."
    }
  }

  private static func list(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: ", ") }
}
