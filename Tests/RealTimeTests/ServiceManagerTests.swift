import Foundation
import RealTime
import Synchronization
import Testing

@Suite struct ServiceManagerTests {
  @Test func `what is told arrives as lines, and without a manager nothing is sent`() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "notify-\(UUID().uuidString.prefix(8))").path
    let socket = try DatagramSocket(receivingAt: path)
    let manager = ServiceManager(environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "10000000"])
    #expect(manager.watchdogPeriod == .seconds(5))
    #expect(manager.tell("READY=1", "STATUS=holding"))
    #expect(socket.receive() == Data("READY=1\nSTATUS=holding".utf8))
    #expect(!ServiceManager(environment: [:]).tell("READY=1"))
    #expect(socket.receive() == nil)
    let other = ServiceManager(environment: ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"])
    #expect(other.watchdogPeriod == nil, "the watchdog is asked of another process")
  }
}

@Suite(.serialized) struct SuspensionTests {
  private final class Calls: Sendable { let count = Atomic<Int>(0) }

  @Test func `what a machine slept through counts as missed, and phase goes on`() throws {
    let calls = Calls()
    var configuration = RateLoop.Configuration(period: .milliseconds(2))
    // Suspended for 3 s between the fourth beat and the fifth; once the clocks could not be told apart.
    configuration.suspended = {
      let call = calls.count.wrappingAdd(1, ordering: .relaxed).newValue
      return call == 3 ? -1 : call < 6 ? 1_000_000_000 : 4_000_000_000
    }
    let missed = try RateLoop(configuration).beats(10).map(\.missed)
    #expect(missed.filter { $0 >= 1500 }.count == 1, "\(missed)")
    #expect(missed[4] >= 1500)
  }
}
