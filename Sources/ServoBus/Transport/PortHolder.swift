internal import Glibc

extension PortError.Holder {
  /// Who else has the file at `path` open, as far as this user may see: first by its lock (visible to everybody), then
  /// by its descriptors (visible for one's own programs, and to root).
  static func find(path: String) -> PortError.Holder? {
    guard let real = resolved(path) else { return nil }
    var info = stat()
    guard stat(real, &info) == 0 else { return nil }
    let own = getpid()
    if let pid = lockOwner(inode: UInt64(info.st_ino)), pid != own { return holder(pid) }
    for name in entries(of: "/proc") {
      guard let pid = Int32(name), pid != own else { continue }
      for descriptor in entries(of: "/proc/\(pid)/fd") where resolved("/proc/\(pid)/fd/\(descriptor)") == real {
        return holder(pid)
      }
    }
    return nil
  }

  /// The path without links.
  static func resolved(_ path: String) -> String? {
    guard let found = realpath(path, nil) else { return nil }
    defer { free(found) }
    return String(cString: found)
  }

  /// A line of /proc/locks reads `7: FLOCK  ADVISORY  WRITE 1234 00:06:123 0 EOF`; the last number of the triple is
  /// the inode.
  private static func lockOwner(inode: UInt64) -> Int32? {
    for line in lines(of: "/proc/locks") {
      let words = line.split(separator: " ")
      guard words.count >= 6, words[1] == "FLOCK", words[5].split(separator: ":").last.map(String.init) == "\(inode)",
        words[5].split(separator: ":").count == 3
      else { continue }
      return Int32(words[4])
    }
    return nil
  }

  private static func holder(_ pid: Int32) -> Self {
    Self(pid: pid, program: lines(of: "/proc/\(pid)/comm").first ?? "unknown")
  }

  private static func entries(of folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  private static func lines(of file: String) -> [String] {
    guard let stream = fopen(file, "r") else { return [] }
    defer { fclose(stream) }
    var found: [String] = []
    var buffer = [CChar](repeating: 0, count: 512)
    while fgets(&buffer, Int32(buffer.count), stream) != nil {
      let text = buffer.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
      found.append(String(decoding: text, as: UTF8.self))
    }
    return found
  }
}
