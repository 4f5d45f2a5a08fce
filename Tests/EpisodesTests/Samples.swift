import Foundation
import Glibc
import RealTime
import Testing

@testable import Episodes

/// Sessions and ticks to record.
enum Samples {
  static let joints = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"]

  static func session(_ id: String = "2026-07-31T101530Z-3fa2", joints: [String] = Samples.joints) -> SessionInfo {
    var session = SessionInfo(id: id, activity: "record", joints: joints)
    session.task = "insert the stylus into the cup"
    session.person = "Ada \"the hand\" Łovelace"
    session.environmentFeatures = ["cup.x", "cup.y", "cup.z"]
    session.loop_Hz = 100
    session.decision_Hz = 25
    session.seed = .max
    session.clockOffset = Nanoseconds(1_785_492_930_123_456_789)
    session.policyDigest = "none"
    session.versions = ["understudy": "0.1", "swift": "6.3.1"]
    session.host = ["kernel": "6.12"]
    session.grants = ["fifo": "refused: EPERM"]
    session.files = [
      SessionFile(name: "rig.yaml", text: "name: twin\nloop_Hz: 100\n"),
      SessionFile(name: "calibration/follower.json", text: "{\"gripper\": {\"id\": 6}}"),
      SessionFile(name: "empty.txt", text: ""),
    ]
    return session
  }

  /// A tick whose every field is random bits: NaNs with payloads, signalling ones, infinities, denormals, negative
  /// times.
  static func random(_ tick: UInt64, episode: UInt32, _ random: inout SplitMix64) -> TickRecord {
    var record = TickRecord()
    record.tick = tick
    record.scheduled = time(&random)
    record.began = time(&random)
    record.missed = .random(in: .min ... .max, using: &random)
    record.follower = reading(&random)
    record.leader = reading(&random)
    for lane in 0..<16 { record.environment.values[lane] = float(&random) }
    record.environment.time = time(&random)
    record.request = .random(in: .min ... .max, using: &random)
    record.state = .random(in: .min ... .max, using: &random)
    record.source = Source.allCases.randomElement(using: &random) ?? .none
    record.verdict.limits = Limits(rawValue: .random(in: .min ... .max, using: &random))
    record.verdict.fault = .random(in: .min ... .max, using: &random)
    record.decides = .random(using: &random)
    record.episode = episode
    record.policy = .random(in: .min ... .max, using: &random)
    record.policyWish = vector(&random)
    record.personWish = vector(&random)
    record.wish = vector(&random)
    record.command = vector(&random)
    record.leaderCommand = vector(&random)
    record.memory.goal = vector(&random)
    record.memory.step = vector(&random)
    record.memory.anchor = vector(&random)
    for lane in 0..<8 { record.memory.age[lane] = .random(in: .min ... .max, using: &random) }
    record.memory.source = Source.allCases.randomElement(using: &random) ?? .none
    record.memory.steps = TickMemory.Steps(rawValue: .random(in: .min ... .max, using: &random))
    record.gateScore = float(&random)
    record.gateThreshold = float(&random)
    record.phases.sense = .random(in: .min ... .max, using: &random)
    record.phases.decide = .random(in: .min ... .max, using: &random)
    record.phases.constrain = .random(in: .min ... .max, using: &random)
    record.phases.act = .random(in: .min ... .max, using: &random)
    record.phases.record = .random(in: .min ... .max, using: &random)
    return record
  }

  private static func float(_ random: inout SplitMix64) -> Float {
    let special: [UInt32] = [
      0x7FC0_0000, 0xFFC0_0000, 0x7F80_0001, 0xFFBF_FFFF, 0x7FFF_FFFF, 0x7F80_0000, 0xFF80_0000, 0, 0x8000_0000, 1,
      0x807F_FFFF, 0x7F7F_FFFF,
    ]
    let bits = UInt32.random(in: .min ... .max, using: &random)
    return Float(bitPattern: bits % 3 == 0 ? special[Int(bits / 3) % special.count] : bits)
  }

  private static func vector(_ random: inout SplitMix64) -> SIMD8<Float> {
    if UInt8.random(in: 0..<4, using: &random) == 0 { return SIMD8(repeating: .nan) }
    var vector = SIMD8<Float>.zero
    for lane in 0..<8 { vector[lane] = float(&random) }
    return vector
  }

  private static func time(_ random: inout SplitMix64) -> Nanoseconds {
    switch UInt8.random(in: 0..<4, using: &random) {
    case 0: .never
    case 1: Nanoseconds([.min, .max, 0, -1, 1].randomElement(using: &random) ?? 0)
    default: Nanoseconds(.random(in: .min ... .max, using: &random))
    }
  }

  private static func reading(_ random: inout SplitMix64) -> ArmReading {
    var reading = ArmReading()
    reading.position = vector(&random)
    reading.velocity = vector(&random)
    reading.load = vector(&random)
    for lane in 0..<8 { reading.time[lane] = time(&random).count }
    return reading
  }

  /// A tick as an arm gives it: smooth motion in encoder steps, jitter of a real loop, a policy or a person in command.
  static func plausible(_ tick: UInt64, episode: UInt32, rate_Hz: Double = 100, _ random: inout SplitMix64)
    -> TickRecord
  {
    var record = TickRecord()
    let t = Double(tick) / rate_Hz
    record.tick = tick
    record.scheduled = Nanoseconds(1_000_000_000 + Int64(t * 1e9))
    record.began = record.scheduled + Nanoseconds(.random(in: 4_000..<60_000, using: &random))
    record.episode = episode
    record.decides = tick % 4 == 0
    record.source = tick / 300 % 3 == 1 ? .person : .policy
    record.state = 3
    record.policy = 1
    for joint in 0..<6 {
      let angle = 0.6 * sin(0.7 * t + Double(joint)) + 0.05 * sin(5 * t)
      let step = 2 * Double.pi / 4096
      let noise = Double.random(in: -0.7..<0.7, using: &random)
      record.follower.position[joint] = Float(((angle / step) + noise).rounded() * step)
      record.leader.position[joint] = Float(((angle + 0.01) / step + noise).rounded() * step)
      record.leader.velocity[joint] = Float((cos(0.7 * t + Double(joint)) * 40).rounded() * step)
      let sent = record.began.count + 300_000
      record.follower.time[joint] = sent + 80_000 * Int64(joint) + .random(in: 0..<30_000, using: &random)
      record.leader.time[joint] = sent + 90_000 * Int64(joint) + .random(in: 0..<30_000, using: &random)
      record.policyWish[joint] = Float(angle + 0.002)
      record.personWish[joint] = record.leader.position[joint]
      record.wish[joint] = record.source == .person ? record.personWish[joint] : record.policyWish[joint]
      record.command[joint] = Float(angle + 0.001)
      let before = t - 1 / rate_Hz
      record.memory.goal[joint] = Float(0.6 * sin(0.7 * before + Double(joint)) + 0.05 * sin(5 * before) + 0.001)
      record.memory.step[joint] = record.command[joint] - record.memory.goal[joint]
    }
    record.memory.age = .zero
    record.memory.source = record.source
    record.memory.steps = record.decides ? [.constrained, .asked, .inferred] : [.constrained, .asked]
    let frame = Double(tick / 4)
    for feature in 0..<3 { record.environment.values[feature] = Float(0.2 + 0.01 * sin(frame + Double(feature))) }
    record.environment.time = Nanoseconds(1_000_000_000 + Int64(frame * 4e9 / rate_Hz))
    record.phases.sense = .random(in: 900_000..<1_100_000, using: &random)
    record.phases.decide = .random(in: 10_000..<14_000, using: &random)
    record.phases.constrain = .random(in: 1_000..<2_000, using: &random)
    record.phases.act = .random(in: 20_000..<30_000, using: &random)
    record.phases.record = .random(in: 300..<600, using: &random)
    return record
  }

  /// A plain log of an episode, as a killed process leaves it.
  static func writeOpen(
    _ path: String, _ records: [TickRecord], session: SessionInfo = Samples.session(), number: UInt32 = 1
  ) throws {
    var file = try EpisodeFile.create(
      path, id: "\(session.id)-e0001", session: session, episode: EpisodeInfo(number: number))
    for record in records {
      file.append(record)
      if file.waiting > 1 << 20 { try file.flush() }
    }
    try file.flush()
  }
}

extension TickRecord {
  /// All bits of all fields, for comparison: NaN equals itself here, and −0 does not equal 0.
  var bits: [UInt64] {
    var bits: [UInt64] = [tick, UInt64(bitPattern: scheduled.count), UInt64(bitPattern: began.count)]
    bits += [UInt64(missed), UInt64(request), UInt64(state), UInt64(source.rawValue), decides ? 1 : 0]
    bits += [UInt64(verdict.limits.rawValue), UInt64(verdict.fault), UInt64(episode), UInt64(policy)]
    for reading in [follower, leader] {
      for lane in 0..<8 {
        bits.append(UInt64(reading.position[lane].bitPattern))
        bits.append(UInt64(reading.velocity[lane].bitPattern))
        bits.append(UInt64(reading.load[lane].bitPattern))
        bits.append(UInt64(bitPattern: reading.time[lane]))
      }
    }
    for lane in 0..<16 { bits.append(UInt64(environment.values[lane].bitPattern)) }
    bits.append(UInt64(bitPattern: environment.time.count))
    bits += [UInt64(memory.source.rawValue), UInt64(memory.steps.rawValue)]
    for lane in 0..<8 { bits.append(UInt64(memory.age[lane])) }
    for vector in [policyWish, personWish, wish, command, leaderCommand, memory.goal, memory.step, memory.anchor] {
      for lane in 0..<8 { bits.append(UInt64(vector[lane].bitPattern)) }
    }
    bits += [UInt64(gateScore.bitPattern), UInt64(gateThreshold.bitPattern)]
    for phase in [phases.sense, phases.decide, phases.constrain, phases.act, phases.record] {
      bits.append(UInt64(UInt32(bitPattern: phase)))
    }
    return bits
  }
}

/// A folder that is gone when the test is over.
final class Scratch {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "episodes-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: file(name)))) }

  func write(_ bytes: some Sequence<UInt8>, _ name: String) throws {
    try Data(bytes).write(to: URL(filePath: file(name)))
  }

  var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
}

/// All ticks of a log.
func readAll(_ path: String) throws -> [TickRecord] {
  let reader = try EpisodeReader.open(path)
  var records: [TickRecord] = []
  try reader.forEach { records.append($0) }
  return records
}
