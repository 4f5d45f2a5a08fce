import Arm
import Episodes
import Foundation
import Testing

/// "Limited by": what the page, `inspect` and logs name beside faults.
@Suite struct LimitsTests {
  @Test func `every limit has a name and the setting that moves it`() throws {
    #expect(Limits.table.map(\.limit.rawValue) == [1, 2, 4, 8, 16])
    #expect(Set(Limits.table.map(\.name)).count == 5)
    let both: Limits = [.velocity, .handGuiding]
    let words = ["velocity (envelope.velocity_rad_s)", "hand-guiding (envelope.hand_guiding_m_s)"]
    #expect(both.descriptions == words && Limits().descriptions.isEmpty)
    // Each key is one that the file's reader knows: it objects to the value, not to the key.
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "hardware")
    let hardware = Hardware(root: root)
    let text = try String(contentsOf: root.appending(path: "rigs/twin-insert.yaml"), encoding: .utf8)
    let folder = FileManager.default.temporaryDirectory.appending(path: "limits-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "twin-insert.yaml")
    var settings: [String] = []
    for row in Limits.table {
      for setting in row.setting.components(separatedBy: ", ") where setting.hasPrefix("envelope.") {
        let key = String(setting.dropFirst("envelope.".count))
        let kept = text.split(separator: "\n").filter { !$0.hasPrefix("  \(key):") }.joined(separator: "\n")
        try kept.replacing("envelope:\n", with: "envelope:\n  \(key): nonsense\n")
          .write(to: file, atomically: true, encoding: .utf8)
        let error = #expect(throws: ConfigurationError.self) {
          try Rig.load(file.path, hardware: hardware, variables: [:])
        }
        let sentence = error.map { "\($0)" } ?? ""
        #expect(sentence.contains("\"\(setting)\" must be"), "\(sentence)")
        settings.append(key)
      }
    }
    #expect(settings.count == 5)
  }
}
