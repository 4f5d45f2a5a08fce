public import Arm
public import Episodes
public import Learning
public import Policy
public import ServoBus

/// The exit codes of sysexits.h that verbs use, so that a script can tell a typing error from a missing arm.
public enum ExitStatus: Int32, Sendable {
  /// The command line asks for something that cannot be.
  case usage = 64
  /// The input exists and is wrong.
  case data = 65
  /// The input is missing or cannot be read.
  case noInput = 66
  /// A port, a servo or another program is not there.
  case unavailable = 69
  /// The system refused something that it gives to everybody.
  case system = 71
  /// An output cannot be made, or exists already.
  case cannotCreate = 73
  /// Reading or writing failed half-way.
  case io = 74
  /// Somebody else is at it, or a person said no; later it will work.
  case temporary = 75
  /// A configuration file is wrong.
  case configuration = 78

  /// What a shell reports of a program that a signal ended, 130 for Ctrl-C: also where the arm was parked first, so that a
  /// script does not go on as if all had been done.
  public static func interrupted(by signal: Int32) -> Int32 { 128 + signal }
}

/// An error that knows the code its program ends with; its description is one sentence with the mend.
public protocol EndingError: Error {
  /// The code of sysexits.h.
  var exitCode: Int32 { get }
}

extension HostError: EndingError {}
extension ConfigurationError: EndingError {}
extension CalibrationError: EndingError {}
extension FeatureError: EndingError {}

extension LogError: EndingError {
  /// 66 where the file cannot be had, 73 where it cannot be made, 75 where somebody is at it, else 65.
  public var exitCode: Int32 {
    switch self {
    case .system(_, "opening", _), .system(_, "listing", _), .gone: ExitStatus.noInput.rawValue
    case .system(_, "creating", _): ExitStatus.cannotCreate.rawValue
    case .system, .noRoom: ExitStatus.io.rawValue
    case .exists: ExitStatus.cannotCreate.rawValue
    case .inUse: ExitStatus.temporary.rawValue
    case .notMCAP, .malformed, .tooLarge, .compression, .notAnEpisode, .torn: ExitStatus.data.rawValue
    }
  }
}

extension DatasetError: EndingError {
  /// 66 where there is no dataset, its file's code where a file fails, else 65.
  public var exitCode: Int32 {
    switch self {
    case .notADataset: ExitStatus.noInput.rawValue
    case .foreign: ExitStatus.cannotCreate.rawValue
    case .log(let error): error.exitCode
    case .malformed, .newer, .unknownEpisode, .duplicate, .copied: ExitStatus.data.rawValue
    }
  }
}

extension ExchangeError: EndingError {
  /// 66 where there is nothing to read, 69 without DuckDB, 73 where a folder is in the way, 74 where a disk fails, else 65.
  public var exitCode: Int32 {
    switch self {
    case .noDuckDB: ExitStatus.unavailable.rawValue
    case .exists: ExitStatus.cannotCreate.rawValue
    case .file, .noRoom: ExitStatus.io.rawValue
    case .notLeRobot: ExitStatus.noInput.rawValue
    case .rate: ExitStatus.usage.rawValue
    case .dataset(let error): error.exitCode
    case .duckDB, .version, .feature, .nothing, .mixed, .noCalibration: ExitStatus.data.rawValue
    }
  }
}

extension PolicyError: EndingError {
  /// 66 where a file is missing, 73 where one is in the way, else 65.
  public var exitCode: Int32 {
    switch self {
    case .missing, .unreadable: ExitStatus.noInput.rawValue
    case .exists, .notAPolicy, .notWritten: ExitStatus.cannotCreate.rawValue
    default: ExitStatus.data.rawValue
    }
  }
}

extension TorchExchange.Failure: EndingError {
  /// 65.
  public var exitCode: Int32 { ExitStatus.data.rawValue }
}

extension PortError: EndingError {
  /// 69.
  public var exitCode: Int32 { ExitStatus.unavailable.rawValue }
}

extension ServoFileError: EndingError {
  /// 78.
  public var exitCode: Int32 { ExitStatus.configuration.rawValue }
}

extension RewardError: EndingError {
  /// 66 where a file is missing, 69 where nobody rolls out, 73 where a file is in the way, 64 for a setting, else 65.
  public var exitCode: Int32 {
    switch self {
    case .unreadable: ExitStatus.noInput.rawValue
    case .nobody, .silent: ExitStatus.unavailable.rawValue
    case .stopped: ExitStatus.interrupted(by: 2)
    case .notWritten: ExitStatus.cannotCreate.rawValue
    case .setting: ExitStatus.usage.rawValue
    case .malformed, .demonstration, .rollouts, .otherFit, .diverged, .unsettled: ExitStatus.data.rawValue
    }
  }
}
