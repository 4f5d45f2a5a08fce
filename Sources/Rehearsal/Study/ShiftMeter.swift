internal import Control
internal import Episodes
internal import Foundation
internal import Learning
internal import Policy

/// The states that an expert visits: what lies farther from all of them than they lie from each other is off.
struct ExpertStates {
  /// The distance that 99 of 100 of the expert's states keep to the nearest one of another episode.
  let reach: Float
  private let width: Int
  private let scale: [Float]
  /// [row][feature], in standard deviations.
  private let rows: [Float]

  /// From demonstrations; at least two episodes of them.
  init(_ frames: Frames) {
    width = frames.featureWidth
    let count = frames.count
    var scale = [Float](repeating: 1, count: width)
    for column in 0..<width {
      let values = (0..<count).map { Double(frames.features[$0 * frames.featureWidth + column]) }
      let mean = values.reduce(0, +) / Double(max(1, count))
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, count))
      if variance > 1e-12 { scale[column] = Float(1 / variance.squareRoot()) }
    }
    self.scale = scale
    rows = frames.features.enumerated().map { $1 * scale[$0 % frames.featureWidth] }
    var distances: [Float] = []
    for row in 0..<count {
      let own = Array(rows[(row * width)..<((row + 1) * width)])
      let nearest = Self.nearest(own, rows, width) { frames.episodes[$0] != frames.episodes[row] }
      if nearest.isFinite { distances.append(nearest) }
    }
    distances.sort()
    reach = distances.isEmpty ? .infinity : distances[min(distances.count - 1, distances.count * 99 / 100)]
  }

  /// Whether a state is off the expert's.
  func isOff(_ features: [Float]) -> Bool {
    Self.nearest(zip(features, scale).map(*), rows, width) { _ in true } > reach
  }

  private static func nearest(
    _ state: [Float], _ rows: [Float], _ width: Int, where counts: (Int) -> Bool
  ) -> Float {
    var least = Float.infinity
    state.withUnsafeBufferPointer { state in
      rows.withUnsafeBufferPointer { rows in
        for row in 0..<(rows.count / width) where counts(row) {
          var sum: Float = 0
          for column in 0..<width {
            let away = state[column] - rows[row * width + column]
            sum += away * away
          }
          least = min(least, sum)
        }
      }
    }
    return least.squareRoot()
  }
}

/// Looks at a policy's decisions in an evaluation, and says how it erred by how long it had been off.
final class ShiftMeter {
  /// The arms that are measured so.
  static let arms: [StudyArm] = [.demonstrations, .more, .watched]

  private let policy: Policy
  private let expert: ExpertStates
  private let columns: Demonstrations.Columns
  /// Places in an action that carry the tool, with their joints: what an expert's advice is about.
  private let compared: [(place: Int, joint: Int)]
  private let decision_s: Double
  private var profile = ShiftProfile()
  private var features: [Float]
  private var actions: [Float]
  private var episode: UInt32 = 0
  /// How long it has been off, and the longest so far in each episode, in decisions.
  private var off = 0
  private var longest: [UInt32: Int] = [:]

  /// A meter of a policy of single sights.
  init(_ folder: URL, expert: ExpertStates, columns: Demonstrations.Columns) throws {
    policy = try Policy.load(folder)
    self.expert = expert
    self.columns = columns
    decision_s = 1 / policy.description.interface.decision_Hz
    compared = columns.actions.enumerated().filter { $0.element.name != "gripper" }.map {
      (place: $0.offset, joint: $0.element.joint)
    }
    features = [Float](repeating: 0, count: columns.features.count)
    actions = [Float](repeating: 0, count: policy.actionCount)
  }

  /// A tick has been; `advice` is what the expert would do in it, as a change of the joints.
  func look(_ record: TickRecord, _ advice: SIMD8<Double>) {
    guard record.decides, record.source == .policy, record.episode > 0 else { return }
    features.withUnsafeMutableBufferPointer {
      columns.plan.compute(record.follower.position, record.environment.values, into: $0)
    }
    guard features.allSatisfy(\.isFinite) else { return }
    if record.episode != episode {
      episode = record.episode
      off = 0
    }
    off = expert.isOff(features) ? off + 1 : 0
    longest[episode] = max(longest[episode] ?? 0, off)
    _ = features.withUnsafeBufferPointer { features in
      actions.withUnsafeMutableBufferPointer { policy.infer(features, mean: $0) }
    }
    let squares = compared.reduce(0.0) { sum, action in
      let error = Double(actions[action.place]) - advice[action.joint]
      return sum + error * error
    }
    let index = ShiftProfile.index(Double(off) * decision_s)
    profile.classes[index].decisions += 1
    profile.classes[index].error_rad += (squares / Double(compared.count)).squareRoot()
  }

  /// All of it; `outcomes` are those of the episodes from `first` on.
  func profile(_ outcomes: [Bool], first: Int) -> ShiftProfile {
    var profile = profile
    for (index, success) in outcomes.enumerated() {
      guard let decisions = longest[UInt32(clamping: first + index)] else { continue }
      let index = ShiftProfile.index(Double(decisions) * decision_s)
      profile.classes[index].episodes += 1
      if success { profile.classes[index].successes += 1 }
    }
    return profile
  }
}
