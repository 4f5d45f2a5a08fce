internal import CRealtime
internal import Glibc

/// One thing that a real-time loop asks of the system, whether it was given, and the line that grants it.
public struct Grant: Sendable, Codable {
  /// What was asked for.
  public var name: String
  /// Whether it was given.
  public var granted: Bool
  /// What came instead, or what it costs to go without.
  public var detail: String
  /// The line that grants it; empty where nothing is to be done.
  public var mend: String

  /// The three ways to `line` of limits.conf. File capabilities replace each other, so the last names all that the program
  /// uses, and go with the file: a new build needs them anew. The loader reads no LD_LIBRARY_PATH for such a program
  /// (secure execution, ld.so(8)): its libraries must lie on its run path, as those of a Swift that still is where it was
  /// built with do.
  private static func ways(_ line: String, unit: String, ambient: String) -> String {
    "for people, \"\(line)\" in limits.d: sudo groupadd -rf realtime && sudo usermod -aG realtime $USER && "
      + "sudo cp hardware/linux/limits.conf /etc/security/limits.d/understudy.conf, then log out and in; "
      + "under systemd, \(unit) or AmbientCapabilities=\(ambient) in the unit (hardware/linux/understudy.service has it); "
      + "or for this build alone: sudo setcap cap_sys_nice,cap_ipc_lock+ep $(command -v understudy) "
      + "(LD_LIBRARY_PATH counts no more then)"
  }
  private static let priorityWays = ways(
    "@realtime - rtprio 95", unit: "LimitRTPRIO=95", ambient: "CAP_SYS_NICE")
  /// Both, for a test that compares them with the files.
  static var allWays: [String] { [priorityWays, memoryWays] }
  private static let memoryWays = ways(
    "@realtime - memlock unlimited", unit: "LimitMEMLOCK=infinity", ambient: "CAP_IPC_LOCK")

  /// Asked on the loop's own thread: priority, timer slack, pinning.
  static func askForLoopThread(priority: Int32, cpu: Int32?) -> [Grant] {
    var grants = [
      answer(
        us_fifo_self(priority), "SCHED_FIFO \(priority)", without: "other programs can delay a tick",
        mend: priorityWays),
      answer(us_timer_slack_self(), "timer slack 1 ns", without: "wake-ups may come 50 µs late", mend: ""),
    ]
    if let cpu {
      grants.append(
        answer(
          us_pin_self(cpu), "pinned to CPU \(cpu)", without: "the loop may move between cores",
          mend: "choose another loop_cpu in the rig file"))
    }
    return grants
  }

  /// Asked once a process, before the loop starts: memory locking, and no deep sleep of the cores.
  ///
  /// The descriptor that keeps the cores awake stays open until the process ends.
  public static func askForProcess() -> [Grant] {
    let latency = us_cpu_dma_latency_zero()
    return [
      answer(
        us_lock_all_memory(), "memory locked", without: "a page fault can delay a tick (its stack is locked alone)",
        mend: memoryWays),
      answer(
        latency < 0 ? -latency : 0, "cores kept awake (cpu_dma_latency 0)", without: "a sleeping core wakes later",
        mend: "KERNEL==\"cpu_dma_latency\", GROUP=\"realtime\", MODE=\"0660\" in udev: "
          + "sudo cp hardware/linux/60-understudy.rules /etc/udev/rules.d/, then restart; under systemd beside it "
          + "SupplementaryGroups=realtime"),
    ]
  }

  /// All that a session asks for, first of all that it does: the threads and children that it starts later keep off the
  /// loop's CPU.
  public static func askForSession(_ loop: RateLoop.Configuration) throws(RateLoopError) -> [Grant] {
    var grants = try RateLoop.grants(of: loop)
    if let cpu = loop.cpu { grants.append(LoopCPU.keepOthersOff(cpu)) }
    return grants + askForProcess()
  }

  /// From here on this thread and what it starts only use time that nobody else wants: training beside a live loop.
  public static func yieldToEveryone() { _ = us_idle_self() }

  /// Does something short with the loop's priority, before the loop starts; without the right to it, with the present one.
  public static func withPriority<Result>(_ body: () -> Result) -> Result {
    let granted = us_fifo_self(50) == 0
    defer {
      var parameter = sched_param()
      if granted { _ = pthread_setschedparam(pthread_self(), SCHED_OTHER, &parameter) }
    }
    return body()
  }

  /// What a person reads at the start: what was granted in one line, each refusal in a line with the one that grants it.
  public static func lines(_ grants: [Grant]) -> [String] {
    let granted = grants.filter(\.granted).map(\.name)
    return (granted.isEmpty ? [] : ["granted: " + granted.joined(separator: ", ")])
      + grants.filter { !$0.granted }.map {
        "not granted: \($0.name): \($0.detail)" + ($0.mend.isEmpty ? "" : "; to grant it: \($0.mend)")
      }
  }

  static func answer(_ error: Int32, _ name: String, without: String, mend: String) -> Grant {
    error == 0
      ? Grant(name: name, granted: true, detail: "", mend: "")
      : Grant(name: name, granted: false, detail: "\(String(cString: strerror(error))): \(without)", mend: mend)
  }
}
