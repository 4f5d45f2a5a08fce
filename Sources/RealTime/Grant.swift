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

  private static let limitsFile =
    "sudo groupadd -rf realtime && sudo usermod -aG realtime $USER && "
    + "sudo cp hardware/linux/limits.conf /etc/security/limits.d/understudy.conf, then log out and in"

  /// Asked on the loop's own thread: priority, timer slack, pinning.
  static func askForLoopThread(priority: Int32, cpu: Int32?) -> [Grant] {
    var grants = [
      answer(
        us_fifo_self(priority), "SCHED_FIFO \(priority)", without: "other programs can delay a tick",
        mend: limitsFile),
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
        mend: limitsFile),
      answer(
        latency < 0 ? -latency : 0, "cores kept awake (cpu_dma_latency 0)", without: "a sleeping core wakes later",
        mend: "sudo cp hardware/linux/60-understudy.rules /etc/udev/rules.d/, then restart"),
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
