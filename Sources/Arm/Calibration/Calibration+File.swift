public import Foundation
internal import Glibc

extension Calibration {
  /// Reads a calibration that LeRobot or `understudy calibrate` wrote.
  public init(reading url: URL) throws(CalibrationError) {
    let file = url.relativePath
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      throw .unreadable(file: file, reason: ConfigurationMap.reason(error))
    }
    try self.init(json: data, file: file)
  }

  /// From the JSON text; `file` is the name that errors carry.
  public init(json: Data, file: String) throws(CalibrationError) {
    let entries: [String: Entry]
    do {
      entries = try JSONDecoder().decode([String: Entry].self, from: json)
    } catch {
      throw .notACalibration(file: file, problem: Self.describe(error))
    }
    joints = entries.map { $0.value.joint(named: $0.key) }.sorted { ($0.id, $0.name) < ($1.id, $1.name) }
    self.file = file
    try validate(file: file)
  }

  /// The file as LeRobot writes it, byte for byte: the arm's order, an indent of four, no newline at the end.
  public var json: String {
    let entries = joints.map { joint in
      """
          \(Self.quoted(joint.name)): {
              "id": \(joint.id),
              "drive_mode": \(joint.driveMode),
              "homing_offset": \(joint.homingOffset),
              "range_min": \(joint.rangeMin),
              "range_max": \(joint.rangeMax)
          }
      """
    }
    return "{\n" + entries.joined(separator: ",\n") + "\n}"
  }

  /// Replaces the file in one step and keeps what stood there as `NAME.previous.json`; nothing is half-written, whenever the
  /// power goes.
  public func write(to url: URL) throws(CalibrationError) {
    let file = url.relativePath
    try validate(file: file)
    let folder = url.deletingLastPathComponent()
    let previous = url.deletingPathExtension().appendingPathExtension("previous.json")
    let fresh = folder.appending(path: ".\(url.lastPathComponent).\(getpid())")
    do {
      let manager = FileManager.default
      try manager.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(json.utf8).write(to: fresh)
      try Self.sync(fresh)
      if manager.fileExists(atPath: url.path) {
        // A second name first, so that the file is never missing: link, then let each rename replace its target.
        let second = folder.appending(path: ".\(previous.lastPathComponent).\(getpid())")
        try? manager.removeItem(at: second)
        try manager.linkItem(at: url, to: second)
        try Self.rename(second, to: previous)
      }
      try Self.rename(fresh, to: url)
      try Self.sync(folder)
    } catch {
      try? FileManager.default.removeItem(at: fresh)
      throw .unwritable(file: file, reason: ConfigurationMap.reason(error))
    }
  }

  /// One joint, as it stands in the file.
  private struct Entry: Decodable {
    var id: Int
    var drive_mode: Int
    var homing_offset: Int
    var range_min: Int
    var range_max: Int

    func joint(named name: String) -> Joint {
      Joint(
        name: name, id: id, driveMode: drive_mode, homingOffset: homing_offset, rangeMin: range_min,
        rangeMax: range_max)
    }
  }

  private static func describe(_ error: any Error) -> String {
    func place(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }
    return switch error as? DecodingError {
    case .keyNotFound(let key, let context): "\(place(context.codingPath + [key])) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      context.codingPath.isEmpty ? "it is no object" : "\(place(context.codingPath)) is no whole number"
    default: "it is not JSON"
    }
  }

  private static func quoted(_ name: String) -> String {
    "\"" + name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  private static func sync(_ url: URL) throws {
    let descriptor = open(url.path, O_RDONLY)
    guard descriptor >= 0 else { throw CocoaError(.fileReadUnknown) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
  }

  private static func rename(_ from: URL, to: URL) throws {
    guard Glibc.rename(from.path, to.path) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
  }
}
