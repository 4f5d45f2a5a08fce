import Foundation
import RealTime
import ServoBus
import Synchronization
import Testing
import Twin

/// libserialport's own code against emulated servos. It refuses pseudo-terminals, so the calls are made in a child
/// process, into which a library is preloaded that lets it have modem lines (Tests/CSerialShim).
@Suite struct LibserialPortTests {
  static let isChild = ProcessInfo.processInfo.environment["UNDERSTUDY_SERIAL_CHILD"] != nil

  @Test(.disabled(if: isChild))
  func `libserialport opens, sets and claims a port, and the bus runs over it`() throws {
    let library = Bundle.main.bundleURL.appending(path: "libSerialShim.so")
    let alternative = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appending(path: "libSerialShim.so")
    let shim = try #require(
      [library, alternative].first { FileManager.default.fileExists(atPath: $0.path) },
      "`swift build` makes libSerialShim.so beside the tests")
    let child = Process()
    child.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    child.arguments =
      Array(CommandLine.arguments.dropFirst().prefix { $0 != "--filter" && $0 != "--skip" }) + [
        "--testing-library", "swift-testing", "--filter", "LibserialPortTests",
      ]
    child.environment = ProcessInfo.processInfo.environment.merging([
      "LD_PRELOAD": shim.path, "UNDERSTUDY_SERIAL_CHILD": "1",
    ]) { $1 }
    let output = Pipe()
    child.standardOutput = output
    child.standardError = output
    try child.run()
    let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    child.waitUntilExit()
    #expect(child.terminationStatus == 0, "\(said)")
    #expect(said.contains("six servos answered over libserialport"), "\(said)")
  }

  @Test(.enabled(if: isChild))
  func `six servos answer over libserialport`() throws {
    let model = try sts3215()
    let terminal = try PseudoTerminal()
    let servos = EmulatedBus(
      model: model, servos: (1...6).map { ServoSetup(id: UInt8($0)) }, mechanism: PuppetMechanism(), seed: 1)
    let device = AnsweringDevice(terminal, servos)
    defer { device.end() }

    // libserialport asks for a link of that name under /sys/class/tty; this name leads to a link of ours there too.
    let link = FileManager.default.temporaryDirectory.appending(path: "port-\(getpid())").path
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: terminal.path)
    defer { unlink(link) }
    let path = "/dev/../../..\(link)"
    var bus = ServoBus(
      port: .serialport(try LibserialPort(path: path)), model: model, ids: [1, 2, 3, 4, 5, 6], clock: .monotonic)
    #expect(terminal.bitsPerSecond == 1_000_000)
    #expect(throws: PortError.self) { _ = try LibserialPort(path: path) }
    #expect(try bus.read(model.registers.modelNumber, of: 2) == 777)
    // On a busy machine these servos are late, and nobody shall be asked twice.
    bus.patience = nil
    bus.post(RegisterBlock(model.registers.presentPosition))
    bus.collect(until: TickClock.monotonic.now + .milliseconds(1000))
    // On a starved machine a servo may be asked once more, and answer twice.
    try #require((0..<6).allSatisfy { bus.reply($0).sequence == bus.newestSequence })
    print("six servos answered over libserialport")
  }

  @Test func `what is no port is refused with the mend`() {
    #expect(throws: PortError.missing(port: "/dev/ttyNOWHERE")) { _ = try LibserialPort(path: "/dev/ttyNOWHERE") }
    #expect(throws: PortError.notASerialPort(port: "/dev/null")) { _ = try LibserialPort(path: "/dev/null") }
    #expect(throws: PortError.notASerialPort(port: "/etc/passwd")) { _ = try SerialPort.open("/etc/passwd") }
  }

  @Test func `the list of ports can be asked for on any machine`() {
    #expect(PortInfo.all().allSatisfy { $0.path.hasPrefix("/dev/") })
  }
}

/// Emulated servos at the other end of a pseudo-terminal, answering as fast as they can.
final class AnsweringDevice: @unchecked Sendable {
  // Unchecked: only its thread touches bus and terminal; the test waits for it to end.
  private let isOver = Atomic(false)
  private let ended = DispatchSemaphore(value: 0)

  init(_ terminal: PseudoTerminal, _ servos: EmulatedBus) {
    nonisolated(unsafe) let servos = servos
    let thread = Thread { [self] in
      var buffer = [UInt8](repeating: 0, count: 512)
      while !isOver.load(ordering: .relaxed) {
        let count = read(terminal.descriptor, &buffer, buffer.count)
        let now = TickClock.monotonic.now
        if count > 0 { buffer[..<count].withUnsafeBytes { servos.receive($0, at: now) } }
        while let end = servos.nextReplyEnd {
          servos.transmit(until: end) { _ = write(terminal.descriptor, $0.baseAddress, $0.count) }
        }
        usleep(200)
      }
      ended.signal()
    }
    thread.start()
  }

  func end() {
    isOver.store(true, ordering: .relaxed)
    ended.wait()
  }
}
