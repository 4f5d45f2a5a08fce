internal import Arm
internal import Foundation
internal import Glibc
internal import Policy
internal import RealTime

/// What a whole session costs: `understudy run` at a rate on a twin of its own, with its page open in one browser.
///
/// Started as a user would start it, and watched from outside: through /proc, and through the lines of its `--json`.
struct RunBenchmark {
  let rate_Hz: Int
  let seconds: Double

  /// Time to the first tick, share of a core, memory.
  func rows() throws -> [Benchmark.Row] {
    let folder = FileManager.default.temporaryDirectory.appending(path: "understudy-run-\(getpid())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let own = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    let program = own.deletingLastPathComponent().appending(path: "understudy-twin")
    guard
      let twin = OtherProgram(program.path, ["--task", "insert", "--seed", "7", "--dir", folder.path, "--json"]),
      twin.firstLine() != nil
    else {
      throw HostError.refused("No twin could be started from \(program.path); build it with `make build`.")
    }
    defer { withExtendedLifetime(twin) {} }
    let rig = try Self.rig(in: folder, rate_Hz: rate_Hz)
    let policy = folder.appending(path: "policy")
    try Self.savePolicy(of: try Rig.load(rig.path), to: policy)

    let spawned = TickClock.monotonic.now
    guard
      let session = OtherProgram(
        own.path, ["run", "--rig", rig.path, "--policy", policy.path, "--page", "0", "--json"],
        complains: true)
    else { throw HostError.refused("\(own.path) could not be started.") }
    var page: Browser?
    var firstTick: Nanoseconds?
    // The page's address comes before the first tick, the instruments once a second.
    while firstTick == nil, let line = session.firstLine() {
      // A JSON object's keys come in any order, so more may follow.
      if line.contains("the page is at "), let rest = line.components(separatedBy: "127.0.0.1:").last {
        page = Browser(port: UInt16(rest.prefix { $0.isNumber }) ?? 0)
      }
      let event = try? JSONDecoder().decode(Timing.self, from: Data(line.utf8))
      firstTick = event?.firstTick_ns.map(Nanoseconds.init)
    }
    guard let firstTick, let page else {
      throw HostError.refused("`understudy run` on the bench's twin ended early, as it said above.")
    }
    let before = Self.used_s(session.identifier), began = TickClock.monotonic.now
    let loopBefore = Self.loop(of: session.identifier)
    page.look(for: seconds)
    let loopAfter = Self.loop(of: session.identifier)
    let share = (Self.used_s(session.identifier) - before) / (TickClock.monotonic.now - began).seconds
    let resident = Self.resident_MB(session.identifier)
    return [
      .init("process start to first tick", "ms", (firstTick - spawned).milliseconds, goal: .atMost(300)),
      .init("run at \(rate_Hz) Hz, of a core", "%", share * 100, goal: rate_Hz == 200 ? .atMost(5) : nil),
      .init("memory with the page open", "MB", resident, goal: .atMost(64)),
      .init(
        "page faults of the loop's thread", "in \(Figures.short(seconds)) s", loopAfter.faults - loopBefore.faults,
        goal: .atMost(0)),
      .init(
        "involuntary switches of it", "in \(Figures.short(seconds)) s", loopAfter.switches - loopBefore.switches),
    ]
  }

  /// What /proc counts of the loop's thread; NaN where there is none.
  private static func loop(of process: Int32) -> (faults: Double, switches: Double) {
    let threads = "/proc/\(process)/task"
    func text(_ thread: String, _ name: String) -> String {
      (try? String(contentsOfFile: "\(threads)/\(thread)/\(name)", encoding: .utf8)) ?? ""
    }
    let all = (try? FileManager.default.contentsOfDirectory(atPath: threads)) ?? []
    guard let loop = all.first(where: { text($0, "comm") == "\(RateLoop.threadName)\n" }) else { return (.nan, .nan) }
    // After the name in brackets: fields 8 and 10 are page faults answered from memory and from a disk.
    let fields = text(loop, "stat").components(separatedBy: ") ").last?.split(separator: " ") ?? []
    let faults = fields.count > 9 ? (Double(fields[7]) ?? .nan) + (Double(fields[9]) ?? .nan) : .nan
    let line = text(loop, "status").split(separator: "\n").first { $0.hasPrefix("nonvoluntary_ctxt_switches:") }
    return (faults, line.flatMap { Double($0.drop { !$0.isNumber }) } ?? .nan)
  }

  private struct Timing: Decodable { let firstTick_ns: Int64? }

  /// The twin's rig at another rate.
  private static func rig(in folder: URL, rate_Hz: Int) throws -> URL {
    let file = try Hardware.find().file("twin-insert", kind: .rigs)
    let text = try String(contentsOf: file, encoding: .utf8)
      .replacingOccurrences(of: "loop_Hz: 100", with: "loop_Hz: \(rate_Hz)")
      .replacingOccurrences(of: "${UNDERSTUDY_TWIN:-.twin}", with: folder.path)
    let rig = folder.appending(path: "twin-insert.yaml")
    try Data(text.utf8).write(to: rig)
    return rig
  }

  /// An ensemble of the standard recipe's size that hardly moves the arm.
  private static func savePolicy(of rig: Rig, to folder: URL) throws {
    let description = SampleNetwork.description(
      arm: rig.pairs[0].follower.arm.name, features: rig.policy.features, hidden: [128, 128],
      actions: rig.policy.actions, range: 0.01, ensemble: 5, precision: .float32, decision_Hz: Double(rig.decision_Hz))
    try Policy.save(description, SampleNetwork.parameters(description, seed: 1), to: folder)
  }

  /// CPU time of all its threads.
  private static func used_s(_ process: Int32) -> Double {
    // After the name in brackets: fields 14 and 15 are user and system time in clock ticks.
    let text = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
    let fields = text.components(separatedBy: ") ").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return .nan }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  private static func resident_MB(_ process: Int32) -> Double {
    let fields = (try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8))?.split(separator: " ") ?? []
    return fields.count > 1 ? (Double(fields[1]) ?? .nan) * Double(getpagesize()) / 1e6 : .nan
  }
}

/// Takes a page's pictures as they come, like a browser does.
private final class Browser {
  private let descriptor: Int32

  /// Asks the page on this machine for its stream; nil where nobody listens.
  init?(port: UInt16) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    let request = Array("GET /events HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAccept: text/event-stream\r\n\r\n".utf8)
    guard connected == 0, write(descriptor, request, request.count) == request.count else {
      close(descriptor)
      return nil
    }
  }

  deinit { close(descriptor) }

  /// Reads what comes for so long.
  func look(for seconds: Double) {
    let end = TickClock.monotonic.now + .seconds(seconds)
    var buffer = [UInt8](repeating: 0, count: 65536)
    while TickClock.monotonic.now < end {
      var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&ready, 1, 100) > 0 else { continue }
      guard read(descriptor, &buffer, buffer.count) > 0 else { break }
    }
  }
}
