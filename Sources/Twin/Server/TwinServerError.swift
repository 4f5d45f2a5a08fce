public import RealTime

/// Why the twin could not be served.
public enum TwinServerError: Error, Equatable, CustomStringConvertible {
  /// Another twin serves in this folder.
  case alreadyServed(folder: String, pid: Int32?)
  /// A socket could not be had; its path may be too long.
  case socket(DatagramError)
  /// Something that is not ours stands where a link belongs.
  case occupied(path: String)
  /// The system refused.
  case system(call: String, path: String, reason: String)

  /// What happened and what to do.
  public var description: String {
    switch self {
    case .alreadyServed(let folder, let pid?):
      "A twin is already running in \(folder) (PID \(pid)): end it, or choose another folder with --dir."
    case .alreadyServed(let folder, nil):
      "A twin is already running in \(folder): end it, or choose another folder with --dir."
    case .socket(let error):
      error.description
    case .occupied(let path):
      "\(path) exists and is no link of a twin: move it away, or choose another folder with --dir."
    case .system(let call, let path, let reason):
      "\(path): \(call) says \(reason)."
    }
  }
}
