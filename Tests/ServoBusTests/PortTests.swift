import Foundation
import RealTime
import Testing
import Twin

@testable import ServoBus

@Suite struct PortTests {
  @Test func `a termios port carries bytes both ways over a pseudo-terminal`() throws {
    let terminal = try PseudoTerminal()
    let port = SerialPort.termios(try TermiosPort(path: terminal.path))
    let request = FeetechPacket.ping(1)
    #expect(request.withBytes { port.write($0) } == .bytes(6))
    var heard = [UInt8](repeating: 0, count: 64)
    #expect(read(terminal.descriptor, &heard, 64) == 6)
    #expect(Array(heard.prefix(6)) == request.bytes)

    // Raw: no byte is translated, swallowed or echoed.
    let all = (0...255).map { UInt8($0) }
    #expect(write(terminal.descriptor, all, 256) == 256)
    var received: [UInt8] = []
    let deadline = TickClock.monotonic.now + .milliseconds(2000)
    while received.count < 256, port.wait(until: deadline) == .bytes {
      let before = received.count
      withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
        if case .bytes(let count) = port.read(into: buffer) { received += buffer[..<count] }
      }
      if received.count == before { break }
    }
    #expect(received == all)
  }

  @Test func `waiting ends at the deadline when nothing comes`() throws {
    let terminal = try PseudoTerminal()
    let port = SerialPort.termios(try TermiosPort(path: terminal.path))
    let deadline = TickClock.monotonic.now + .microseconds(300)
    #expect(port.wait(until: deadline) == .nothing)
    #expect(TickClock.monotonic.now >= deadline)
  }

  @Test func `the other end's closing is the loss of the port`() throws {
    var terminal: PseudoTerminal? = try PseudoTerminal()
    let path = try #require(terminal).path
    let model = try sts3215()
    var bus = ServoBus(port: .termios(try TermiosPort(path: path)), model: model, ids: [1, 2], clock: .monotonic)
    terminal = nil
    bus.post(RegisterBlock(model.registers.presentPosition))
    bus.collect(until: TickClock.monotonic.now + .milliseconds(2000))
    let isLost = bus.isLost
    #expect(isLost)
  }

  @Test func `a port opens once, and again after it was given back`() throws {
    let terminal = try PseudoTerminal()
    do {
      let first = try TermiosPort(path: terminal.path)
      let error = #expect(throws: PortError.self) { _ = try TermiosPort(path: terminal.path) }
      guard case .inUse = error else {
        Issue.record("expected `in use`, got \(String(describing: error))")
        return
      }
      _ = consume first
    }
    _ = try TermiosPort(path: terminal.path)
  }

  @Test func `the program that has the port is named`() throws {
    let terminal = try PseudoTerminal()
    let other = Process()
    other.executableURL = URL(filePath: "/usr/bin/flock")
    // It says so once it has the lock, and keeps it until its input ends.
    other.arguments = ["--no-fork", terminal.path, "/bin/sh", "-c", "echo locked; exec cat >/dev/null"]
    let said = Pipe()
    let hold = Pipe()
    other.standardOutput = said
    other.standardInput = hold
    try other.run()
    _ = said.fileHandleForReading.availableData
    let error = #expect(throws: PortError.self) { _ = try TermiosPort(path: terminal.path) }
    guard case .inUse(terminal.path, let holder?) = error else {
      Issue.record("expected `in use` with its holder, got \(String(describing: error))")
      return
    }
    #expect(holder.pid == other.processIdentifier && !holder.program.isEmpty)
    try hold.fileHandleForWriting.close()
    other.waitUntilExit()
    _ = try TermiosPort(path: terminal.path)
  }

  @Test func `what is no port is refused with the mend`() throws {
    let missing = #expect(throws: PortError.missing(port: "/dev/ttyNOWHERE")) {
      _ = try TermiosPort(path: "/dev/ttyNOWHERE")
    }
    #expect(missing?.description.contains("understudy ports") == true)
    #expect(throws: PortError.notASerialPort(port: "/dev/null")) { _ = try TermiosPort(path: "/dev/null") }
    let terminal = try PseudoTerminal()
    #expect(throws: PortError.baudRate(port: terminal.path, bitsPerSecond: 0)) {
      _ = try TermiosPort(path: terminal.path, bitsPerSecond: 0)
    }
  }

  @Test(arguments: [1_000_000, 250_000, 128_000, 19_200])
  func `a port takes every rate that a servo knows, also those without a name`(rate: Int) throws {
    let terminal = try PseudoTerminal()
    _ = try TermiosPort(path: terminal.path, bitsPerSecond: rate)
    #expect(terminal.bitsPerSecond == rate)
  }

  @Test func `the sentence about permissions names the group and the command`() {
    let text = PortError.permission(port: "/dev/ttyACM0", group: "dialout").description
    #expect(text.contains("sudo usermod -aG dialout $USER") && text.contains("60-understudy.rules"))
  }

  @Test func `an adapter is found by its USB serial number, or by the socket it is in`() throws {
    func port(_ path: String, serial: String?, socket: String?) -> PortInfo {
      PortInfo(path: path, description: "adapter", usbSerialNumber: serial, usbTopology: socket)
    }
    let ports = [
      port("/dev/ttyACM0", serial: "5A68011", socket: "1-2.3"),
      port("/dev/ttyACM1", serial: "5A68012", socket: "1-2.4"),
      port("/dev/ttyUSB0", serial: nil, socket: "3-1"), port("/dev/ttyUSB1", serial: "0001", socket: "3-2"),
      port("/dev/ttyUSB2", serial: "0001", socket: "3-3"), port("/dev/ttyS0", serial: nil, socket: nil),
    ]
    #expect(try PortInfo.path(named: "usb:5A68012", among: ports) == "/dev/ttyACM1")
    #expect(try PortInfo.path(named: "usb-port:3-1", among: ports) == "/dev/ttyUSB0")
    #expect(try PortInfo.path(named: "/dev/ttyACM9") == "/dev/ttyACM9")
    let gone = #expect(throws: PortError.self) { _ = try PortInfo.path(named: "usb:77", among: ports) }
    #expect(gone?.description.contains("Plugged in now: usb:5A68011, usb:5A68012, usb-port:3-1") == true)
    #expect(throws: PortError.sameSerial(name: "usb:0001", sockets: ["usb-port:3-2", "usb-port:3-3"])) {
      _ = try PortInfo.path(named: "usb:0001", among: ports)
    }
    #expect(throws: PortError.self) { _ = try SerialPort.open("usb:nothing-has-this-number") }
  }

  @Test(arguments: [
    ("/sys/devices/pci0000:00/0000:00:14.0/usb1/1-2/1-2.3/1-2.3:1.0", "1-2.3"),
    ("/sys/devices/platform/scb/fd500000.pcie/pci0000:00/0000:01:00.0/usb3/3-1/3-1:1.0/ttyUSB0", "3-1"),
    ("/sys/devices/pnp0/00:05", nil),
  ])
  func `the socket stands in the device's folder`(folder: String, socket: String?) {
    #expect(PortInfo.topology(ofDevice: folder) == socket)
  }

  @Test func `programs that grab every port are named with what ends them`() {
    let modem = PortError.inUse(port: "/dev/ttyACM0", holder: .init(pid: 812, program: "ModemManager"))
    #expect(modem.description.contains("PID 812 (ModemManager)"))
    #expect(modem.description.contains("sudo systemctl disable --now ModemManager"))
    let braille = PortError.inUse(port: "/dev/ttyUSB0", holder: .init(pid: 9, program: "brltty"))
    #expect(braille.description.contains("sudo apt remove brltty"))
  }
}
