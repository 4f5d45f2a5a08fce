import Foundation
import Glibc
import RealTime
import Testing

@testable import Session

/// A foot switch whose events come out of a pipe.
@Suite struct PedalTests {
  private final class Foot {
    let pedal: PedalDevice
    private var end: Int32

    init() throws {
      var ends = [Int32](repeating: -1, count: 2)
      #expect(pipe(&ends) == 0)
      _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
      pedal = PedalDevice(ends[0], path: "/dev/input/none")
      end = ends[1]
    }

    deinit { unplug() }

    /// Key 48 (b), as most foot switches are.
    func key(_ value: UInt8, type: UInt8 = 1, code: UInt8 = 48) {
      send([1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, type, 0, code, 0, value, 0, 0, 0])
    }

    func send(_ bytes: [UInt8]) { #expect(write(end, bytes, bytes.count) == bytes.count) }

    func unplug() {
      if end >= 0 { close(end) }
      end = -1
    }

    func presses() -> Int { pedal.presses(at: .seconds(100)) }
  }

  @Test func `down is down until it is up, and repeats are no presses`() throws {
    let foot = try Foot()
    #expect(foot.presses() == 0 && !foot.pedal.isDown)
    foot.key(1)
    foot.key(0, type: 0, code: 0)  // SYN_REPORT
    #expect(foot.presses() == 1 && foot.pedal.isDown)
    foot.key(2)
    foot.key(2)
    #expect(foot.presses() == 0 && foot.pedal.isDown)
    foot.key(0)
    #expect(foot.presses() == 0 && !foot.pedal.isDown)
    // Down and up between two looks is a press all the same.
    foot.key(1)
    foot.key(0)
    #expect(foot.presses() == 1 && !foot.pedal.isDown)
  }

  @Test func `what else a device says is no foot`() throws {
    let foot = try Foot()
    foot.key(5, type: 4, code: 4)  // MSC_SCAN comes with every key
    foot.key(1, type: 2, code: 8)  // a wheel
    #expect(foot.presses() == 0 && !foot.pedal.isDown)
  }

  @Test func `an event that comes in pieces counts when it is whole`() throws {
    let foot = try Foot()
    let event: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 48, 0, 1, 0, 0, 0]
    foot.send(Array(event[..<17]))
    #expect(foot.presses() == 0 && !foot.pedal.isDown)
    foot.send(Array(event[17...]))
    #expect(foot.presses() == 1 && foot.pedal.isDown)
  }

  @Test func `after events that were lost nobody stands on it until it says so again`() throws {
    let foot = try Foot()
    foot.key(1)
    _ = foot.presses()
    foot.key(0, type: 0, code: 3)  // SYN_DROPPED
    #expect(foot.presses() == 0 && !foot.pedal.isDown)
  }

  @Test func `a pedal that is unplugged under the foot is up, and lost`() throws {
    let foot = try Foot()
    foot.key(1)
    _ = foot.presses()
    foot.unplug()
    #expect(foot.presses() == 0)
    #expect(foot.pedal.isLost && !foot.pedal.isDown && foot.pedal.descriptor == -1)
  }

  @Test func `a file is no pedal, and says so`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "pedal-\(UUID().uuidString)")
    try Data("x".utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    #expect(throws: PedalError.notAnInput(file.path)) { try PedalDevice(file.path) }
    #expect(throws: PedalError.missing("/dev/input/none", errno: ENOENT)) { try PedalDevice("/dev/input/none") }
    #expect(PedalError.notAllowed("/dev/input/event3").description.contains("usermod -aG input"))
  }
}
