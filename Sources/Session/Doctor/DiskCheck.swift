internal import CRealtime
internal import Foundation
internal import Glibc
internal import RealTime

/// Whether episodes can be written where they shall go: room, and how long the disk takes to be sure.
struct DiskCheck {
  let folder: URL

  /// What an hour of a six-joint pair takes at 100 Hz, 250 bytes a frame.
  private static let hour_bytes = 250.0 * 100 * 3600
  private static let syncs = 8

  func findings() -> [Finding] {
    let asked = folder.absoluteURL.standardized
    let folder = existing(asked)
    return [place(asked, existing: folder), room(folder), syncSpeed(folder)]
  }

  /// Whether the folder is there. One that recording makes is fine; a whole path that is not there may be a slip of the pen.
  private func place(_ asked: URL, existing: URL) -> Finding {
    if asked.path == existing.path { return Finding("dataset folder", .ok, asked.path) }
    let isNext = asked.deletingLastPathComponent().path == existing.path
    return Finding(
      "dataset folder", isNext ? .ok : .warn,
      "\(asked.path) is not there\(isNext ? " yet: recording makes it" : ", nor is the folder above it"); "
        + "what follows is of \(existing.path)",
      mend: "check the path, or make it: mkdir -p '\(asked.path)'")
  }

  /// The folder, or the nearest above it that exists: a dataset may still have to be made.
  private func existing(_ folder: URL) -> URL {
    FileManager.default.fileExists(atPath: folder.path) || folder.path == "/"
      ? folder : existing(folder.deletingLastPathComponent())
  }

  private func room(_ folder: URL) -> Finding {
    var status = statvfs()
    guard statvfs(folder.path, &status) == 0 else {
      return Finding("disk space", .warn, "\(folder.path): the system does not tell")
    }
    let free = Double(status.f_bavail) * Double(status.f_frsize)
    let hours = free / Self.hour_bytes
    let detail = "\(Figures.short(free / 1e9)) GB free at \(folder.path), \(Figures.short(hours)) h of episodes"
    return Finding(
      "disk space", hours < 0.5 ? .fail : hours < 5 ? .warn : .ok, detail,
      mend: "free some space, or record on another disk with --dataset")
  }

  /// Writes and syncs a megabyte a few times, beside where episodes will be.
  private func syncSpeed(_ folder: URL) -> Finding {
    let file = folder.appending(path: ".understudy-doctor-\(getpid())").path
    let descriptor = open(file, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      return Finding(
        "disk", .fail, "nothing can be written in \(folder.path): \(String(cString: strerror(errno)))",
        mend: "choose another folder with --dataset, or change its owner")
    }
    defer {
      close(descriptor)
      unlink(file)
    }
    let block = [UInt8](repeating: 0x5A, count: 1 << 20)
    var slowest = 0.0
    for _ in 0..<Self.syncs {
      let began = us_monotonic_ns()
      guard write(descriptor, block, block.count) == block.count, fdatasync(descriptor) == 0 else {
        return Finding(
          "disk", .fail, "writing in \(folder.path) failed: \(String(cString: strerror(errno)))",
          mend: "free some space, or look at the disk with sudo dmesg")
      }
      slowest = max(slowest, Nanoseconds(us_monotonic_ns() - began).milliseconds)
    }
    // A sync is asked for twice a second, off the loop's thread; what it costs is how much a power cut takes.
    return Finding(
      "disk", slowest > 400 ? .warn : .ok,
      "the slowest of \(Self.syncs) synced megabytes took \(Figures.short(slowest)) ms",
      mend: "a power cut would take more than the last second: record on an SSD rather than on a card or a network disk"
    )
  }
}

/// Whether the wall clock is right: logs of two machines are put side by side by it.
enum ClockCheck {
  static func finding() -> Finding {
    switch us_clock_is_synchronized() {
    case 1: Finding("clock", .ok, "synchronized")
    case 0:
      Finding(
        "clock", .warn, "nobody keeps it right: logs of two machines will not fit together",
        mend: "sudo timedatectl set-ntp true")
    default: Finding("clock", .ok, "the system does not tell")
    }
  }
}
