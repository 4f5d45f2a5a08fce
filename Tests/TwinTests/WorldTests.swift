import Arm
import Foundation
import RealTime
import Testing

@testable import Twin

@Suite struct WorldTests {
  static func world(_ options: TwinOptions = TwinOptions()) throws -> TwinWorld {
    var options = options
    options.hardware = Hardware(root: URL(filePath: scenesFolder).deletingLastPathComponent())
    return try TwinWorld(options)
  }

  /// An instruction packet: header, id, length, instruction, parameters, checksum.
  static func packet(_ id: UInt8, _ instruction: UInt8, _ parameters: [UInt8] = []) -> [UInt8] {
    let body = [id, UInt8(parameters.count + 2), instruction] + parameters
    return [0xFF, 0xFF] + body + [~body.reduce(0, &+)]
  }

  /// Sends a packet and gives back what came within 4 ms.
  static func ask(_ bus: EmulatedBus, _ world: TwinWorld, _ packet: [UInt8]) -> [UInt8] {
    packet.withUnsafeBytes { bus.receive($0, at: world.now) }
    world.advance(to: world.now + .milliseconds(4))
    var reply: [UInt8] = []
    bus.transmit(until: world.now) { reply += Array($0) }
    return reply
  }

  static func say(_ world: TwinWorld, _ text: String) { Array(text.utf8).withUnsafeBytes { world.hear($0) } }

  @Test func `the wire answers with the angle at which the arm lies`() throws {
    let world = try Self.world()
    world.advance(to: .milliseconds(100))
    let arm = try ArmDescription.load("so101-follower")
    let scale = try ArmScale(arm, Calibration.find("twin-follower", for: arm))
    for joint in 0..<6 {
      let reply = Self.ask(world.follower, world, Self.packet(UInt8(joint + 1), 2, [56, 2]))
      try #require(reply.count == 8 && reply[..<5] == [0xFF, 0xFF, UInt8(joint + 1), 4, 0])
      var ticks = SIMD8<Int32>.zero
      ticks[joint] = Int32(reply[5]) | Int32(reply[6]) << 8
      #expect((Double(scale.radians(ticks)[joint]) - world.postures.follower[joint]).magnitude < 0.002)
    }
  }

  @Test func `a servo with torque on moves its joint, and only that`() throws {
    let world = try Self.world()
    let before = world.postures.follower
    let scale = try ArmScale(
      ArmDescription.load("so101-follower"),
      Calibration.find("twin-follower", for: ArmDescription.load("so101-follower")))
    let goal = Int(scale.tick(0, at: 0.3).rounded())
    _ = Self.ask(world.follower, world, Self.packet(1, 3, [40, 1]))
    _ = Self.ask(world.follower, world, Self.packet(1, 3, [42, UInt8(goal & 255), UInt8(goal >> 8)]))
    world.advance(to: .seconds(2))
    #expect((world.postures.follower[0] - 0.3).magnitude < 0.01)
    #expect((world.postures.follower[2] - before[2]).magnitude < 0.1)
  }

  @Test func `the camera reports 25 times a second, with the truth of the task beside it`() throws {
    let world = try Self.world()
    world.advance(to: .seconds(1))
    var datagrams: [[UInt8]] = []
    world.drain { channel, bytes in
      #expect(channel == .environment)
      datagrams.append(Array(bytes))
    }
    #expect(datagrams.count == 25)
    struct Report: Decodable {
      let t: Int64
      let features: [String: Double]
    }
    let last = try JSONDecoder().decode(Report.self, from: Data(datagrams[24]))
    #expect(last.t == 960_000_000)
    #expect(last.features.keys.sorted() == ["cup.x", "cup.y", "cup.z", "task.failure", "task.success"])
    world.drain { _, _ in Issue.record("drained twice") }
  }

  @Test func `the person takes up the leader when a recording begins, and presses start`() throws {
    let world = try Self.world()
    world.advance(to: .milliseconds(200))
    #expect(!world.isLeaderHeld)
    Self.say(world, #"{"state": "teleoperating", "activity": "record", "phase": "reset", "episode": 1, "attempt": 1}"#)
    world.advance(to: .seconds(5))
    #expect(world.isLeaderHeld)
    var pressed: [String] = []
    world.drain { channel, bytes in
      if channel == .pedal { pressed.append(String(decoding: bytes, as: UTF8.self)) }
    }
    #expect(pressed.first == #"{"pedal": "start"}"#)
    Self.say(world, "not an announcement")
    Self.say(world, #"{"state": "off", "activity": "record", "phase": "done", "episode": 1, "attempt": 1}"#)
    world.advance(to: .seconds(6))
    #expect(!world.isLeaderHeld)
  }

  @Test func `the same calls give the same bytes`() throws {
    func bytes(seed: UInt64) throws -> [UInt8] {
      var options = TwinOptions()
      options.seed = seed
      let world = try Self.world(options)
      var bytes: [UInt8] = []
      Self.say(
        world, #"{"state": "teleoperating", "activity": "record", "phase": "reset", "episode": 1, "attempt": 1}"#)
      for _ in 0..<200 {
        bytes += Self.ask(world.leader, world, Self.packet(2, 2, [56, 8]))
        world.advance(to: world.now + .milliseconds(16))
        world.drain { bytes += Array($1) }
      }
      return bytes
    }
    let once = try bytes(seed: 1)
    #expect(try bytes(seed: 1) == once)
    #expect(try bytes(seed: 2) != once)
  }

  @Test func `wrong files are refused with a sentence`() throws {
    var options = TwinOptions()
    options.task = "juggle"
    let unknown = #expect(throws: TwinError.self) { try Self.world(options) }
    #expect(unknown?.description.hasPrefix("There is no task \"juggle\"; choose one of insert") == true)
    options = TwinOptions()
    options.follower.calibration = "nobody"
    let uncalibrated = #expect(throws: TwinError.self) { try Self.world(options) }
    #expect(uncalibrated?.description.contains("\"nobody\"") == true)
    options = TwinOptions()
    options.follower.description = "so999"
    let unknownArm = #expect(throws: TwinError.self) { try Self.world(options) }
    #expect(unknownArm?.description.contains("so999") == true)
  }
}
