internal import Arm
internal import Foundation

/// Writes a dataset as a LeRobotDataset v3.0 that LeRobot loads, trains on, resumes, merges and edits as its own.
///
/// ```swift
/// let report = try LeRobotExport().run(Dataset.open("demonstrations"), to: "exported")
/// ```
///
/// Made beside its place and moved there in one step: nothing is overwritten, and a folder that stands is whole.
/// `FrameGrid` says how frames are cut out of ticks. Every tick of an episode counts, also those in which the arm was held;
/// `intervention` is true where a person commanded in an episode that a policy commanded too.
public struct LeRobotExport: Sendable {
  /// Which command becomes the action.
  public enum Action: String, Sendable, CaseIterable, Codable {
    /// What was sent to the arm, after the envelope.
    case executed
    /// What person or policy asked for, before it.
    case wished
  }

  /// Frames a second; nil for the session's decision rate.
  public var fps: Int?
  /// What joints' numbers mean.
  public var units = LeRobotUnits.degrees
  /// Which command becomes the action.
  public var action = Action.executed
  /// Which episodes go along.
  public var labels: Set<EpisodeLabel> = [.success, .unlabelled]
  /// Only what a person corrected: each correction becomes an episode.
  public var onlyInterventions = false
  /// What LeRobot calls the robot; datasets merge only where it is the same. An SO-100 or SO-101 is `so_follower`.
  public var robot = "so_follower"
  /// A data file ends with the episode that makes it this large, in megabytes before compression.
  public var fileSize_MB = 100

  /// As LeRobot records by default.
  public init() {}

  /// What was written.
  public struct Report: Sendable, Codable {
    /// The folder.
    public var folder: String
    /// Episodes in it.
    public var episodes = 0
    /// Frames in it.
    public var frames = 0
    /// Frames a second.
    public var fps: Int
    /// What joints' numbers mean.
    public var units: LeRobotUnits
    /// Data files.
    public var files = 0
    /// What was left out and why, a sentence each.
    public var notes: [String] = []
  }

  /// Writes `dataset` into the new folder `folder`.
  public func run(_ dataset: Dataset, to folder: String) throws(ExchangeError) -> Report {
    let target = URL(filePath: folder)
    guard !FileManager.default.fileExists(atPath: target.path) else { throw .exists(folder: folder) }
    let program = try DuckDB()
    let work = target.deletingLastPathComponent().appending(
      path: ".\(target.lastPathComponent).\(UUID().uuidString.prefix(8))")
    do {
      try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
    } catch { throw .file(path: work.path, reason: error.localizedDescription) }
    defer { try? FileManager.default.removeItem(at: work) }
    try checkRoom(for: dataset, in: work)
    var tables = try FrameTables(self, folder: work)
    for entry in dataset.episodes { try tables.add(entry, of: dataset) }
    var report = Report(folder: folder, fps: 0, units: units)
    report.notes = try tables.finish(dataset.folder)
    try write(tables, in: work, program)
    (report.episodes, report.frames, report.fps, report.files) =
      (tables.episodes.count, tables.count, tables.fps, tables.files)
    do { try FileManager.default.moveItem(at: work, to: target) } catch {
      throw .file(path: folder, reason: error.localizedDescription)
    }
    return report
  }
}

extension LeRobotExport {
  /// The most that a frame takes while the export is made: its line of text, and its row in DuckDB and in Parquet.
  static let bytesPerFrame = 1000

  /// Whether there is room for all of it, asked before anything is written.
  private func checkRoom(for dataset: Dataset, in work: URL) throws(ExchangeError) {
    let frames = dataset.episodes.reduce(0) { $0 + (labels.contains($1.label) ? $1.frames : 0) }
    let needed = frames * Self.bytesPerFrame
    guard let free = Folder.freeBytes(work.path), free < needed else { return }
    throw .noRoom(folder: work.deletingLastPathComponent().path, needed: needed, free: free)
  }
}

extension LeRobotExport.Report: CustomStringConvertible {
  /// For people.
  public var description: String {
    let meaning =
      switch units {
      case .degrees: "degrees, gripper 0 to 100"
      case .normalized: "−100 to 100, gripper 0 to 100"
      case .radians: "radians"
      }
    let first =
      "\(folder): \(episodes) episodes, \(frames) frames at \(fps) a second, joints in \(meaning), "
      + "\(files) data file\(files == 1 ? "" : "s")"
    return ([first] + notes.map { "  " + $0 }).joined(separator: "\n")
  }
}
