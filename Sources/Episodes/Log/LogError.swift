internal import Glibc

/// What can be wrong with a log, its file or its folder. Each says which file, what was expected and what helps.
public enum LogError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A system call failed: what was being done, and the system's code.
  case system(file: String, doing: String, code: Int32)
  /// The disk, the quota or the file size limit left no room. What was written before is whole.
  case noRoom(file: String)
  /// The file is no longer where it was made: its folder was removed or renamed meanwhile.
  case gone(file: String)
  /// A file of that name is there already; nothing is ever overwritten.
  case exists(file: String)
  /// Somebody is recording or mending this file at this moment.
  case inUse(file: String)
  /// The file does not begin as an MCAP file does.
  case notMCAP(file: String)
  /// A record contradicts itself or the format, at a byte offset of the file.
  case malformed(file: String, offset: Int, what: String)
  /// A record is larger than this reader is ready to hold.
  case tooLarge(file: String, offset: Int, bytes: UInt64, limit: Int)
  /// Chunks are compressed in a way that this reader does not know.
  case compression(file: String, offset: Int, name: String)
  /// The file is MCAP, but no episode that this version can read: what is missing or different.
  case notAnEpisode(file: String, what: String)
  /// The file ends in the middle: a process was killed, or a copy was cut short.
  case torn(file: String, offset: Int)

  /// One sentence for a person, with the mend.
  public var description: String {
    switch self {
    case .system(let file, "creating", let code):
      "\(file) cannot be made: \(String(cString: strerror(code)).lowercased()) (errno \(code)); "
        + "choose another place, or see who may write there"
    case .system(let file, let doing, let code):
      "\(doing) \(file) failed: \(String(cString: strerror(code)).lowercased()) (errno \(code))"
    case .noRoom(let file):
      "no room left to write \(file); what was recorded before is whole. Free some space, then record on"
    case .gone(let file):
      "\(file) is gone from its place while it is recorded: put its folder back, if it was renamed, before this episode "
        + "ends; if it was removed, this episode is lost"
    case .exists(let file):
      "\(file) exists and is not overwritten; move it away or choose another name"
    case .inUse(let file):
      "\(file) is being recorded or mended by another process; end that first"
    case .notMCAP(let file):
      "\(file) is no MCAP file: it does not begin with MCAP's magic bytes. Put back a copy of the log, if there is one"
    case .malformed(let file, let offset, let what):
      "\(file) is damaged at byte \(offset): \(what). `understudy recover \(file)` keeps all that is whole before it"
    case .tooLarge(let file, let offset, let bytes, let limit):
      "\(file) has a record of \(bytes) bytes at byte \(offset), more than the \(limit) that are read; "
        + "it is damaged or was made by another program"
    case .compression(let file, let offset, let name):
      "\(file) has a chunk compressed with '\(name)' at byte \(offset); this reader knows zstd and none"
    case .notAnEpisode(let file, let what):
      "\(file) is no episode that this version can read: \(what)"
    case .torn(let file, let offset):
      "\(file) ends in the middle of a record at byte \(offset); `understudy recover \(file)` mends it"
    }
  }

  /// The error of a failed system call; those that mean a full disk get their own case.
  static func system(_ file: String, _ doing: String, _ code: Int32 = errno) -> LogError {
    switch code {
    case ENOSPC, EDQUOT, EFBIG: .noRoom(file: file)
    case EEXIST: .exists(file: file)
    case EWOULDBLOCK: .inUse(file: file)
    default: .system(file: file, doing: doing, code: code)
    }
  }
}
