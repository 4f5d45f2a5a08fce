import Arm
import Control
import Episodes
import Foundation
import RealTime
import TestSupport
import Testing

@testable import Control

/// The tool's floor and box, over whole paths: two hundred thousand ticks here, a hundred times as many in `make fuzz`.
@Suite struct ToolLimitsTests {
  static let hardware = Hardware(
    root: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "hardware"))

  static let rig = Result { try Rig.load("twin-insert", hardware: hardware, variables: [:]) }

  /// The envelope of a rig, with the arm file's own ranges.
  static func envelope(_ rig: Rig) throws -> Envelope {
    let arm = rig.pairs[0].follower.arm
    let calibration = Calibration(
      joints: arm.joints.map {
        .init(name: $0.name, id: Int($0.servoID), homingOffset: 0, rangeMin: 100, rangeMax: 3995)
      })
    return Envelope(
      rig, scale: try ArmScale(arm, calibration), period: Nanoseconds(1_000_000_000 / Int64(rig.loop_Hz)))
  }

  static func tool(_ envelope: Envelope, _ position: JointVector) -> SIMD3<Float> {
    envelope.tool?.kinematics.pose(position).position_m ?? .zero
  }

  static func depth(_ envelope: Envelope, _ position: JointVector) -> Float {
    envelope.tool?.workspace.depth(tool(envelope, position)) ?? .nan
  }

  /// The start of an episode, where the tool stands over the table.
  static let start = JointVector(0, -0.4977, 0.4976, 1.5709, 0, 0, 0, 0)

  /// A person with a leader: some far-away wish, kept up for a while, straight through any wall.
  struct Wisher {
    var random: SplitMix64
    var target = start
    mutating func wish(_ envelope: Envelope, near goal: JointVector) -> JointVector {
      if random.next() % 40 == 0 {
        for joint in 0..<6 {
          target[joint] = Float(random.uniform(-1...1)) * (random.next() % 4 == 0 ? 10 : 0.6) + start[joint]
        }
      }
      switch random.next() % 400 {
      case 0: return JointVector(repeating: .infinity)
      case 1: return JointVector(repeating: .greatestFiniteMagnitude)
      case 2...20: return goal
      default: return target
      }
    }
  }

  /// What `Workspace.allows` says, but for rounding, wall by wall. Commands are sums of Float steps, each rounded by up to
  /// 1.2e-7 rad at 2 rad: over a stop of 100 ticks, with five joints at 0.4 m, up to 24 µm at the tool.
  static func isAllowed(_ workspace: Workspace, from: SIMD3<Float>, to: SIMD3<Float>) -> Bool {
    let low = (to .>= workspace.lower - 2e-6) .| (to .>= from - 2e-6)
    let high = (to .<= workspace.upper + 2e-6) .| (to .<= from + 2e-6)
    return all(low .& high)
  }

  /// What must hold from one command to the next, whatever was wished; nil: it does.
  static func complaint(_ envelope: Envelope, from before: Motion, to motion: Motion) -> String? {
    let change = EnvelopeTests.magnitude(motion.step - before.step)
    guard all(motion.goal .== motion.goal) else { return "not a number" }
    guard all(EnvelopeTests.magnitude(motion.step) .<= envelope.step * 1.000001),
      all(change .<= envelope.stepChange * 1.00001 + 1e-8)
    else { return "too fast or too sudden" }
    guard all((motion.goal .<= envelope.upper + 1e-6) .| (motion.goal .<= before.goal)),
      all((motion.goal .>= envelope.lower - 1e-6) .| (motion.goal .>= before.goal))
    else { return "beyond the joints' limits" }
    guard let workspace = envelope.tool?.workspace else { return nil }
    let from = tool(envelope, before.goal), to = tool(envelope, motion.goal)
    guard isAllowed(workspace, from: from, to: to) else {
      return "the tool is \(-workspace.depth(to) * 1000) mm outside, after \(-workspace.depth(from) * 1000) mm"
    }
    // Between two commands the servo moves its joints evenly.
    let middle = workspace.depth(tool(envelope, before.goal + motion.step * 0.5))
    if workspace.depth(from) > 0, workspace.depth(to) > 0, middle < -2.5e-5 { return "outside between two commands" }
    return nil
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `whatever is wished, the tool stays inside, and so it would in every stop`(seed: UInt64) throws {
    var wisher = Wisher(random: SplitMix64(seed: seed))
    let envelope = try Self.envelope(Self.rig.get())
    var motion = Motion(at: Self.start)
    var walls = 0
    for tick in 0..<50_000 * effort {
      let before = motion
      let wish = wisher.wish(envelope, near: motion.goal)
      do throws(Fault) {
        let (next, limits) = try envelope.constrain(
          wish, from: motion, measured: motion.goal, age: .zero, pace: 1)
        motion = next
        if limits.contains(.workspace) { walls += 1 }
      } catch {
        motion = envelope.brake(from: motion).motion
      }
      if let complaint = Self.complaint(envelope, from: before, to: motion) {
        Issue.record("tick \(tick): \(complaint), from \(before) to \(motion)")
        return
      }
      guard tick % 50 == 0 else { continue }
      var stopping = motion
      while any(stopping.step .!= 0) {
        stopping = envelope.brake(from: stopping).motion
        #expect(Self.depth(envelope, stopping.goal) > -1e-5)
      }
    }
    if effort > 1 { print("the tool of seed \(seed): \(50_000 * effort) ticks, \(walls) at a wall") }
    #expect(walls > 5000, "the tool was hardly ever held back: \(walls)")
  }

  @Test func `the tool slides along a wall instead of sticking to it, and leaves it at once`() throws {
    let envelope = try Self.envelope(Self.rig.get())
    let arm = try Self.rig.get().pairs[0].follower.arm
    let inverse = InverseKinematics(
      try #require(envelope.tool).kinematics, lower: arm.lower, upper: arm.upper)
    func pose(_ x: Float, _ y: Float, _ z: Float) -> JointVector {
      inverse.solve(.init(position_m: SIMD3(x, y, z), orientation: .free, weight_m: 0.03), from: Self.start).joints
    }
    var motion = Motion(at: Self.start)
    func move(to wish: JointVector, ticks: Int) {
      for _ in 0..<ticks {
        motion =
          (try? envelope.constrain(wish, from: motion, measured: motion.goal, age: .zero, pace: 1).motion) ?? motion
      }
    }
    move(to: pose(0.17, 0, -0.03), ticks: 150)
    let down = Self.tool(envelope, motion.goal)
    #expect(down.z > 0.001 && down.z < 0.004, "it stands on the floor: \(down)")
    move(to: pose(0.17, 0.1, -0.03), ticks: 200)
    let aside = Self.tool(envelope, motion.goal)
    #expect(aside.z > 0.001 && aside.y > 0.08, "it went along the floor: \(aside)")
    move(to: pose(0.17, 0.1, 0.05), ticks: 150)
    #expect(abs(Self.tool(envelope, motion.goal).z - 0.05) < 0.002, "it rose")
  }

  @Test func `from below the floor the tool only rises`() throws {
    let envelope = try Self.envelope(Self.rig.get())
    var random = SplitMix64(seed: 5)
    var outside = 0
    for _ in 0..<40 * effort {
      var pose = Self.start
      for joint in 1..<4 { pose[joint] += Float(random.uniform(-0.3...0.5)) }
      var motion = Motion(at: pose)
      let from = Self.depth(envelope, pose)
      guard from < -0.002 else { continue }
      outside += 1
      var lowest = from
      for tick in 0..<400 {
        var wish = tick < 200 ? pose : Self.start
        if tick < 200 { for joint in 0..<5 { wish[joint] += Float(random.uniform(-0.5...0.5)) } }
        motion =
          (try? envelope.constrain(wish, from: motion, measured: motion.goal, age: .zero, pace: 1).motion) ?? motion
        let depth = Self.depth(envelope, motion.goal)
        #expect(depth >= lowest - 1e-5, "further out: \(lowest) to \(depth)")
        if depth < 0 { lowest = depth } else { lowest = 0 }
      }
      #expect(Self.depth(envelope, motion.goal) > 0, "it came in")
    }
    #expect(outside > 5)
  }

  @Test func `while the arms close in the tool moves no faster than it may`() throws {
    let envelope = try Self.envelope(Self.rig.get())
    var motion = Motion(at: Self.start)
    var fastest: Float = 0
    var seen = Limits()
    for _ in 0..<100 {
      let before = Self.tool(envelope, motion.goal)
      let wish = Self.start + JointVector(1.2, 0.5, -0.6, 0, 0, 1, 0, 0)
      let (next, limits) = try envelope.constrain(
        wish, from: motion, measured: motion.goal, age: .zero, pace: 1, toolStep_m: 0.0025)
      motion = next
      seen.formUnion(limits)
      let way = Self.tool(envelope, motion.goal) - before
      fastest = max(fastest, (way * way).sum().squareRoot())
    }
    #expect(fastest <= 0.00251 && fastest > 0.0018, "\(fastest)")
    #expect(seen.contains(.handGuiding))
    #expect(abs(motion.goal[5] - 1) < 1e-3, "the gripper does not move the tool, so it is not slowed")
  }

  @Test func `a rig file of any numbers in their ranges keeps what it says`() throws {
    var random = SplitMix64(seed: 17)
    let file = try String(
      contentsOf: Self.hardware.root.appending(path: "rigs/twin-insert.yaml"), encoding: .utf8)
    var walls = 0
    for round in 0..<60 * effort {
      let velocity = exp(random.uniform(log(0.01)...log(60)))
      let acceleration = exp(random.uniform(log(0.1)...log(1000)))
      let rate = [25, 50, 100, 200, 1000][Int(random.next() % 5)]
      let floor = random.uniform(-0.05...0.028)
      let text =
        file.replacingOccurrences(of: "velocity_rad_s: 3.0", with: "velocity_rad_s: \(velocity)")
        .replacingOccurrences(of: "acceleration_rad_s2: 30", with: "acceleration_rad_s2: \(acceleration)")
        .replacingOccurrences(of: "loop_Hz: 100", with: "loop_Hz: \(rate)")
        .replacingOccurrences(of: "floor_m: 0.001", with: "floor_m: \(floor)")
        .replacingOccurrences(
          of: "lower: [0.05, -0.30, -0.02]", with: "lower: [0.05, \(random.uniform(-0.3 ... -0.01)), -0.02]")
      let folder = FileManager.default.temporaryDirectory.appending(path: "rigs-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let path = folder.appending(path: "twin-insert.yaml")
      try Data(text.utf8).write(to: path)
      let rig = try Rig.load(path.path, hardware: Self.hardware, variables: [:])
      #expect(rig.loop_Hz == rate && abs(rig.envelope.velocity_rad_s[0] - Float(velocity)) < 1e-3)
      let envelope = try Self.envelope(rig)
      var wisher = Wisher(random: SplitMix64(seed: UInt64(round)))
      var motion = Motion(at: Self.start)
      for tick in 0..<2000 {
        let before = motion
        do throws(Fault) {
          let (next, limits) = try envelope.constrain(
            wisher.wish(envelope, near: motion.goal), from: motion, measured: motion.goal, age: .zero, pace: 1)
          motion = next
          if limits.contains(.workspace) { walls += 1 }
        } catch {
          motion = envelope.brake(from: motion).motion
        }
        if let complaint = Self.complaint(envelope, from: before, to: motion) {
          Issue.record("round \(round), tick \(tick): \(complaint), from \(before) to \(motion); \(text)")
          return
        }
      }
    }
    #expect(walls > 1000)
  }

  @Test func `sustained load is a fault after its time, and the gripper's never is`() throws {
    let envelope = try Self.envelope(Self.rig.get())
    #expect(envelope.loadTicks == 150)
    var pressing = SIMD8<Int32>(repeating: 0)
    var load = JointVector.zero
    load[5] = 1
    for _ in 0..<1000 { pressing = envelope.pressing(load, for: pressing) }
    #expect(pressing == .zero)
    load[2] = -0.8
    let still = Motion(at: Self.start)
    for _ in 0..<150 {
      pressing = envelope.pressing(load, for: pressing)
      _ = try envelope.constrain(
        Self.start, from: still, measured: Self.start, age: .zero, pressing: pressing, pace: 1)
    }
    pressing = envelope.pressing(load, for: pressing)
    #expect(throws: Fault.load) {
      try envelope.constrain(
        Self.start, from: still, measured: Self.start, age: .zero, pressing: pressing, pace: 1)
    }
    load[2] = 0.7
    #expect(envelope.pressing(load, for: pressing) == .zero)
  }
}
