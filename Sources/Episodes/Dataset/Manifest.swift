internal import Foundation

/// An episode as the manifest of a dataset lists it.
public struct EpisodeEntry: Sendable, Equatable, Codable, Identifiable {
  /// Names the episode for ever; also decides whether it is held out.
  public let id: String
  /// The log's name in the dataset's folder.
  public let file: String
  /// The session it belongs to, its number there and its attempt.
  public let session: String
  /// The number that its ticks carry.
  public let number: UInt32
  /// Counts the redoings of the number.
  public let attempt: Int
  /// `record`, `correct`, ….
  public let activity: String
  /// The task in words.
  public var task: String
  /// Who held the leader.
  public let person: String
  /// How it ended. The manifest's word counts, not the log's: labels may be changed later.
  public var label: EpisodeLabel
  /// Free words.
  public var notes: String
  /// Ticks in the log.
  public let frames: Int
  /// First to last tick.
  public let duration_s: Double
  /// Ticks that a person commanded.
  public let personFrames: Int
  /// Ticks that should be in the log and are not.
  public let lost: Int
  /// True where the log was mended after a kill or a cut.
  public internal(set) var recovered: Bool
  /// The policy that drove; empty for none.
  public let policyDigest: String
  /// Size of the log.
  public let bytes: Int
  /// CRC-32 of the log's data, eight hexadecimal digits.
  public let checksum: String
  /// True where it was deleted or filtered out: the log stays, nobody reads it.
  var hidden: Bool?
  var isHidden: Bool { hidden == true }

  /// Whether training must never see it, see `Dataset.isHeldOut`.
  public var isHeldOut: Bool { Dataset.isHeldOut(id) }

  init(_ result: Finisher.Result, file: String, recovered: Bool) {
    id = result.id
    self.file = file
    session = result.session.id
    number = result.episode.number
    attempt = result.episode.attempt
    activity = result.session.activity
    task = result.episode.task ?? result.session.task
    person = result.session.person
    label = result.end.label
    notes = result.end.notes
    frames = result.statistics.frames
    duration_s = Double(result.statistics.duration_ns) * 1e-9
    personFrames = result.statistics.framesBySource[Int(Source.person.rawValue)]
    lost = result.end.lost
    self.recovered = recovered
    policyDigest = result.episode.policyDigest.isEmpty ? result.session.policyDigest : result.episode.policyDigest
    bytes = result.bytes
    checksum = Hexadecimal.text(UInt64(result.checksum), digits: 8)
  }
}

/// `dataset.json`: which episodes a dataset has. Always replaced in one step, never edited in place.
struct Manifest: Codable, Equatable {
  static let fileName = "dataset.json"
  static let format = "understudy-dataset"
  static let version = 1
  /// A manifest of a hundred thousand episodes is smaller.
  static let largest = 256 << 20

  var format = Self.format
  var version = Self.version
  var name: String
  /// Hidden ones included.
  var episodes: [EpisodeEntry] = []
  /// What was changed since, oldest first.
  var edits: [DatasetEdit]?

  /// The manifest in a folder.
  static func read(_ folder: String) throws(DatasetError) -> Manifest {
    let path = "\(folder)/\(fileName)"
    guard Folder.exists(path) else { throw .notADataset(folder: folder) }
    var buffer = ByteBuffer()
    do throws(LogError) {
      let file = try LogFile.open(reading: path)
      let size = try file.size()
      guard size <= largest else {
        throw .tooLarge(file: path, offset: 0, bytes: UInt64(size), limit: largest)
      }
      let code = buffer.append(size, of: file.descriptor, at: 0)
      guard code == 0 else { throw .system(path, "reading", code) }
    } catch { throw .log(error) }
    return try parse(Data(buffer.bytes.array), path)
  }

  /// The manifest that a file holds.
  static func parse(_ data: Data, _ path: String) throws(DatasetError) -> Manifest {
    let manifest: Manifest
    do { manifest = try JSONDecoder().decode(Manifest.self, from: data) } catch {
      throw .malformed(file: path, what: Self.sentence(error))
    }
    guard manifest.format == format else { throw .malformed(file: path, what: "its format is '\(manifest.format)'") }
    guard manifest.version <= version else { throw .newer(file: path, version: manifest.version) }
    try manifest.check(path)
    return manifest
  }

  /// A name with a path in it would let a manifest from elsewhere point at any file.
  private func check(_ path: String) throws(DatasetError) {
    var seen: Set<String> = []
    for entry in episodes {
      guard !entry.file.isEmpty, !entry.file.contains("/"), !entry.file.hasPrefix(".") else {
        throw .malformed(file: path, what: "episode \(entry.id) names the file '\(entry.file)', which is no plain name")
      }
      guard [entry.frames, entry.personFrames, entry.lost, entry.bytes].allSatisfy({ (0...1 << 48).contains($0) }),
        entry.duration_s.isFinite
      else { throw .malformed(file: path, what: "episode \(entry.id) has a count that cannot be") }
      guard seen.insert(entry.id).inserted else {
        throw .malformed(file: path, what: "episode \(entry.id) stands there twice")
      }
    }
  }

  /// Puts this manifest into the place of the folder's.
  func write(_ folder: String, durable: Bool) throws(LogError) {
    let path = "\(folder)/\(Self.fileName)"
    let temporary = path + ".new"
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else {
      throw .system(file: path, doing: "encoding", code: 22)
    }
    var buffer = ByteBuffer(capacity: data.count + 1)
    buffer.append([UInt8](data))
    buffer.append(UInt8(ascii: "\n"))
    Folder.remove(temporary)
    let file = try LogFile.create(temporary)
    do throws(LogError) {
      try file.append(buffer, at: 0)
      if durable { try file.sync() }
      try Folder.replace(path, with: temporary)
    } catch {
      Folder.remove(temporary)
      throw error
    }
    if durable { try Folder.sync(folder) }
  }

  private static func sentence(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "it is no JSON" }
    switch error {
    case .keyNotFound(let key, let context): return "'\(key.stringValue)' is missing\(place(context))"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "a value has another type\(place(context))"
    case .dataCorrupted(let context): return "it is not the JSON that was expected\(place(context))"
    @unknown default: return "it is not the JSON that was expected"
    }
  }

  private static func place(_ context: DecodingError.Context) -> String {
    let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
    return path.isEmpty ? "" : " at \(path.joined(separator: "."))"
  }
}

/// Numbers as hexadecimal digits of a fixed width.
enum Hexadecimal {
  static func text(_ value: UInt64, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
