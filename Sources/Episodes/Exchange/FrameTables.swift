internal import Arm
internal import Foundation
internal import RealTime

/// What an export gathers for DuckDB: a table of frames on the disk, one of episodes in memory.
struct FrameTables {
  /// An episode of the exported dataset.
  struct Episode: Encodable {
    var episode_index: Int
    var tasks: [String]
    var length: Int
    var file: Int
    var dataset_from_index: Int
    var dataset_to_index: Int
  }

  private let options: LeRobotExport
  private let path: URL
  private let file: FileHandle
  private var text: [UInt8] = []
  private var joints: [String] = []
  private var environment: [String] = []
  private var fileBytes = 0
  private var leftOut: [String: Int] = [:]
  private var unknown = 0
  private var gaps = 0
  private(set) var fps = 0
  private(set) var episodes: [Episode] = []
  private(set) var tasks: [String] = []
  private(set) var sidecar: LeRobotSidecar
  private(set) var count = 0
  private(set) var files = 0

  static let framesName = "frames.csv"

  init(_ options: LeRobotExport, folder: URL) throws(ExchangeError) {
    self.options = options
    sidecar = LeRobotSidecar(units: options.units, action: options.action.rawValue)
    path = folder.appending(path: Self.framesName)
    do {
      try Data().write(to: path)
      file = try FileHandle(forWritingTo: path)
    } catch { throw .file(path: path.path, reason: error.localizedDescription) }
  }

  var layout: LeRobotLayout { LeRobotLayout(joints: joints, environment: environment) }

  /// Adds an episode, or notes why it is left out.
  mutating func add(_ entry: EpisodeEntry, of dataset: Dataset) throws(ExchangeError) {
    guard options.labels.contains(entry.label) else {
      leftOut["labelled \(entry.label.rawValue)", default: 0] += 1
      return
    }
    let reader: EpisodeReader
    let figures: EpisodeStatistics
    do throws(LogError) {
      reader = try dataset.read(entry)
      figures = if let kept = reader.statistics { kept } else { try dataset.read(entry).figures() }
    } catch { throw .dataset(.log(error)) }
    try check(reader, dataset)
    let conversion = try conversion(of: reader)
    let policyDrove = figures.framesBySource[Int(Source.policy.rawValue)] > 0
    guard policyDrove || !options.onlyInterventions else {
      leftOut["without a policy to correct", default: 0] += 1
      return
    }
    var grid = FrameGrid(fps: fps, isWhole: isWhole)
    var record = TickRecord()
    var isOpen = false
    var open: [TickRecord] = []
    do throws(LogError) {
      while try reader.next(into: &record) {
        if options.onlyInterventions, record.source != .person {
          if isOpen { grid.end { open.append($0) } }
          if isOpen { try close(&open, entry, conversion, policyDrove) }
          isOpen = false
          continue
        }
        isOpen = true
        grid.add(record) { open.append($0) }
      }
      grid.end { open.append($0) }
      try close(&open, entry, conversion, policyDrove)
    } catch { throw .dataset(.log(error)) }
    unknown += grid.unknown
    gaps += grid.gaps
  }

  /// Writes an episode's frames down; fewer than two are none.
  private mutating func close(
    _ frames: inout [TickRecord], _ entry: EpisodeEntry, _ conversion: LeRobotConversion, _ policyDrove: Bool
  ) throws(LogError) {
    defer { frames.removeAll(keepingCapacity: true) }
    guard frames.count > 1 else {
      leftOut["with fewer than two whole frames", default: 0] += 1
      return
    }
    let task = entry.task
    let taskIndex = tasks.firstIndex(of: task) ?? tasks.count
    if taskIndex == tasks.count { tasks.append(task) }
    // A frame's numbers as they lie in the file before compression.
    let bytes = frames.count * (8 * joints.count + 4 * environment.count + 37)
    if files == 0 || fileBytes + bytes > options.fileSize_MB << 20 {
      files += 1
      fileBytes = 0
    }
    fileBytes += bytes
    for (index, frame) in frames.enumerated() {
      write(files - 1)
      write(episodes.count)
      write(index)
      write(count + index)
      write(taskIndex)
      text.append(policyDrove && frame.source == .person ? UInt8(ascii: "1") : UInt8(ascii: "0"))
      let command = options.action == .executed ? frame.command : frame.wish
      for joint in joints.indices { write(conversion.value(command[joint], joint: joint)) }
      for joint in joints.indices { write(conversion.value(frame.follower.position[joint], joint: joint)) }
      for feature in environment.indices { write(frame.environment.values[feature]) }
      text.append(UInt8(ascii: "\n"))
      if text.count > 1 << 20 { try flush() }
    }
    episodes.append(
      Episode(
        episode_index: episodes.count, tasks: [task], length: frames.count, file: files - 1,
        dataset_from_index: count, dataset_to_index: count + frames.count))
    count += frames.count
    let pieces = sidecar.episodes.count { $0.id == entry.id || $0.id.hasPrefix("\(entry.id)-i") }
    sidecar.episodes.append(
      LeRobotSidecar.Episode(
        id: options.onlyInterventions ? "\(entry.id)-i\(pieces + 1)" : entry.id, session: entry.session,
        number: entry.number, attempt: entry.attempt,
        activity: entry.activity, person: entry.person, label: entry.label, notes: entry.notes,
        policyDigest: entry.policyDigest, byHand: !policyDrove, frames: frames.count))
  }

  /// A number from 0 on and a comma.
  private mutating func write(_ number: Int) {
    var power = 1
    while number / power >= 10 { power *= 10 }
    while power > 0 {
      text.append(UInt8(ascii: "0") + UInt8(number / power % 10))
      power /= 10
    }
    text.append(UInt8(ascii: ","))
  }

  private mutating func write(_ value: Float) {
    text.append(UInt8(ascii: ","))
    text.append(contentsOf: value.description.utf8)
  }

  private mutating func flush() throws(LogError) {
    do { try file.write(contentsOf: text) } catch { throw .noRoom(file: path.path) }
    text.removeAll(keepingCapacity: true)
  }

  /// Closes the table; what was left out, in words.
  mutating func finish(_ folder: String) throws(ExchangeError) -> [String] {
    do {
      try flush()
      try file.close()
    } catch { throw .file(path: path.path, reason: error.localizedDescription) }
    var notes = leftOut.sorted { $0.key < $1.key }.map {
      "left out: \($0.value) \($0.value == 1 ? "piece" : "pieces") \($0.key)"
    }
    if unknown > 0 {
      notes.append("\(unknown) ticks passed over: a position, a command or a feature was not known yet")
    }
    if gaps > 0 { notes.append("\(gaps) gaps of more than a second closed") }
    guard !episodes.isEmpty else {
      throw .nothing(folder: folder, why: notes.isEmpty ? "it has no episodes" : notes.joined(separator: "; "))
    }
    return notes
  }

  // MARK: What fits

  /// A dataset has one rate and one set of columns.
  private mutating func check(_ reader: EpisodeReader, _ dataset: Dataset) throws(ExchangeError) {
    let session = reader.session
    let rate = options.fps ?? Int(session.decision_Hz.rounded())
    if joints.isEmpty {
      guard rate >= 1, Double(rate) <= session.loop_Hz else { throw .rate(asked: rate, loop_Hz: session.loop_Hz) }
      joints = session.joints
      environment = session.environmentFeatures
      fps = rate
      return
    }
    guard session.joints == joints else {
      throw .mixed(folder: dataset.folder, what: "\(reader.id) has the joints \(session.joints), others \(joints)")
    }
    guard session.environmentFeatures == environment else {
      throw .mixed(
        folder: dataset.folder,
        what: "\(reader.id) has the environment features \(session.environmentFeatures), others \(environment)")
    }
    guard rate == fps, Double(fps) <= session.loop_Hz else {
      throw .mixed(folder: dataset.folder, what: "\(reader.id) was decided at \(rate) Hz, others at \(fps); say --fps")
    }
  }

  private func conversion(of reader: EpisodeReader) throws(ExchangeError) -> LeRobotConversion {
    guard options.units != .radians else { return .none }
    guard let arm = RecordedArm(reader.session),
      let conversion = try? LeRobotConversion(options.units, arm: arm.description, calibration: arm.calibration)
    else { throw .noCalibration(source: reader.path, units: options.units) }
    return conversion
  }

  private func isWhole(_ tick: TickRecord) -> Bool {
    let command = options.action == .executed ? tick.command : tick.wish
    for joint in joints.indices {
      guard command[joint].isFinite, tick.follower.position[joint].isFinite else { return false }
    }
    for feature in environment.indices where !tick.environment.values[feature].isFinite { return false }
    return true
  }
}
