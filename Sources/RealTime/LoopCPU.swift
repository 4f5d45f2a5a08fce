internal import CRealtime
internal import Glibc

/// The CPU that is the loop's own: its thread stays there, and everything else that this process does, or starts, keeps off.
///
/// Why: a training child beside the loop, even one that yields to everyone, leaves the loop a cold cache and a core to be
/// taken back. On two cores the p99 of the wake latency was 2.1 (2.0–2.3) times that without the child, and 1.0 where the two
/// had a core each (`understudy bench rounds`).
public enum LoopCPU {
  /// The CPU that is taken where nobody chose one: the first that the kernel keeps free of other programs (`isolcpus=`),
  /// else the last that this process may run on, since interrupts mostly go to the first. Nil on a machine with one.
  public static let standard: Int32? = choose(isolated: isolated(), allowed: allowed())

  /// Keeps every thread of this process, and every thread and process that they start from now on, off the CPU; to be called
  /// before the loop starts.
  public static func keepOthersOff(_ cpu: Int32) -> Grant {
    let refused = threads().lazy.map { us_keep_off(cpu, $0) }.first { $0 != 0 && $0 != ESRCH }
    return Grant.answer(
      refused ?? 0, "CPU \(cpu) for the loop alone", without: "the session's other work shares the loop's core",
      mend: "")
  }

  static func choose(isolated: [Int32], allowed: [Int32]) -> Int32? {
    isolated.first ?? (allowed.count > 1 ? allowed.last : nil)
  }

  /// The kernel's list, such as `2-3,6`.
  static func cpus(in list: String) -> [Int32] {
    list.split(separator: ",").flatMap { part -> [Int32] in
      let ends = part.split(separator: "-").compactMap { Int32($0.filter(\.isNumber)) }
      guard let first = ends.first, let last = ends.last, first <= last else { return [] }
      return Array(first...last)
    }
  }

  private static func threads() -> [Int32] {
    guard let folder = opendir("/proc/self/task") else { return [0] }
    defer { closedir(folder) }
    var threads: [Int32] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if let thread = Int32(name) { threads.append(thread) }
    }
    return threads
  }

  private static func allowed() -> [Int32] {
    (0..<Int32(sysconf(Int32(_SC_NPROCESSORS_CONF)))).filter { us_may_run_on($0) }
  }

  private static func isolated() -> [Int32] {
    guard let file = fopen("/sys/devices/system/cpu/isolated", "re") else { return [] }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    guard fgets(&line, Int32(line.count), file) != nil else { return [] }
    return cpus(in: String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
  }
}
