import Arm
import Testing

@Suite struct WorkspaceTests {
  let box = Workspace(lower: [0.1, -0.2, 0.01], upper: [0.3, 0.2, 0.4])

  @Test func `depth is the distance to the nearest wall`() {
    #expect(abs(box.depth([0.2, 0, 0.03]) - 0.02) < 1e-6)
    #expect(abs(box.depth([0.2, 0.25, 0.2]) - -0.05) < 1e-6)
    #expect(box.depth([0.2, .nan, 0.2]).isNaN)
    #expect(
      Workspace(lower: .init(repeating: -.infinity), upper: .init(repeating: .infinity)).depth(.zero) == .infinity)
  }

  @Test func `inside, every move that keeps the margin is allowed`() {
    #expect(box.allows(from: [0.2, 0, 0.2], to: [0.2, 0, 0.02], margin_m: 0.005))
    #expect(!box.allows(from: [0.2, 0, 0.2], to: [0.2, 0, 0.012], margin_m: 0.005))
    #expect(box.allows(from: [0.2, 0, 0.2], to: [0.2, 0, 0.012], margin_m: 0))
  }

  @Test func `outside, only inward motion is allowed, along the walls too`() {
    let below: SIMD3<Float> = [0.2, 0, -0.01]
    #expect(box.allows(from: below, to: [0.21, 0.05, -0.005], margin_m: 0.005))
    #expect(box.allows(from: below, to: below, margin_m: 0.005), "standing still is no motion outward")
    #expect(!box.allows(from: below, to: [0.2, 0, -0.011], margin_m: 0.005))
    #expect(!box.allows(from: below, to: [0.31, 0, 0.1], margin_m: 0.005), "in at one wall and out at another")
  }

  @Test func `a point that is not a number is not allowed`() {
    #expect(!box.allows(from: [0.2, 0, 0.2], to: [.nan, 0, 0.2], margin_m: 0))
    #expect(box.allows(from: [.nan, 0, 0.2], to: [0.2, 0, 0.2], margin_m: 0), "to where it is well inside, yes")
  }

  @Test func `a rig's floor counts from the table, and the higher of floor and box holds`() throws {
    let rig = try Rig.load("twin-insert", hardware: hardware, variables: [:])
    var arm = rig.pairs[0].follower.arm
    #expect(Workspace(rig.envelope, arm: arm).lower == SIMD3(0.05, -0.30, 0.001))
    arm.mountHeight_m = 0.05
    #expect(Workspace(rig.envelope, arm: arm).lower.z == -0.02, "the box's bottom")
    let open = try Rig.load("so101", hardware: hardware, variables: [:])
    let free = Workspace(open.envelope, arm: open.pairs[0].follower.arm)
    #expect(free.lower.z == 0.005 && free.lower.x == -.infinity && free.upper.z == .infinity)
  }
}
