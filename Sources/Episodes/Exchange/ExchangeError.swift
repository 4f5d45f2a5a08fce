/// Why a dataset could not be exchanged with LeRobot. Nothing was overwritten, and a half-written folder is removed.
public enum ExchangeError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The DuckDB command line is not installed.
  case noDuckDB(looked: [String])
  /// DuckDB ended with an error.
  case duckDB(doing: String, said: String)
  /// The target folder is there already.
  case exists(folder: String)
  /// The disk has less room than the export may take, in bytes.
  case noRoom(folder: String, needed: Int, free: Int)
  /// A file or folder could not be read or written.
  case file(path: String, reason: String)
  /// The folder holds no LeRobot dataset.
  case notLeRobot(folder: String, what: String)
  /// The dataset is of another version than v3.0.
  case version(folder: String, found: String)
  /// A feature is missing or has another type or size than an arm's.
  case feature(folder: String, what: String)
  /// Nothing is left to export: every episode was left out, and why.
  case nothing(folder: String, why: String)
  /// The episodes of a dataset do not fit into one table.
  case mixed(folder: String, what: String)
  /// A frame rate that cannot be.
  case rate(asked: Int, loop_Hz: Double)
  /// Units need a calibration, and the log or rig has none.
  case noCalibration(source: String, units: LeRobotUnits)
  /// A dataset of ours cannot be read or written.
  case dataset(DatasetError)

  /// One sentence for a person, with the mend.
  public var description: String {
    switch self {
    case .noDuckDB(let looked):
      "LeRobot's Parquet files are written by DuckDB, which is not there (looked for \(looked.joined(separator: ", "))); "
        + "`make deps` installs it, or name the binary in UNDERSTUDY_DUCKDB"
    case .duckDB(let doing, let said): "DuckDB failed while \(doing): \(said)"
    case .exists(let folder): "\(folder) exists and is not overwritten; move it away or choose another name"
    case .noRoom(let folder, let needed, let free):
      "the export may take \(needed >> 20) MB and \(folder) has \(free >> 20) MB free; nothing was written. Free some space, "
        + "or choose another disk"
    case .file(let path, let reason): "\(path): \(reason)"
    case .notLeRobot(let folder, let what): "\(folder) is no LeRobot dataset: \(what)"
    case .version(let folder, let found):
      "\(folder) is a LeRobot dataset of version \(found), and this reads v3.0; convert it with LeRobot's "
        + "`python -m lerobot.scripts.convert_dataset_v21_to_v30 --repo-id=…`"
    case .feature(let folder, let what): "\(folder) does not hold what an arm's dataset holds: \(what)"
    case .nothing(let folder, let why): "nothing of \(folder) is left to export: \(why)"
    case .mixed(let folder, let what): "the episodes of \(folder) do not fit into one table: \(what)"
    case .rate(let asked, let loop_Hz):
      "\(asked) frames a second cannot be cut out of a loop of \(loop_Hz) Hz; choose 1 to \(Int(loop_Hz)) with --fps"
    case .noCalibration(let source, let units):
      "\(source) carries no follower with its calibration, without which \(units.rawValue) mean nothing; "
        + "use --units radians, or for import name the arm with --rig"
    case .dataset(let error): error.description
    }
  }
}
