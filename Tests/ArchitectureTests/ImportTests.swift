import Foundation
import Testing

/// The layers of the design, and who may look at whom. The sources are read as text: the compiler's own check misses
/// modules that arrive through another.
@Suite struct ImportTests {
  static let layer: [String: Int] = [
    "CSerialPort": 0, "COpenBLAS": 0, "CMuJoCo": 0, "CZstd": 0, "CRealtime": 0, "CKernels": 0,
    "RealTime": 1, "ServoBus": 2, "Arm": 3, "Policy": 3, "Episodes": 4, "Learning": 5, "Control": 5, "Twin": 5,
    "Session": 6, "Dashboard": 6, "Rehearsal": 7, "understudy": 8, "understudy-twin": 8,
  ]

  /// Modules that only the named ones may import, beyond what the layers say.
  static let reserved: [String: Set<String>] = [
    "CMuJoCo": ["Twin"],
    "Twin": ["Rehearsal", "understudy-twin"],
    "Rehearsal": ["understudy-twin"],
  ]

  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// A step of the wall clock, by hand or by a time server, cannot concern what never reads it.
  @Test func `the loop, the buses and the arms never look at the wall clock`() throws {
    for module in ["RealTime", "ServoBus", "Arm", "Policy", "Control", "CRealtime"] {
      let folder = Self.root.appending(path: "Sources/\(module)")
      let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
      for case let file as URL in files where ["swift", "c", "h"].contains(file.pathExtension) {
        let text = try String(contentsOf: file, encoding: .utf8)
        for word in ["CLOCK_REALTIME", "gettimeofday", "Date(", "Date.now", "SuspendingClock", "time(NULL)"] {
          #expect(!text.contains(word), "\(file.lastPathComponent) reads the wall clock: \(word)")
        }
      }
    }
  }

  /// (module, file, imported module) for each import of ours.
  static func imports() throws -> [(module: String, file: String, imported: String)] {
    let sources = root.appending(path: "Sources")
    let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    var found: [(String, String, String)] = []
    for case let file as URL in files where file.pathExtension == "swift" {
      let relative = file.path.dropFirst(sources.path.count + 1)
      let module = String(relative.prefix { $0 != "/" })
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
        let words = line.split(whereSeparator: { " .".contains($0) }).map(String.init)
        guard let at = words.firstIndex(of: "import"), at <= 2, !line.hasPrefix("//"), at + 1 < words.count else {
          continue
        }
        let kinds: Set = ["struct", "class", "enum", "func", "protocol", "typealias", "var", "let"]
        let name = kinds.contains(words[at + 1]) && at + 2 < words.count ? words[at + 2] : words[at + 1]
        if layer[name] != nil { found.append((module, String(relative), name)) }
      }
    }
    return found
  }

  @Test func `a module imports lower layers only`() throws {
    let all = try Self.imports()
    #expect(all.count > 5, "the reader of imports found next to nothing: it is broken")
    for (module, file, imported) in all {
      let own = try #require(Self.layer[module], "Sources/\(module) is in no layer of the design")
      let other = try #require(Self.layer[imported])
      #expect(other < own, "\(file) imports \(imported), which is not below \(module)")
    }
  }

  @Test func `reserved modules are seen by their users only`() throws {
    for (module, file, imported) in try Self.imports() {
      guard let allowed = Self.reserved[imported] else { continue }
      #expect(allowed.contains(module), "\(file) imports \(imported), which only \(allowed.sorted()) may")
    }
  }

  @Test func `the dashboard sees control's snapshot and nothing else of ours`() throws {
    for (module, file, imported) in try Self.imports() where module == "Dashboard" {
      #expect(["Control", "RealTime", "CRealtime"].contains(imported), "\(file) imports \(imported)")
    }
  }
}
