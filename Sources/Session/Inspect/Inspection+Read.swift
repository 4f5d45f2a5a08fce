internal import Control
public import Episodes
public import Foundation

extension Inspection {
  /// Looks at a dataset's folder, or at one episode's log.
  public init(of url: URL) throws(InspectionError) {
    var isFolder: ObjCBool = false
    let path = url.relativePath
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw .missing(path: path) }
    self.init(source: path)
    if isFolder.boolValue { try read(dataset: path) } else { try read(log: path) }
  }

  private mutating func read(dataset folder: String) throws(InspectionError) {
    var total: EpisodeStatistics?
    var names: [String] = []
    let entries: [EpisodeEntry]
    let dataset: Dataset
    do throws(DatasetError) {
      dataset = try Dataset.open(folder)
      entries = dataset.episodes
      problems = try dataset.problems().map(\.description)
    } catch { throw .dataset(error) }
    guard !entries.isEmpty else { throw .empty(folder: folder, torn: problems.count) }
    for entry in entries {
      count(entry)
      let reader: EpisodeReader
      let statistics: EpisodeStatistics
      do throws(LogError) {
        reader = try dataset.read(entry)
        statistics = try Self.statistics(reader)
      } catch {
        // `problems` tells a log that is gone or torn already; its episode stays in the list.
        if !problems.contains(where: { $0.contains(entry.file) }) { problems.append(error.description) }
        continue
      }
      if names.isEmpty { names = reader.session.joints }
      if nominalRate_Hz == 0 { nominalRate_Hz = reader.session.loop_Hz }
      guard names == reader.session.joints else {
        problems.append("\(entry.file) is of an arm with other joints; its figures are not in the sums")
        continue
      }
      if total == nil { total = statistics } else { total?.merge(statistics) }
    }
    if let total { fill(total, joints: names) }
  }

  private mutating func read(log path: String) throws(InspectionError) {
    let reader: EpisodeReader
    let statistics: EpisodeStatistics
    do throws(LogError) {
      reader = try EpisodeReader.open(path)
      statistics = try Self.statistics(reader)
    } catch { throw .log(error) }
    guard reader.isFinished else { throw .unfinished(file: path, frames: statistics.frames) }
    nominalRate_Hz = reader.session.loop_Hz
    count(
      Episode(
        id: reader.id, file: path, activity: reader.session.activity, label: reader.end?.label ?? .unlabelled,
        frames: statistics.frames, duration_s: Double(statistics.duration_ns) * 1e-9,
        personFrames: statistics.framesBySource[Int(Source.person.rawValue)],
        isHeldOut: Dataset.isHeldOut(reader.id), wasRecovered: reader.wasRecovered),
      task: reader.episode.task ?? reader.session.task)
    fill(statistics, joints: reader.session.joints)
  }

  /// The figures that a finished log carries; an older one's are counted anew.
  private static func statistics(_ reader: EpisodeReader) throws(LogError) -> EpisodeStatistics {
    if let statistics = reader.statistics { return statistics }
    var statistics = EpisodeStatistics(joints: reader.session.joints.count)
    var record = TickRecord()
    while try reader.next(into: &record) { statistics.add(record) }
    statistics.endEpisode()
    return statistics
  }

  private mutating func count(_ entry: EpisodeEntry) {
    count(
      Episode(
        id: entry.id, file: entry.file, activity: entry.activity, label: entry.label, frames: entry.frames,
        duration_s: entry.duration_s, personFrames: entry.personFrames, isHeldOut: entry.isHeldOut,
        wasRecovered: entry.recovered),
      task: entry.task)
  }

  private mutating func count(_ episode: Episode, task: String) {
    episodes.append(episode)
    labels[episode.label.rawValue, default: 0] += 1
    heldOut += episode.isHeldOut ? 1 : 0
    if !task.isEmpty, !tasks.contains(task) { tasks.append(task) }
  }

  private mutating func fill(_ statistics: EpisodeStatistics, joints names: [String]) {
    frames = statistics.frames
    duration_s = Double(statistics.duration_ns) * 1e-9
    rate_Hz = statistics.rate_Hz
    missedPeriods = statistics.missedPeriods
    gaps = statistics.gaps
    lostTicks = statistics.lostTicks
    longestInterval_ms = Double(statistics.longestInterval_ns) * 1e-6
    personShare = statistics.personShare
    interventions = statistics.interventions
    interventionShare = frames > 0 ? Double(statistics.interventionFrames) / Double(frames) : 0
    for source in Source.allCases {
      let count = statistics.framesBySource[Int(source.rawValue)]
      if count > 0 { framesBySource["\(source)"] = count }
    }
    for (row, count) in zip(Limits.table, statistics.framesByLimit) where count > 0 {
      limitedBy.append(LimitCount(limit: row.name, setting: row.setting, frames: count))
    }
    for (code, count) in statistics.framesByFault {
      framesByFault[Fault(rawValue: code)?.row?.name ?? "fault \(code)"] = count
    }
    wakeLatency_us = Spread(statistics.wakeLatency_ns, scale: 1e-3)
    tickTime_us = Spread(statistics.tickTime_ns, scale: 1e-3)
    readingAge_us = Spread(statistics.readingAge_ns, scale: 1e-3)
    environmentAge_us = Spread(statistics.environmentAge_ns, scale: 1e-3)
    joints = zip(names, statistics.joints).map { name, joint in
      Joint(
        name: name, position_rad: joint.position_rad, command_rad: joint.command_rad,
        trackingError_mrad: Spread(joint.trackingError_urad, scale: 1e-3))
    }
  }
}

/// Why there is nothing to tell.
public enum InspectionError: EndingError, CustomStringConvertible {
  /// Nothing stands there.
  case missing(path: String)
  /// A dataset without an episode; `torn` logs may wait for `recover`.
  case empty(folder: String, torn: Int)
  /// A log whose process was killed, or a copy that was cut short.
  case unfinished(file: String, frames: Int)
  /// The dataset cannot be read.
  case dataset(DatasetError)
  /// The log cannot be read.
  case log(LogError)

  /// One sentence with the mend.
  public var description: String {
    switch self {
    case .missing(let path):
      "There is no dataset or log \(path); `understudy record --dataset \(path)` would make one."
    case .empty(let folder, 0):
      "\(folder) is a dataset without an episode; `understudy record --dataset \(folder)` adds some."
    case .empty(let folder, _):
      "\(folder) has no episode in its list, but logs beside it; `understudy recover \(folder)` mends and lists them."
    case .unfinished(let file, 0):
      "\(file) was cut off, and nothing of it can be read as it is; `understudy recover \(file)` saves what can be saved and "
        + "keeps the original."
    case .unfinished(let file, let frames):
      "\(file) was cut off after \(Figures.count(frames, "whole tick")); `understudy recover \(file)` mends it and keeps "
        + "the original."
    case .dataset(let error): error.description
    case .log(let error): error.description
    }
  }

  /// 66 where there is nothing, else the code of what was wrong.
  public var exitCode: Int32 {
    switch self {
    case .missing: ExitStatus.noInput.rawValue
    case .empty, .unfinished: ExitStatus.data.rawValue
    case .dataset(let error): error.exitCode
    case .log(let error): error.exitCode
    }
  }
}
