internal import CRealtime
internal import Glibc

/// What the kernel did to a thread: asked for on that thread, before and after what is to be judged.
///
///     let before = ThreadUsage()
///     …
///     let meanwhile = ThreadUsage() - before     // page faults: must be 0 in a loop; switches: what others took
public struct ThreadUsage: BitwiseCopyable, Sendable, Equatable {
  /// Page faults that were answered from memory.
  public var minorFaults: Int64
  /// Page faults that had to wait for a disk.
  public var majorFaults: Int64
  /// How often another thread was given the CPU while this one wanted to run.
  public var involuntarySwitches: Int64

  /// Of the calling thread, since it began.
  public init() {
    (minorFaults, majorFaults, involuntarySwitches) = (0, 0, 0)
    us_thread_usage(&minorFaults, &majorFaults, &involuntarySwitches)
  }

  /// What `top -H` and `/proc` call the calling thread, 15 characters at most.
  ///
  /// Through a file: Swift's Glibc has no `pthread_setname_np`. A thread without a name works as well.
  static func nameThread(_ name: String) {
    let descriptor = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = write(descriptor, name, min(name.utf8.count, 15))
    close(descriptor)
  }

  /// What happened in between.
  public static func - (after: ThreadUsage, before: ThreadUsage) -> ThreadUsage {
    var difference = after
    difference.minorFaults -= before.minorFaults
    difference.majorFaults -= before.majorFaults
    difference.involuntarySwitches -= before.involuntarySwitches
    return difference
  }
}
