public import Foundation

/// How far a correction session is: written beside its policies after every episode and every round, so that a session
/// that was killed goes on with the same dataset, policy and lineage.
public struct SessionProgress: Codable, Sendable, Equatable {
  /// Rounds that are complete.
  public var round: Int
  /// Corrected frames in the round under way.
  public var frames: Int
  /// The next episode's number.
  public var nextEpisode: Int
  /// The policy that drives: a folder beside this file, or the one that the session began with.
  public var policy: String
  /// The datasets that its policies are trained on: a session with others is another session.
  public var datasets: [String] = []

  /// A session's progress.
  public init(round: Int, frames: Int, nextEpisode: Int, policy: String) {
    self.round = round
    self.frames = frames
    self.nextEpisode = nextEpisode
    self.policy = policy
  }

  /// Where it stands in a folder of policies.
  public static func file(in policies: URL) -> URL { policies.appending(path: "session.json") }

  /// What an earlier session left in this folder; nil where none did. One that cannot be read is refused: going on from a
  /// guess would mix policies with other data.
  public static func read(from policies: URL) throws(HostError) -> SessionProgress? {
    let file = file(in: policies)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    do {
      return try JSONDecoder().decode(SessionProgress.self, from: Data(contentsOf: file))
    } catch {
      throw .refused(
        "\(file.path) should say how far the session in this folder is, but cannot be read; remove it to begin a new "
          + "session, or name another folder with --policies.")
    }
  }
}
