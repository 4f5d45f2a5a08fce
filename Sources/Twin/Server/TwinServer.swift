// The twin in real time: what a host finds where hardware would be.
//
//     host ◀── pseudo-terminal ──▶ poll ──▶ world (physics, servos, person)
//     host ◀── environment, pedal datagrams ──┘ ◀── announcements ── host
//
// One thread. It sleeps in poll(2) until bytes come, a reply is complete on the wire, or a physics step of 2 ms is due.
// Time: CLOCK_MONOTONIC; a reply is handed over when its last byte would have arrived at the servos' rate.
internal import CRealtime
internal import Foundation
internal import Glibc
public import RealTime

/// Serves a world through pseudo-terminals and sockets in a folder, until SIGINT, SIGTERM or SIGHUP.
///
///     let server = try TwinServer(folder: ".twin", world: world)
///     server.serve()
///
/// Not for tests that can run on virtual time: there is `MemoryLink` for those.
public final class TwinServer {
  private let folder: ServerFolder
  private let world: any ServedWorld
  private let follower: PseudoTerminal
  private let leader: PseudoTerminal
  private let announcements: DatagramSocket
  private let sender: DatagramSocket
  /// How often a host did not take its replies: the port's buffer was full.
  public private(set) var overruns = 0

  /// How late replies were handed over: a machine that starves the twin shows here, not a host that is slow.
  public let lateness = Histogram()

  /// Physics steps, and so the longest sleep.
  private static let step = Nanoseconds.milliseconds(2)
  /// A longer gap between two turns is a pause, not a delay.
  private static let pause = Nanoseconds.milliseconds(1000)
  private var turned = Nanoseconds.never

  /// Claims the folder and opens the ports; nothing moves before `serve`.
  public init(folder path: String, world: any ServedWorld) throws(TwinServerError) {
    follower = try PseudoTerminal()
    leader = try PseudoTerminal()
    folder = try ServerFolder(path, links: ["follower": follower.path, "leader": leader.path])
    do throws(DatagramError) {
      announcements = try DatagramSocket(receivingAt: "\(path)/announce.sock")
      sender = try DatagramSocket()
    } catch {
      throw .socket(error)
    }
    self.world = world
  }

  /// Lets the world run beside real time until a signal ends it, or `isOver` says so (asked every 2 ms).
  public func serve(until isOver: () -> Bool = { false }) {
    let ending = Ending()
    _ = us_timer_slack_self()
    // Servos answer on time whatever else the machine does. Below every host's priority: a servo cannot delay its host.
    _ = us_fifo_self(20)

    while !ending.isAsked, !isOver() {
      sleep()
      turn()
    }
  }

  /// One turn: hear, advance, speak.
  private func turn() {
    let now = TickClock.monotonic.now
    if now - turned > Self.pause { world.begin(at: now) }
    turned = now
    world.advance(to: now)
    hear(follower, world.follower, at: now)
    hear(leader, world.leader, at: now)
    while let datagram = announcements.receive() { datagram.withUnsafeBytes { world.hear($0) } }
    speak(follower, world.follower, 0)
    speak(leader, world.leader, 1)
    world.drain { channel, bytes in
      let name = channel == .environment ? "environment" : "pedal"
      sender.send(bytes, to: "\(folder.path)/\(name).sock")
    }
  }

  private func sleep() {
    let now = TickClock.monotonic.now
    var wake = now + Self.step
    for time in [world.follower.nextReplyEnd, world.leader.nextReplyEnd] { wake = min(wake, time ?? wake) }
    let events = Int16(POLLIN)
    var ports = [
      pollfd(fd: follower.descriptor, events: events, revents: 0),
      pollfd(fd: leader.descriptor, events: events, revents: 0),
      pollfd(fd: announcements.fileDescriptor, events: events, revents: 0),
    ]
    _ = us_poll_ns(&ports, Int32(ports.count), (wake - now).count)
  }

  private func hear(_ terminal: PseudoTerminal, _ bus: EmulatedBus, at time: Nanoseconds) {
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
      let count = read(terminal.descriptor, buffer.baseAddress, buffer.count)
      guard count > 0 else { return }
      bus.bitsPerSecond = max(1, terminal.bitsPerSecond)
      bus.receive(UnsafeRawBufferPointer(rebasing: buffer[..<count]), at: time)
    }
  }

  private func speak(_ terminal: PseudoTerminal, _ bus: EmulatedBus, _ index: Int) {
    let now = TickClock.monotonic.now
    if let due = bus.nextReplyEnd, now > due { lateness.add(now - due) }
    bus.transmit(until: now) { bytes in
      folder.stamp(index, at: TickClock.monotonic.now)
      if write(terminal.descriptor, bytes.baseAddress, bytes.count) != bytes.count { overruns += 1 }
    }
  }
}
