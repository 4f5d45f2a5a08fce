import Control
import Episodes
import Testing

@testable import Session

@Suite struct VerdictTests {
  @Test func `an arm that runs into something or presses on it fails; a wire that breaks is nobody's failure`() {
    #expect(Fault.allCases.filter(\.isTheDriversOwn) == [.wishNotFinite, .lag, .load])
    var snapshot = Snapshot()
    snapshot.state = .protectiveStop
    for (fault, label) in [(Fault.load, EpisodeLabel.failure), (.lag, .failure), (.followerLost, .unlabelled)] {
      snapshot.fault = fault
      #expect(snapshot.isStopped && snapshot.verdict == label)
    }
  }
}
