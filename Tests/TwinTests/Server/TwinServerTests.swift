import Foundation
import RealTime
import ServoBus
import Synchronization
import Testing
import Twin

/// Two arms of puppets; what it heard it sends back as the pedal's datagram, and a camera frame every 40 ms.
final class PuppetWorld: ServedWorld {
  let follower: EmulatedBus
  let leader: EmulatedBus
  private var time = Nanoseconds.zero
  private var frame = Nanoseconds.zero
  private var heard: [[UInt8]] = []

  init(_ model: ServoModel) {
    let setups = (1...6).map { ServoSetup(id: UInt8($0)) }
    follower = EmulatedBus(model: model, servos: setups, mechanism: PuppetMechanism(), seed: 1)
    leader = EmulatedBus(model: model, servos: setups, mechanism: PuppetMechanism(), seed: 2)
  }

  func begin(at time: Nanoseconds) {
    self.time = time
    frame = time
  }

  func advance(to now: Nanoseconds) {
    while time + .milliseconds(2) <= now {
      time += .milliseconds(2)
      follower.update(at: time)
      leader.update(at: time)
    }
  }

  func hear(_ announcement: UnsafeRawBufferPointer) { heard.append(Array(announcement)) }

  func drain(_ body: (TwinChannel, UnsafeRawBufferPointer) -> Void) {
    for text in heard { text.withUnsafeBytes { body(.pedal, $0) } }
    heard = []
    guard time - frame >= .milliseconds(40) else { return }
    frame = time
    Array("{\"t\": \(time.count)}".utf8).withUnsafeBytes { body(.environment, $0) }
  }
}

/// A server on a thread of its own, in a folder of its own.
final class RunningTwin: Sendable {
  let folder: String
  private let isOver = Atomic(false)
  private let ended = DispatchSemaphore(value: 0)

  init() throws {
    // Short: a socket's address holds 107 bytes.
    folder = FileManager.default.temporaryDirectory.appending(path: "twin-\(UInt32.random(in: 0...(.max)))").path
    let began = DispatchSemaphore(value: 0)
    Thread { [self] in
      if let rig = try? ServoRig(), let server = try? TwinServer(folder: folder, world: PuppetWorld(rig.model)) {
        server.serve {
          began.signal()
          return isOver.load(ordering: .relaxed)
        }
      }
      began.signal()
      ended.signal()
    }.start()
    began.wait()
  }

  func end() {
    isOver.store(true, ordering: .relaxed)
    ended.wait()
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func bus(_ arm: String, _ model: ServoModel) throws -> ServoBus {
    ServoBus(
      port: .termios(try TermiosPort(path: "\(folder)/\(arm)")), model: model, ids: [1, 2, 3, 4, 5, 6],
      clock: .monotonic)
  }
}

@Suite(.serialized) struct TwinServerTests {
  @Test func `a host finds two arms behind links and speaks with both at once`() throws {
    let model = try ServoRig().model
    let twin = try RunningTwin()
    defer { twin.end() }
    var follower = try twin.bus("follower", model)
    var leader = try twin.bus("leader", model)
    #expect(try follower.discover() == [1, 2, 3, 4, 5, 6])
    try leader.writeVerified(0, to: model.registers.lock, of: 3)
    let block = RegisterBlock(from: model.registers.presentPosition, through: model.registers.presentLoad)
    for _ in 0..<20 {
      follower.post(block)
      leader.post(block)
      let deadline = TickClock.monotonic.now + .milliseconds(500)
      follower.collect(until: deadline)
      leader.collect(until: deadline)
      follower.syncWrite(SIMD8(repeating: 2100), to: model.registers.goalPosition)
    }
    #expect(follower.statistics.timeouts == .zero)
    #expect(leader.reply(5).value(of: model.registers.presentPosition) == 2048)
    #expect(try follower.readAll(model.registers.goalPosition) == [2100, 2100, 2100, 2100, 2100, 2100])
  }

  @Test func `replies take at least the wire's time`() throws {
    let model = try ServoRig().model
    let twin = try RunningTwin()
    defer { twin.end() }
    var bus = try twin.bus("follower", model)
    let began = TickClock.monotonic.now
    bus.post(RegisterBlock(model.registers.presentPosition))
    bus.collect(until: began + .milliseconds(1000))
    #expect(bus.statistics.replies == 6)
    #expect(TickClock.monotonic.now - began >= .microseconds(10 * (14 + 6 * 9)))
  }

  @Test func `datagrams go both ways`() throws {
    let twin = try RunningTwin()
    defer { twin.end() }
    let camera = try DatagramSocket(receivingAt: "\(twin.folder)/environment.sock")
    let pedal = try DatagramSocket(receivingAt: "\(twin.folder)/pedal.sock")
    let host = try DatagramSocket()
    let wasTaken = host.send(Array("hello".utf8), to: "\(twin.folder)/announce.sock")
    #expect(wasTaken)
    #expect(Self.await { pedal.receive() } == Data("hello".utf8))
    #expect(Self.await { camera.receive() }.map { String(decoding: $0, as: UTF8.self) }?.hasPrefix("{\"t\": ") == true)
  }

  @Test func `a second twin in the folder is refused with the first one's process id`() throws {
    let model = try ServoRig().model
    let twin = try RunningTwin()
    defer { twin.end() }
    #expect(throws: TwinServerError.alreadyServed(folder: twin.folder, pid: getpid())) {
      try TwinServer(folder: twin.folder, world: PuppetWorld(model))
    }
  }

  @Test func `what a twin put into its folder goes when it ends`() throws {
    let twin = try RunningTwin()
    let names = try FileManager.default.contentsOfDirectory(atPath: twin.folder)
    #expect(Set(names).isSuperset(of: ["follower", "leader", "announce.sock", "twin.lock"]))
    twin.end()
    #expect(try FileManager.default.contentsOfDirectory(atPath: twin.folder).isEmpty)
  }

  @Test func `links of a killed twin are replaced, other files are not`() throws {
    let model = try ServoRig().model
    let folder = FileManager.default.temporaryDirectory.appending(path: "twin-\(UInt32.random(in: 0...(.max)))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let follower = folder.appending(path: "follower")
    try FileManager.default.createSymbolicLink(atPath: follower.path, withDestinationPath: "/dev/pts/none")
    _ = try TwinServer(folder: folder.path, world: PuppetWorld(model))
    try Data("mine".utf8).write(to: follower)
    #expect(throws: TwinServerError.occupied(path: follower.path)) {
      try TwinServer(folder: folder.path, world: PuppetWorld(model))
    }
    #expect(try Data(contentsOf: follower) == Data("mine".utf8))
  }

  /// Asks until something has come, for at most five seconds.
  static func await(_ ask: () -> Data?) -> Data? {
    for _ in 0..<500 {
      if let found = ask() { return found }
      usleep(10_000)
    }
    return nil
  }
}
