internal import Foundation
internal import Glibc
internal import RealTime

/// The folder in which a twin offers itself: links to its ports, its socket's path, and a lock.
///
///     DIR/follower, DIR/leader    links to pseudo-terminals, for the host to open
///     DIR/environment.sock        bound by the host: the twin sends what the camera sees
///     DIR/pedal.sock              bound by the host: the twin sends what the person presses
///     DIR/announce.sock           bound by the twin: the host says what it is doing
///     DIR/wire                    when the last byte of a reply went out: follower's and leader's, int64 ns, CLOCK_MONOTONIC
///     DIR/twin.lock               held while a twin runs; it contains its process id
struct ServerFolder: ~Copyable {
  let path: String
  private let lock: Int32
  private let wire: Int32
  private let links: [String]

  /// Claims the folder (made if need be) and sets the links.
  init(_ path: String, links: KeyValuePairs<String, String>) throws(TwinServerError) {
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let lockPath = "\(path)/twin.lock"
    let lock = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard lock >= 0 else { throw Self.systemError("open", lockPath) }
    do throws(TwinServerError) {
      guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
        throw .alreadyServed(folder: path, pid: Self.number(in: lock))
      }
      for (name, target) in links { try Self.link("\(path)/\(name)", to: target) }
    } catch {
      close(lock)
      throw error
    }
    ftruncate(lock, 0)
    let text = "\(getpid())\n"
    _ = text.withCString { pwrite(lock, $0, strlen($0), 0) }
    self.path = path
    self.lock = lock
    // Whoever measures a client reads it; without it the twin serves all the same.
    wire = open("\(path)/wire", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    self.links = links.map(\.key)
  }

  deinit {
    for name in links { unlink("\(path)/\(name)") }
    unlink("\(path)/twin.lock")
    unlink("\(path)/wire")
    if wire >= 0 { close(wire) }
    close(lock)
  }

  /// Reply bytes go out on port number `index` at this moment.
  func stamp(_ index: Int, at time: Nanoseconds) {
    guard wire >= 0 else { return }
    var stamp = time.count
    _ = pwrite(wire, &stamp, MemoryLayout.size(ofValue: stamp), off_t(index * MemoryLayout.size(ofValue: stamp)))
  }

  /// A link that a killed twin left is replaced; anything else that stands there is somebody's.
  private static func link(_ path: String, to target: String) throws(TwinServerError) {
    var info = stat()
    if lstat(path, &info) == 0 {
      guard info.st_mode & S_IFMT == S_IFLNK else { throw .occupied(path: path) }
      unlink(path)
    }
    guard symlink(target, path) == 0 else { throw systemError("symlink", path) }
  }

  private static func number(in descriptor: Int32) -> Int32? {
    var text = [UInt8](repeating: 0, count: 16)
    let count = pread(descriptor, &text, text.count, 0)
    return count > 0 ? Int32(String(decoding: text[..<count].prefix { $0 != 10 }, as: UTF8.self)) : nil
  }

  private static func systemError(_ call: String, _ path: String) -> TwinServerError {
    .system(call: call, path: path, reason: String(cString: strerror(errno)))
  }
}
