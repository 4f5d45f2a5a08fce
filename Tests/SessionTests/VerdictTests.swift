import Control
import Episodes
import Testing

@testable import Session

@Suite struct VerdictTests {
  @Test func `an arm that is blocked and a policy that cannot keep up fail; a wire that breaks is nobody's failure`() {
    #expect(Fault.allCases.filter(\.isTheDriversOwn) == [.wishNotFinite, .lag, .load, .policySlow])
    var snapshot = Snapshot()
    snapshot.state = .protectiveStop
    for (fault, label) in [(Fault.load, EpisodeLabel.failure), (.lag, .failure), (.followerLost, .unlabelled)] {
      snapshot.fault = fault
      #expect(snapshot.isStopped && snapshot.verdict == label)
    }
  }
}
