public import Foundation

/// The folder `hardware/`: data files of servos, arms and rigs.
///
/// It is found, in this order: where `UNDERSTUDY_HARDWARE` points; above a given file that stands in it; in the current
/// folder or one above it; above the running program.
public struct Hardware: Sendable, Equatable {
  /// The folder itself.
  public let root: URL

  /// The folder at `root`, which is not looked at.
  public init(root: URL) { self.root = root }

  /// Finds the folder; `near` is a file that may stand inside it (a rig file given by path).
  public static func find(
    near: URL? = nil, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(ConfigurationError) -> Hardware {
    if let given = environment["UNDERSTUDY_HARDWARE"], !given.isEmpty {
      let folder = URL(filePath: given, directoryHint: .isDirectory)
      if isHardware(folder) { return Hardware(root: folder) }
      throw .notFound(
        kind: "folder with arms/ in it named by UNDERSTUDY_HARDWARE,", name: given, place: given, available: [])
    }
    if let near {
      for folder in ancestors(of: near) {
        if isHardware(folder) { return Hardware(root: folder) }
        if isHardware(folder.appending(path: "hardware")) { return Hardware(root: folder.appending(path: "hardware")) }
      }
    }
    // The current folder first, and as the relative path that a person would type.
    if isHardware(URL(filePath: "hardware")) { return Hardware(root: URL(filePath: "hardware")) }
    let here = URL(filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory)
    let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    for folder in ancestors(of: here) + ancestors(of: program) {
      let hardware = folder.appending(path: "hardware", directoryHint: .isDirectory)
      if isHardware(hardware) { return Hardware(root: hardware) }
    }
    throw .notFound(kind: "folder", name: "hardware", place: "\(here.path) or above it", available: [])
  }

  /// The file `name` (with or without `.yaml`) of a kind: `arms`, `rigs` or `servos`.
  public func file(_ name: String, kind: Kind) throws(ConfigurationError) -> URL {
    let folder = root.appending(path: kind.rawValue, directoryHint: .isDirectory)
    let plain = name.hasSuffix(".yaml") ? String(name.dropLast(5)) : name
    let names = names(of: kind)
    guard names.contains(plain) else {
      throw .notFound(kind: kind.singular, name: plain, place: folder.relativePath, available: names)
    }
    return folder.appending(path: plain + ".yaml")
  }

  /// The names of all files of a kind, in alphabetical order.
  public func names(of kind: Kind) -> [String] {
    let folder = root.appending(path: kind.rawValue)
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
  }

  /// The kinds of data files, by folder.
  public enum Kind: String, Sendable, CaseIterable {
    /// Joints, limits and geometry of an arm.
    case arms
    /// Which arms on which ports, and how they are run.
    case rigs
    /// A servo's control table.
    case servos

    var singular: String { String(rawValue.dropLast()) }
  }

  private static func isHardware(_ folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: "arms").path)
  }

  private static func ancestors(of url: URL) -> [URL] {
    var folders: [URL] = []
    var folder =
      url.hasDirectoryPath ? url.absoluteURL.standardized : url.absoluteURL.standardized.deletingLastPathComponent()
    while folder.path != "/" {
      folders.append(folder)
      folder.deleteLastPathComponent()
    }
    return folders
  }
}
