import Arm
import Testing

@testable import Control

/// Whether a limp leader is in a hand.
@Suite struct LabelWatchTests {
  private static func leader(_ value: Float) -> JointVector {
    var leader = JointVector.zero
    leader[2] = value
    return leader
  }

  @Test func `a leader that lies on the table says nothing`() {
    var watch = LabelWatch(period_s: 0.01)
    for tick in 0..<300 {
      // One servo tick to and fro, as an encoder reads at rest.
      #expect(watch.motion(to: Self.leader(tick % 2 == 0 ? 0 : 0.0015)) == nil)
    }
  }

  @Test func `from its first clear motion on a leader counts, until it has stood still for half a second`() {
    var watch = LabelWatch(period_s: 0.01)
    #expect(watch.motion(to: Self.leader(0)) == nil)
    #expect(watch.motion(to: Self.leader(0.005)) == nil)
    #expect(watch.motion(to: Self.leader(0.010)) == Self.leader(0.010) - Self.leader(0.005))
    var counted = 0
    while watch.motion(to: Self.leader(0.010)) == .zero { counted += 1 }
    #expect(counted == 49, "a hand may wait for a moment")
    #expect(watch.motion(to: Self.leader(0.012)) == nil)
    #expect(watch.motion(to: Self.leader(0.020)) != nil)
  }

  @Test func `what falls counts for nothing until it has come to rest and is taken up again`() {
    var watch = LabelWatch(period_s: 0.01)
    _ = watch.motion(to: Self.leader(0))
    #expect(watch.motion(to: Self.leader(0.1)) != nil)
    watch.fell()
    for tick in 2..<20 { #expect(watch.motion(to: Self.leader(Float(tick) * 0.1)) == nil) }
    for _ in 0..<60 { #expect(watch.motion(to: Self.leader(1.9)) == nil) }
    #expect(watch.motion(to: Self.leader(1.95)) != nil)
  }

  @Test func `over a gap nobody knows what the hand did`() {
    var watch = LabelWatch(period_s: 0.01)
    _ = watch.motion(to: Self.leader(0))
    #expect(watch.motion(to: Self.leader(0.1)) != nil)
    watch.forget()
    #expect(watch.motion(to: Self.leader(0.5)) == nil)
    #expect(watch.motion(to: JointVector(repeating: .nan)) == nil)
    #expect(watch.motion(to: Self.leader(0.6)) == nil)
  }
}
