internal import Glibc
internal import Synchronization

/// An open file. Closed when the last user lets go of it; a lock taken on it goes with it.
final class LogFile: Sendable {
  let path: String
  let descriptor: Int32
  /// Whether the folder was synced since the file was made, so that its name survives a power cut.
  let hasDurableName = Atomic<Bool>(false)

  private init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Makes a new file, locked for as long as it is open; fails where one of that name exists.
  static func create(_ path: String) throws(LogError) -> LogFile {
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system(path, "creating") }
    let file = LogFile(path: path, descriptor: descriptor)
    try file.lock()
    return file
  }

  /// Opens a file to read it.
  static func open(reading path: String) throws(LogError) -> LogFile {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path, "opening") }
    return LogFile(path: path, descriptor: descriptor)
  }

  /// Claims the file, or throws `inUse` where another open file has it.
  func lock() throws(LogError) {
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .system(path, "locking") }
  }

  /// Claims the file and waits for it where somebody else has it: for changes that take milliseconds.
  func lockWaiting() throws(LogError) {
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else { throw .system(path, "locking") }
    }
  }

  /// Whether somebody else holds the lock: a recorder at work, or a process that mends.
  func isLocked() -> Bool {
    guard flock(descriptor, LOCK_SH | LOCK_NB) == 0 else { return errno == EWOULDBLOCK }
    flock(descriptor, LOCK_UN)
    return false
  }

  func size() throws(LogError) -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system(path, "reading the size of") }
    return Int(status.st_size)
  }

  /// Writes all of a buffer at the file's end, which is `size`; where there is no room the file keeps that size.
  func append(_ buffer: borrowing ByteBuffer, at size: Int) throws(LogError) {
    let (written, code) = buffer.write(to: descriptor)
    guard code != 0 else { return }
    if written > 0, ftruncate(descriptor, off_t(size)) == 0 { lseek(descriptor, off_t(size), SEEK_SET) }
    throw .system(path, "writing", code)
  }

  /// Asks the disk to have everything: data, and the size that leads to it.
  func sync() throws(LogError) {
    guard fdatasync(descriptor) == 0 else { throw .system(path, "syncing") }
  }
}

/// What is done to names rather than to contents.
enum Folder {
  /// Makes a folder and those above it; one that is there already is fine.
  static func create(_ path: String) throws(LogError) {
    if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
    let above = parent(of: path)
    guard errno == ENOENT, above != path else { throw .system(path, "creating") }
    try create(above)
    guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw .system(path, "creating") }
  }

  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  static func name(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
  }

  /// The names in a folder, sorted.
  static func names(in path: String) throws(LogError) -> [String] {
    guard let directory = opendir(path) else { throw .system(path, "listing") }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Puts `from` in the place of `to` in one step: at every moment there is the old file or the new one.
  static func replace(_ to: String, with from: String) throws(LogError) {
    guard rename(from, to) == 0 else { throw .system(to, "replacing") }
  }

  /// Gives a file a second name, which must be free.
  static func keep(_ path: String, as other: String) throws(LogError) {
    if link(path, other) == 0 { return }
    // A file system without hard links (a USB stick): a moment without the first name is the best it offers.
    guard [EPERM, ENOTSUP, ENOSYS].contains(errno), !exists(other) else { throw .system(other, "making") }
    guard rename(path, other) == 0 else { throw .system(other, "making") }
  }

  /// Gives a finished log a second name in another folder; a copy where that cannot be, on another disk or without hard links.
  static func share(_ path: String, as other: String) throws(LogError) {
    if link(path, other) == 0 { return }
    guard [EXDEV, EPERM, ENOTSUP, ENOSYS].contains(errno) else { throw .system(other, "making") }
    let source = try LogFile.open(reading: path)
    let size = try source.size()
    let target = try LogFile.create(other)
    var at = 0
    while at < size {
      var buffer = ByteBuffer()
      let code = buffer.append(min(1 << 20, size - at), of: source.descriptor, at: at)
      guard code == 0 else { throw .system(path, "reading", code) }
      try target.append(buffer, at: at)
      at += buffer.count
    }
    try target.sync()
  }

  /// Moves a file to a name that must be free.
  static func move(_ path: String, to other: String) throws(LogError) {
    try keep(path, as: other)
    if exists(path) { unlink(path) }
  }

  /// Removes a file of ours that something else stands for by now.
  static func remove(_ path: String) { unlink(path) }

  /// Makes new and changed names survive a power cut.
  static func sync(_ path: String) throws(LogError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(path, "opening") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .system(path, "syncing") }
  }

  /// How many bytes an ordinary user may still write there; nil where the system does not say.
  static func freeBytes(_ path: String) -> Int? {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return nil }
    return Int(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize))
  }
}
