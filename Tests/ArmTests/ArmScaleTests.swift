import Arm
import Foundation
import RealTime
import TestSupport
import Testing

@Suite struct ArmScaleTests {
  let arm: ArmDescription
  let follower: ArmScale
  let leader: ArmScale

  init() throws {
    arm = try ArmDescription.load("so101-follower", from: hardware)
    let leaderArm = try ArmDescription.load("so101-leader", from: hardware)
    follower = try ArmScale(arm, Calibration.find("calibration/twin-follower.json", for: arm, folder: root))
    leader = try ArmScale(leaderArm, Calibration.find("calibration/twin-leader.json", for: leaderArm, folder: root))
  }

  @Test func `zero is the middle of the range, and the gripper's lower limit is range_min`() {
    // twin-follower.json: shoulder_pan 811…3315, gripper 2024…3276.
    let angles = follower.radians([2063, 2031, 2053, 2064, 2047, 2024, 0, 0])
    #expect(angles[0] == 0 && angles[1] == 0)
    #expect(abs(angles[2] - -0.5 * .pi / 2048) < 1e-6, "the middle of 952…3155 is half a tick on")
    #expect(abs(angles[5] - -0.174533) < 1e-6)
    #expect(angles[6] == 0 && angles[7] == 0)
  }

  @Test func `one tick is a 4096th of a turn`() {
    #expect(abs(follower.radians(SIMD8(repeating: 2064))[0] - 2 * .pi / 4096) < 1e-9)
    #expect(follower.radiansPerSecond(SIMD8(repeating: 4096))[0] == Float(2 * Double.pi))
  }

  @Test func `ticks to radians to ticks is the identity`() {
    for scale in [follower, leader] {
      for tick: Int32 in 0...4095 {
        let back = scale.ticks(scale.radians(SIMD8(repeating: tick)))
        for joint in 0..<scale.count {
          // Ticks more than half a turn from the middle are the same angle a turn away, which no goal may ask for.
          let middle = scale.tick(joint, at: Double(scale.rangeLower[joint] + scale.rangeUpper[joint]) / 2)
          if abs(Double(tick) - middle) < 2048 { #expect(back?[joint] == tick) }
        }
      }
    }
  }

  @Test func `a reading a turn away is the same angle`() {
    var random = SplitMix64(seed: 8)
    for _ in 0..<1000 * effort {
      let ticks = SIMD8<Int32>(repeating: Int32(random.uniform(650...3900)))
      #expect(follower.radians(ticks) == follower.radians(ticks &+ 4096))
      #expect(follower.radians(ticks) == follower.radians(ticks &- 4096))
    }
  }

  @Test func `a joint the other way round mirrors its angles`() throws {
    var turned = arm
    turned.joints[0].direction = -1
    var entries = try Calibration.find("calibration/twin-follower.json", for: arm, folder: root)
    entries.joints[5].driveMode = 1
    let scale = try ArmScale(turned, entries)
    let ticks = SIMD8<Int32>(repeating: 3000)
    #expect(scale.radians(ticks)[0] == -follower.radians(ticks)[0])
    #expect(abs(scale.radians(SIMD8(repeating: 3276))[5] - -0.174533) < 1e-6, "closed at range_max")
    #expect(scale.radiansPerSecond(ticks)[0] < 0)
    #expect(scale.ticks(scale.radians(ticks))?[5] == 3000)
  }

  @Test func `an angle that is not finite has no tick`() {
    for bad in [Float.nan, .infinity, -.infinity] {
      var angles = JointVector.zero
      angles[2] = bad
      #expect(follower.ticks(angles) == nil)
    }
  }

  @Test func `an angle out of reach stays on this turn`() {
    #expect(follower.ticks(JointVector(repeating: 100))?[0] == 4095)
    #expect(follower.ticks(JointVector(repeating: -100))?[0] == 0)
  }

  @Test func `the limits are those of arm and calibration together`() {
    for joint in 0..<6 {
      #expect(follower.lower[joint] >= arm.lower[joint] && follower.lower[joint] >= follower.rangeLower[joint])
      #expect(follower.upper[joint] <= arm.upper[joint] && follower.upper[joint] <= follower.rangeUpper[joint])
      #expect(follower.lower[joint] < follower.upper[joint])
    }
  }

  @Test func `a leader's trigger closes and opens the follower's gripper fully`() {
    let map = LeaderFollowerMap(leader: leader, follower: follower, gripper: 5)
    var closed = JointVector.zero, open = JointVector.zero
    closed[0] = 0.4
    closed[5] = leader.rangeLower[5]
    open[5] = leader.rangeUpper[5]
    #expect(abs(map.follower(closed)[5] - follower.rangeLower[5]) < 1e-6)
    #expect(abs(map.follower(open)[5] - follower.rangeUpper[5]) < 1e-6)
    #expect(map.follower(closed)[0] == 0.4)
    let back = map.leader(map.follower(open)) - open
    #expect(all(back .< 1e-6) && all(back .> -1e-6))
  }
}
