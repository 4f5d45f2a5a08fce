internal import Foundation

/// What the kernel tells in `/proc` and `/sys`, below a root that tests choose.
struct SystemFiles: Sendable {
  private let root: URL

  /// Below `root`.
  init(root: String = "/") { self.root = URL(filePath: root, directoryHint: .isDirectory) }

  /// A small file's text without the white space around it; nil where it cannot be read.
  func text(_ path: String) -> String? {
    guard let data = try? Data(contentsOf: root.appending(path: path)) else { return nil }
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// The names in a folder, in order; none where it cannot be read.
  func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)) ?? []).sorted()
  }

  /// Where a link leads, as a plain path; nil where it is none.
  func target(of path: String) -> String? {
    let url = root.appending(path: path)
    guard (try? FileManager.default.destinationOfSymbolicLink(atPath: url.path)) != nil else { return nil }
    return url.resolvingSymlinksInPath().path
  }

  /// The programs that run now, by their short names.
  func programs() -> Set<String> {
    Set(names(in: "proc").filter { Int($0) != nil }.compactMap { text("proc/\($0)/comm") })
  }

  /// How long an FTDI adapter sits on bytes before it passes them on; nil for other adapters.
  func latencyTimer_ms(ofPort path: String) -> Int? {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return text("sys/bus/usb-serial/devices/\(name)/latency_timer").flatMap(Int.init)
  }

  /// What a port is that the system does not list as an adapter's.
  func kind(ofPort path: String) -> String {
    let real = URL(filePath: path).resolvingSymlinksInPath().path
    return real.hasPrefix("/dev/pts/") ? "a pseudo-terminal, \(real)" : "no adapter that the system knows"
  }

  /// The name of a port that stays the same whatever is plugged in first; nil where udev made none.
  func stablePath(ofPort path: String) -> String? {
    for folder in ["dev/serial/by-id", "dev/serial/by-path"] {
      for name in names(in: folder) where target(of: "\(folder)/\(name)") == path { return "/\(folder)/\(name)" }
    }
    return nil
  }
}
