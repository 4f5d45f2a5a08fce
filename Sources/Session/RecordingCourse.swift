public import Episodes
internal import Foundation

/// How many episodes a recording session still takes, and where it counts from.
public struct RecordingCourse: Sendable, Encodable, CustomStringConvertible {
  /// Episodes to come; nil for as many as the person likes.
  public let episodes: Int?
  /// The number of the first; nil where the dataset has enough.
  public let first: Int?
  /// Episodes that the dataset has already.
  public let present: Int

  /// For people, where nothing is left to record.
  public var description: String {
    "The dataset has its \(present) episodes already; say a larger --episodes to go on."
  }

  /// With `resume`, `episodes` counts those that are there, and numbers go on behind them.
  public init(_ folder: String, episodes: Int?, first: Int?, resume: Bool) throws(DatasetError) {
    guard resume, FileManager.default.fileExists(atPath: "\(folder)/dataset.json") else {
      self.episodes = episodes
      self.first = first ?? 1
      present = 0
      return
    }
    let entries = try Dataset.open(folder).episodes
    // What a killed session left without a verdict is there, and is no demonstration that was asked for.
    let present = entries.count { $0.label != .unlabelled || !$0.recovered }
    self.present = present
    let left = episodes.map { $0 - present }
    self.episodes = left
    self.first = left.map { $0 < 1 } == true ? nil : Int(entries.map(\.number).max() ?? 0) + 1
  }
}
