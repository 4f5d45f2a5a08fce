internal import Arm
internal import CRealtime
internal import Foundation
internal import Glibc
internal import RealTime
internal import ServoBus

/// Other people's clients and ours, by turns on one twin: what each adds to the time that the wire takes.
///
/// A client's share of a cycle runs from the twin's stamp of the last byte (`DIR/wire`) to the client's return.
struct BusPeers {
  let folder: URL
  let rate_Hz: Int

  /// Turns of each pair of clients, ours and a peer, and cycles in each.
  private static let turns = 4
  private static let cycles = 150

  private struct Times: Decodable {
    var wall: [Int64] = []
    var share: [Int64] = []
    var cpu: [Int64] = []
    var failed = 0

    mutating func add(_ other: Times) {
      wall += other.wall
      share += other.share
      cpu += other.cpu
      failed += other.failed
    }

    func microseconds(_ times: KeyPath<Times, [Int64]>, _ share: Double) -> Double? {
      let sorted = self[keyPath: times].sorted()
      return sorted.isEmpty ? nil : Double(WakeLatencyRun.percentile(share, of: sorted)) * 1e-3
    }
  }

  /// What else a rig could ask for (`bus.spin_us`).
  static let otherSpin_us = 30

  /// A client that ours takes turns with, and what it takes to run a turn of it.
  private struct Peer {
    let name: String
    let goal: Benchmark.Goal?
    /// It is ours with another `spin`, and needs no command.
    var isOurs = false
    let command: (String, [String])?
    let missing: String
    var times = Times()
    /// Ours, beside it.
    var ours = Times()
  }

  /// Adds rows; `open` opens the follower's bus with a `spin_us`.
  func measure(into benchmark: inout Benchmark, open: (Int) throws -> ServoBus) throws {
    for var peer in try clients() {
      // A B B A: who begins changes from turn to turn.
      for turn in 0..<Self.turns {
        if turn % 2 == 0 { peer.ours.add(try turnOfOurs(open, Rig.usualBusSpin_us)) }
        if peer.isOurs {
          peer.times.add(try turnOfOurs(open, Self.otherSpin_us))
        } else if let (program, arguments) = peer.command, let text = OtherProgram(program, arguments)?.finish(),
          let times = try? JSONDecoder().decode(Times.self, from: Data(text.utf8))
        {
          peer.times.add(times)
        }
        if turn % 2 == 1 { peer.ours.add(try turnOfOurs(open, Rig.usualBusSpin_us)) }
      }
      if peer.times.wall.isEmpty {
        benchmark.notes.append("Not run: \(peer.name) (\(peer.missing)).")
      } else {
        rows(of: peer, into: &benchmark)
      }
    }
    benchmark.notes.append(
      "Peers: each takes turns with ours, \(Self.turns) × \(Self.cycles) cycles each at \(rate_Hz) Hz, sync reads of six "
        + "positions; a share of a cycle is from the twin's last byte to the client's return.")
  }

  private func rows(of peer: Peer, into benchmark: inout Benchmark) {
    func row(_ name: String, _ times: KeyPath<Times, [Int64]>, _ share: Double, _ goal: Benchmark.Goal?) {
      guard let mine = peer.ours.microseconds(times, share) else { return }
      benchmark.rows.append(
        .init(name, "µs", mine, beside: peer.name, peer.times.microseconds(times, share), goal: goal))
    }
    row("share of a cycle p50", \.share, 0.5, peer.goal)
    row("share of a cycle p99", \.share, 0.99, nil)
    row("CPU of a cycle p50", \.cpu, 0.5, peer.goal)
    row("whole cycle p50", \.wall, 0.5, nil)
    row("whole cycle p99", \.wall, 0.99, nil)
    if peer.times.failed > 0 {
      benchmark.notes.append("\(peer.name): \(peer.times.failed) cycles failed and are not counted.")
    }
  }

  private func turnOfOurs(_ open: (Int) throws -> ServoBus, _ spin_us: Int) throws -> Times {
    var bus = try open(spin_us)
    let stamps = Glibc.open("\(folder.path)/wire", O_RDONLY | O_CLOEXEC)
    defer { close(stamps) }
    let block = RegisterBlock(bus.model.registers.presentPosition)
    let period = Nanoseconds(1_000_000_000 / Int64(rate_Hz))
    var times = Times()
    var due = TickClock.monotonic.now
    for _ in 0..<Self.cycles {
      due = max(due + period, TickClock.monotonic.now)
      us_sleep_until_ns(due.count)
      let used = us_thread_cpu_ns()
      let began = TickClock.monotonic.now
      bus.post(block)
      bus.collect(until: began + .milliseconds(50))
      let returned = TickClock.monotonic.now
      let spent = us_thread_cpu_ns()
      var stamp: Int64 = 0
      guard (0..<bus.ids.count).allSatisfy({ bus.reply($0).sequence == bus.newestSequence }),
        pread(stamps, &stamp, 8, 0) == 8
      else {
        times.failed += 1
        continue
      }
      times.wall.append((returned - began).count)
      times.share.append(returned.count - stamp)
      times.cpu.append(spent - used)
    }
    return times
  }

  private func clients() throws -> [Peer] {
    let root = try Hardware.find().root.deletingLastPathComponent()
    let script = root.appending(path: "Tests/Peers/bus_clients.py").path
    func python(_ venvs: [String]) -> String? {
      venvs.map { root.appending(path: ".deps/\($0)/bin/python").path }.first { access($0, X_OK) == 0 }
    }
    func client(_ name: String, _ key: String, _ venvs: [String], _ goal: Benchmark.Goal) -> Peer {
      let command = python(venvs).map {
        ($0, [script, key, folder.path, "\(Self.cycles)", "\(rate_Hz)"])
      }
      return Peer(
        name: name, goal: goal, command: command,
        missing: command == nil ? "no .deps/\(venvs[0]); `make peers` installs it" : "it failed on the twin")
    }
    var echo: (String, [String])?
    let binary = folder.appending(path: "echo").path
    if OtherProgram("cc", ["-O2", "-o", binary, root.appending(path: "Tests/Peers/echo.c").path])?.finish() != nil {
      echo = (
        binary,
        ["\(folder.path)/follower", "\(folder.path)/wire", "\(Self.cycles)", "\(rate_Hz)"]
      )
    }
    return [
      client("feetech-servo-sdk", "sdk", ["peers", "venv"], .ratioAtMost(0.5)),
      client("LeRobot", "lerobot", ["lerobot"], .ratioAtMost(0.5)),
      client("rustypot", "rustypot", ["peers", "venv"], .ratioAtMost(1)),
      Peer(name: "a C echo client", goal: nil, command: echo, missing: "no C compiler, `cc`"),
      Peer(name: "ours with spin_us \(Self.otherSpin_us)", goal: nil, isOurs: true, command: nil, missing: ""),
    ]
  }
}
