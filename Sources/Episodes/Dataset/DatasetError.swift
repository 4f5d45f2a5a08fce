/// What can be wrong with a dataset.
public enum DatasetError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The folder has no manifest.
  case notADataset(folder: String)
  /// A folder in which a dataset was to be made holds something else.
  case foreign(folder: String, example: String)
  /// The manifest does not say what it should.
  case malformed(file: String, what: String)
  /// The manifest was written by a later version.
  case newer(file: String, version: Int)
  /// No such episode; and those that there are.
  case unknownEpisode(id: String, folder: String, known: Int)
  /// An episode of that id is in the dataset already.
  case duplicate(id: String, folder: String)
  /// A log holds an episode that is listed from another file.
  case copied(id: String, folder: String, file: String)
  /// A file of the dataset cannot be read or written.
  case log(LogError)

  /// The log's own error, where it is one.
  var logError: LogError? { if case .log(let error) = self { error } else { nil } }

  /// One sentence for a person, with the mend.
  public var description: String {
    switch self {
    case .notADataset(let folder):
      "\(folder) is no dataset: it has no \(Manifest.fileName). `understudy record` makes one"
    case .foreign(let folder, let example) where example.hasSuffix(".mcap"):
      "\(folder) has logs (\(example)) and no \(Manifest.fileName); `understudy recover \(folder)` makes it anew from them"
    case .foreign(let folder, let example):
      "\(folder) is there, is no dataset and holds other things (\(example)); name a new or an empty folder"
    case .malformed(let file, let what):
      "\(file) cannot be read as a dataset's manifest: \(what). The episodes beside it are whole; "
        + "move it away and `understudy recover` makes it anew"
    case .newer(let file, let version):
      "\(file) is a manifest of version \(version), written by a later understudy; this one knows \(Manifest.version)"
    case .unknownEpisode(let id, let folder, let known):
      "\(folder) has no episode '\(id)' among its \(known); `understudy inspect \(folder)` lists them"
    case .duplicate(let id, let folder):
      "\(folder) has an episode '\(id)' already"
    case .copied(let id, let folder, let file):
      "\(file): \(folder) has an episode '\(id)' already, in another file; move this one away"
    case .log(let error): error.description
    }
  }
}

/// What a dataset's folder holds that its manifest does not account for.
public enum DatasetProblem: Sendable, Equatable, CustomStringConvertible {
  /// A log that was never finished: its process was killed, or the power went.
  case torn(file: String)
  /// A log that a process is recording now.
  case beingRecorded(file: String)
  /// A finished log that is not in the manifest.
  case unlisted(file: String)
  /// A finished log of another size than the manifest says: it was mended or replaced after it was listed.
  case changed(file: String)
  /// An episode of the manifest whose log is not there.
  case missing(id: String, file: String)

  /// One sentence for a person, with the mend.
  public var description: String {
    switch self {
    case .torn(let file): "\(file) was not finished; `understudy recover \(file)` keeps every whole tick of it"
    case .beingRecorded(let file): "\(file) is being recorded"
    case .unlisted(let file): "\(file) is not in the dataset's list; `understudy recover \(file)` adds it"
    case .changed(let file):
      "\(file) is not as the dataset lists it; `understudy recover \(file)` lists it as it is"
    case .missing(let id, let file): "episode \(id): its log \(file) is gone; put it back"
    }
  }
}
