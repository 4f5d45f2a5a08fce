import Learning
import Testing

/// How often the expert drives in classic DAgger.
@Suite struct BetaScheduleTests {
  @Test func `every schedule begins with the expert alone and goes its own way to zero`() {
    func betas(_ schedule: BetaSchedule) -> [Double] { (1...6).map(schedule.beta) }
    #expect(betas(.indicator) == [1, 0, 0, 0, 0, 0])
    #expect(betas(.linear(iterations: 4)) == [1, 0.75, 0.5, 0.25, 0, 0])
    #expect(betas(.exponential(0.5)) == [1, 0.5, 0.25, 0.125, 0.0625, 0.03125])
  }
}
