internal import Foundation

/// What a dataset holds, in figures: `understudy inspect`.
///
/// Finished logs carry their own figures, so an hour of recording takes milliseconds; logs without them are read
/// through, one tick at a time.
public struct Inspection: Sendable, Equatable, Codable {
  /// One episode and its figures.
  public struct Episode: Sendable, Equatable, Codable {
    /// As the manifest lists it.
    public let entry: EpisodeEntry
    /// Ticks a second; nil of fewer than two ticks.
    public let rate_Hz: Double?
    /// Places where ticks are missing from the log.
    public let gaps: Int
    /// Runs of ticks that the person commanded, where the policy commanded too.
    public let interventions: Int
  }

  /// The dataset's folder.
  public let folder: String
  /// Each episode, in the manifest's order.
  public private(set) var episodes: [Episode] = []
  /// All of them together.
  public private(set) var total = EpisodeStatistics(joints: 0)
  /// The joints' names, in the order of `total.joints`.
  public private(set) var joints: [String] = []
  /// Episodes by label.
  public private(set) var labels: [String: Int] = [:]
  /// Episodes that training must not see.
  public private(set) var heldOut = 0
  /// Bytes of all logs.
  public private(set) var bytes = 0
  /// What the folder holds beyond its manifest, and episodes that could not be counted: a sentence each.
  public private(set) var problems: [String] = []
  /// What a policy that was trained on this would say.
  public let digest: String

  /// Counts a dataset. An episode that cannot be read is reported in `problems`; the others still count.
  public static func of(_ dataset: Dataset) throws(DatasetError) -> Inspection {
    var inspection = Inspection(folder: dataset.folder, digest: dataset.digest)
    inspection.problems = try dataset.problems().map(\.description)
    for entry in dataset.episodes {
      do { try inspection.add(entry, dataset.read(entry)) } catch { inspection.problems.append(error.description) }
    }
    return inspection
  }

  private init(folder: String, digest: String) {
    self.folder = folder
    self.digest = digest
  }

  private mutating func add(_ entry: EpisodeEntry, _ reader: EpisodeReader) throws(LogError) {
    let statistics = try reader.figures()
    if joints.isEmpty {
      joints = reader.session.joints
      total = EpisodeStatistics(joints: joints.count)
    }
    guard reader.session.joints == joints else {
      throw .notAnEpisode(
        file: reader.path, what: "its joints are \(reader.session.joints), those of the dataset \(joints)")
    }
    total.merge(statistics)
    labels[entry.label.rawValue, default: 0] += 1
    heldOut += entry.isHeldOut ? 1 : 0
    bytes += entry.bytes
    episodes.append(
      Episode(
        entry: entry, rate_Hz: statistics.rate_Hz, gaps: statistics.gaps, interventions: statistics.interventions))
  }

  /// For machines: one JSON object.
  public var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}

extension EpisodeReader {
  /// The log's own figures, or else what is left to read, counted tick by tick.
  func figures() throws(LogError) -> EpisodeStatistics {
    if let statistics { return statistics }
    var statistics = EpisodeStatistics(joints: session.joints.count)
    var record = TickRecord()
    while try next(into: &record) { statistics.add(record) }
    statistics.endEpisode()
    return statistics
  }
}

extension Inspection: CustomStringConvertible {
  /// For people: a table.
  public var description: String {
    var lines = ["\(folder): \(episodes.count) episodes, \(total.frames) ticks, \(seconds(total.duration_ns))"]
    let byLabel = EpisodeLabel.allCases.map { "\(labels[$0.rawValue] ?? 0) \($0.rawValue)" }
    lines.append("  labels         \(byLabel.joined(separator: ", ")); \(heldOut) held out")
    lines.append(
      "  rate           \(total.rate_Hz.map { number($0, 2) + " Hz" } ?? "unknown"), "
        + "longest interval \(milliseconds(total.longestInterval_ns)), \(total.missedPeriods) periods missed, "
        + "\(total.lostTicks) ticks not in the logs (\(total.gaps) gaps)")
    lines.append("  wake latency   \(percentiles(total.wakeLatency_ns))")
    lines.append("  tick           \(percentiles(total.tickTime_ns))")
    lines.append("  reading age    \(percentiles(total.readingAge_ns))")
    lines.append("  environment    \(percentiles(total.environmentAge_ns))")
    lines.append(
      "  person         \(number(total.personShare * 100, 1)) % of ticks; \(total.interventions) interventions, "
        + "\(total.interventionFrames) ticks")
    lines.append(
      "  on disk        \(bytes) bytes, \(number(Double(bytes) / Double(max(1, total.frames)), 0)) a tick")
    lines.append(
      "  joint            measured rad        commanded rad       |command − measured| mrad  p50    p99    max")
    for (name, joint) in zip(joints, total.joints) { lines.append(row(name, joint)) }
    return (lines + problems.map { "  ! " + $0 }).joined(separator: "\n")
  }

  private func row(_ name: String, _ joint: JointStatistics) -> String {
    func range(_ range: JointStatistics.Range?) -> String {
      range.map { "\(number(Double($0.min), 3)) … \(number(Double($0.max), 3))" } ?? "unknown"
    }
    func milliradians(_ value: Int64?) -> String { value.map { number(Double($0) * 1e-3, 1) } ?? "–" }
    let error = joint.trackingError_urad
    return "  " + padded(name, 17) + padded(range(joint.position_rad), 20) + padded(range(joint.command_rad), 47)
      + padded(milliradians(error.percentile(0.5)), 7) + padded(milliradians(error.percentile(0.99)), 7)
      + milliradians(error.count > 0 ? error.max : nil)
  }

  private func percentiles(_ histogram: LogHistogram) -> String {
    guard let p50 = histogram.percentile(0.5), let p99 = histogram.percentile(0.99) else { return "nothing measured" }
    return "p50 \(milliseconds(p50)), p99 \(milliseconds(p99)), max \(milliseconds(histogram.max))"
  }

  private func seconds(_ ns: Int64) -> String { number(Double(ns) * 1e-9, 1) + " s" }
  private func milliseconds(_ ns: Int64) -> String { number(Double(ns) * 1e-6, 3) + " ms" }
  private func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }
}
