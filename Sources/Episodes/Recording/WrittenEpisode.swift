/// An episode that was computed and not recorded, a plan for example, as a log like any other.
public enum WrittenEpisode {
  /// Writes the log, finished; there must be no file at `path`, and nothing stays there if it fails.
  public static func write(
    _ records: [TickRecord], to path: String, id: String, session: SessionInfo, episode: EpisodeInfo,
    end: EpisodeEnd = EpisodeEnd()
  ) throws(LogError) {
    var file = try EpisodeFile.create(path, id: id, session: session, episode: episode)
    do {
      for record in records { file.append(record) }
      try file.flush()
      _ = try Finisher.finish(file.file, end: end)
    } catch {
      Folder.remove(path)
      throw error
    }
  }
}
