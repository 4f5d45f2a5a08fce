internal import Episodes
public import Foundation

/// What `understudy recover` did: every torn log that was mended, every whole one that was listed.
public struct Mending: Sendable, Codable {
  /// The folder or file that was asked for.
  public var source: String
  /// What was done, file by file.
  public var logs: [Log] = []
  /// What could not be mended, a sentence each; those files were left as they are.
  public var problems: [String] = []

  /// One file.
  public struct Log: Sendable, Codable {
    /// The log, whole now.
    public var file: String
    /// Where the original is kept; nil where nothing was wrong with it.
    public var original: String?
    /// Whole ticks.
    public var frames: Int
    /// First to last of them.
    public var duration_s: Double
    /// Bytes after the last whole tick.
    public var discardedBytes: Int
    /// What was done, in words.
    public var summary: String
  }

  /// Mends a log, or every log of a folder. Nothing that was there is deleted.
  ///
  /// A folder of logs whose manifest is gone gets a new one. A log that is being recorded is left alone.
  public init(_ url: URL) throws(InspectionError) {
    var isFolder: ObjCBool = false
    let path = url.relativePath
    source = path
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw .missing(path: path) }
    do throws(DatasetError) {
      if isFolder.boolValue { try mend(folder: path) } else { try mend(file: path, beside: url) }
    } catch { throw .dataset(error) }
  }

  private mutating func mend(folder: String) throws(DatasetError) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let hasManifest = names.contains("dataset.json")
    guard hasManifest || names.contains(where: { $0.hasSuffix(".mcap") }) else { throw .notADataset(folder: folder) }
    let dataset = hasManifest ? try Dataset.open(folder) : try Dataset.create(folder)
    for problem in try dataset.problems() {
      switch problem {
      case .torn(let file), .unlisted(let file), .changed(let file):
        do throws(DatasetError) { add(try dataset.recover(file)) } catch { problems.append(error.description) }
      case .beingRecorded, .missing: problems.append(problem.description)
      }
    }
  }

  private mutating func mend(file: String, beside url: URL) throws(DatasetError) {
    let folder = url.deletingLastPathComponent()
    if FileManager.default.fileExists(atPath: folder.appending(path: "dataset.json").path) {
      let dataset = try Dataset.open(folder.relativePath)
      add(try dataset.recover("\(dataset.folder)/\(url.lastPathComponent)"))
    } else {
      do throws(LogError) { add(try Recovery.mend(file)) } catch { throw .log(error) }
    }
  }

  private mutating func add(_ report: Recovery.Report) {
    guard report.hasEpisode else { return problems.append(report.description) }
    logs.append(
      Log(
        file: report.file, original: report.original, frames: report.frames, duration_s: report.duration_s,
        discardedBytes: report.discardedBytes, summary: report.description))
  }
}

extension Mending: CustomStringConvertible {
  /// For people.
  public var description: String {
    let lines = logs.map(\.summary) + problems.map { "not mended: \($0)." }
    return lines.isEmpty
      ? "\(source): every log is whole and listed; there was nothing to do." : lines.joined(separator: "\n")
  }
}
