import Arm
import Control
import Episodes
import Testing

/// What counts as a servo that has let go, reading by reading.
@Suite struct LimpWatchTests {
  private var watch = LimpWatch(slack: 0.05, patience: 30, period_s: 0.01)

  /// So many ticks with the second joint this far off, at this speed, with this load.
  private mutating func see(_ ticks: Int, off: Float, speed: Float = 0, load: Float = 0, age: Int32 = 0) {
    var (command, reading, ages) = (JointVector.zero, ArmReading(), SIMD8<Int32>(repeating: 0))
    reading.position = .zero
    reading.velocity = .zero
    reading.load = .zero
    command[1] = off
    reading.velocity[1] = speed
    reading.load[1] = load
    ages[1] = age
    for _ in 0..<ticks { watch.note(command: command, reading: reading, age: ages) }
  }

  @Test(arguments: [0.06, -0.06, 0.3] as [Float])
  mutating func `a joint that is off and gives no effort has let go after as many readings as asked`(off: Float) {
    see(29, off: off)
    #expect(watch.joints(lags: false) == 0)
    see(1, off: off)
    #expect(watch.joints(lags: false) == 0b10)
    watch.forget()
    #expect(watch.joints(lags: false) == 0 && watch.joints(lags: true) == 0)
  }

  @Test mutating func `where the arm lags already a third is enough, and not less`() {
    #expect(watch.joints(lags: true) == 0)
    see(9, off: 0.4)
    #expect(watch.joints(lags: true) == 0)
    see(1, off: 0.4)
    #expect(watch.joints(lags: true) == 0b10 && watch.joints(lags: false) == 0)
  }

  @Test mutating func `the least effort ends the count`() {
    for load in [0.001, -0.001] as [Float] {
      for _ in 0..<100 {
        see(29, off: 0.2)
        see(1, off: 0.2, load: load)
        #expect(watch.joints(lags: false) == 0 && watch.joints(lags: true) == 0)
      }
    }
  }

  @Test mutating func `near its command, on the way to it, or not heard of, a joint has not let go`() {
    see(1000, off: 0.049)
    see(1000, off: 0.2, speed: 0.2)
    see(1000, off: -0.2, speed: -0.2)
    see(1000, off: 0.2, age: 1)
    #expect(watch.joints(lags: true) == 0)
    see(1000, off: .nan)
    see(1000, off: 0.2, load: .nan)
    #expect(watch.joints(lags: true) == 0)
  }

  @Test mutating func `a command that swings past a limp joint, and readings that are lost, hide it from nobody`() {
    for _ in 0..<6 {
      see(3, off: 0.1, speed: 0.1)
      see(4, off: 0.02)
      see(2, off: -0.1, speed: -0.6)
      see(2, off: -0.1, speed: 0.6)
      see(5, off: 0.1, age: 2)
    }
    #expect(watch.joints(lags: false) == 0b10)
  }
}
