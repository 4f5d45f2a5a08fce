internal import Arm
internal import Foundation
internal import RealTime

/// Turns lines of frames into logs, an episode after another; holds no more than a piece of text and a buffer of ticks.
struct ImportWriter {
  private let catalogue: LeRobotCatalogue
  private let sidecar: LeRobotSidecar?
  private let conversion: LeRobotConversion
  private let files: [SessionFile]
  private let dataset: Dataset
  private var rest: [UInt8] = []
  private var open: Open?
  private(set) var episodes = 0
  private(set) var count = 0
  private(set) var notes: [String] = []

  /// The episode whose frames are coming.
  private final class Open {
    let index: Int
    let end: EpisodeEnd
    let session: SessionInfo
    let episode: EpisodeInfo
    let id: String
    let personDrives: Bool
    var file: EpisodeFile
    var frames = 0

    init(
      index: Int, end: EpisodeEnd, session: SessionInfo, episode: EpisodeInfo, id: String, personDrives: Bool,
      file: consuming EpisodeFile
    ) {
      self.index = index
      self.end = end
      self.session = session
      self.episode = episode
      self.id = id
      self.personDrives = personDrives
      self.file = file
    }
  }

  init(
    _ catalogue: LeRobotCatalogue, sidecar: LeRobotSidecar?, conversion: LeRobotConversion, files: [SessionFile],
    dataset: Dataset
  ) {
    self.catalogue = catalogue
    self.sidecar = sidecar
    self.conversion = conversion
    self.files = files
    self.dataset = dataset
  }

  /// Takes a piece of text; whole lines become ticks.
  mutating func take(_ piece: Data) throws(ExchangeError) {
    rest.append(contentsOf: piece)
    var start = 0
    while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
      try take(line: rest[start..<end])
      start = end + 1
    }
    rest.removeFirst(start)
  }

  /// Closes the last episode.
  mutating func finish() throws(ExchangeError) {
    guard rest.isEmpty else { throw broken("its frames end in the middle of a line") }
    try close()
    guard episodes > 0 else { throw .nothing(folder: catalogue.source, why: "it has no frames") }
  }

  private func broken(_ what: String) -> ExchangeError { .notLeRobot(folder: catalogue.source, what: what) }

  private mutating func take(line: ArraySlice<UInt8>) throws(ExchangeError) {
    let cells = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    let joints = catalogue.joints.count
    guard cells.count == 3 + 2 * joints + catalogue.environment.count else {
      throw broken("a frame has \(cells.count) numbers")
    }
    func text(_ cell: Int) -> String { String(decoding: cells[cell], as: UTF8.self) }
    guard let index = Int(text(0)), let frame = Int(text(1)) else { throw broken("a frame has no index") }
    if open?.index != index {
      try close()
      try begin(index)
    }
    guard let open else { return }
    var values = [Float](repeating: .nan, count: cells.count - 3)
    for place in values.indices {
      guard let value = Float(text(3 + place)) else {
        throw broken("episode \(index) has '\(text(3 + place))' for a number")
      }
      values[place] = value
    }
    let intervenes = text(2) == "1"
    var record = TickRecord()
    record.tick = UInt64(clamping: frame)
    record.began = Nanoseconds((Double(frame) / Double(catalogue.fps) * 1e9).rounded().exactly ?? 0)
    record.scheduled = record.began
    record.source = open.personDrives || intervenes ? .person : .policy
    record.decides = true
    record.episode = open.episode.number
    record.command = .zero
    record.follower.position = .zero
    for joint in 0..<joints {
      record.command[joint] = conversion.radians(values[joint], joint: joint)
      record.follower.position[joint] = conversion.radians(values[joints + joint], joint: joint)
      record.follower.time[joint] = record.began.count
    }
    record.wish = record.command
    if record.source == .person { record.personWish = record.command } else { record.policyWish = record.command }
    for place in catalogue.environment.indices { record.environment.values[place] = values[2 * joints + place] }
    if !catalogue.environment.isEmpty { record.environment.time = record.began }
    open.file.append(record)
    open.frames += 1
    if open.file.waiting > 1 << 18 {
      do { try open.file.flush() } catch { throw .dataset(.log(error)) }
    }
  }

  private mutating func begin(_ index: Int) throws(ExchangeError) {
    let known = catalogue.episodes[index]
    // LeRobot may have added, deleted or merged since: an episode is ours where its length is, too.
    let kept = sidecar.flatMap { $0.episodes.indices.contains(index) ? $0.episodes[index] : nil }
    let ours = kept?.frames == known?.length ? kept : nil
    let id = ours?.id ?? "lerobot-\(catalogue.fingerprint)-e\(index + 1)"
    var session = SessionInfo(
      id: ours?.session ?? "lerobot-\(catalogue.fingerprint)", activity: ours?.activity ?? "import",
      joints: catalogue.joints)
    session.environmentFeatures = catalogue.environment
    session.loop_Hz = Double(catalogue.fps)
    session.decision_Hz = Double(catalogue.fps)
    session.task = known?.tasks.first ?? ""
    session.person = ours?.person ?? ""
    session.policyDigest = ours?.policyDigest ?? ""
    session.host = ["imported_from": "LeRobotDataset v3.0"]
    session.files = files
    var episode = EpisodeInfo(number: ours?.number ?? UInt32(clamping: index + 1))
    episode.attempt = ours?.attempt ?? 1
    if (known?.tasks.count ?? 0) > 1 { notes.append("episode \(index) has several tasks; the first is kept") }
    if let problem = session.problem { throw broken(problem) }
    // Without a column that says who drove, a person did.
    let personDrives = ours?.byHand ?? !catalogue.hasIntervention
    do throws(LogError) {
      open = Open(
        index: index, end: EpisodeEnd(label: ours?.label ?? .unlabelled, notes: ours?.notes ?? ""), session: session,
        episode: episode, id: id, personDrives: personDrives,
        file: try EpisodeFile.create("\(dataset.folder)/\(id).mcap", id: id, session: session, episode: episode))
    } catch { throw .dataset(.log(error)) }
  }

  private mutating func close() throws(ExchangeError) {
    guard let closing = open else { return }
    open = nil
    if let length = catalogue.episodes[closing.index]?.length, length != closing.frames {
      notes.append("episode \(closing.index) is listed with \(length) frames and has \(closing.frames)")
    }
    do throws(DatasetError) {
      let result: Finisher.Result
      do throws(LogError) {
        try closing.file.flush()
        result = try Finisher.finish(closing.file.file, end: closing.end, durable: dataset.isDurable)
      } catch { throw .log(error) }
      try dataset.append(EpisodeEntry(result, file: "\(closing.id).mcap", recovered: false))
    } catch { throw .dataset(error) }
    episodes += 1
    count += closing.frames
  }
}

extension Double {
  /// The whole number that this is, if one of 64 bits is.
  fileprivate var exactly: Int64? { Int64(exactly: self) }
}
