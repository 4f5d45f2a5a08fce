import Control
import Foundation
import Testing

@Suite struct ReadmeTests {
  @Test func `the README's table of faults is the program's own`() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
    let begin = try #require(readme.range(of: "<!-- faults -->\n"))
    let end = try #require(readme.range(of: "<!-- /faults -->"))
    let rows = Fault.table.map {
      "| `\($0.name)` | \($0.detection) | \($0.clearing.rawValue) | \($0.cause) | \($0.remedy) |"
    }
    let head = ["| fault | noticed by | can be acknowledged | usual cause | what to do |", "|---|---|---|---|---|"]
    let table = head + rows
    #expect(readme.contains("stop category \(Fault.stopCategory): controlled stop, then hold"))
    #expect(String(readme[begin.upperBound..<end.lowerBound]) == table.joined(separator: "\n") + "\n")
  }
}
