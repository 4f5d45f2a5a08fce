import Foundation
import Testing

@testable import Session

/// A machine made of files.
private final class Machine {
  let root = FileManager.default.temporaryDirectory.appending(path: "machine-\(UUID().uuidString)")

  init(_ files: [String: String]) throws {
    for (path, text) in files {
      let url = root.appending(path: path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data((text + "\n").utf8).write(to: url)
    }
  }

  deinit { try? FileManager.default.removeItem(at: root) }

  var system: SystemFiles { SystemFiles(root: root.path) }

  func kernel(_ name: String) -> Finding? { system.kernelFindings().first { $0.name == name } }
}

@Suite struct DoctorTests {
  @Test(arguments: [
    ("6.1.0-rpi7-rpi-v8-rt #1 SMP PREEMPT_RT Debian", Finding.Status.ok), ("6.1.0 #1 SMP PREEMPT_DYNAMIC", .ok),
    ("6.1.0 #1 SMP", .warn),
  ])
  func `a kernel is judged by its preemption`(_ version: String, _ status: Finding.Status) throws {
    let machine = try Machine(["proc/sys/kernel/osrelease": "6.1.0", "proc/version": "Linux version \(version)"])
    let finding = try #require(machine.kernel("kernel"))
    #expect(finding.status == status)
    #expect(finding.mend.isEmpty == (status == .ok))
  }

  @Test func `one core that saves power is a warning, and no governor is none`() throws {
    func governor(_ files: [String: String]) throws -> Finding.Status? {
      try Machine(files).kernel("CPU governor")?.status
    }
    let cpu = "sys/devices/system/cpu"
    let fast = "\(cpu)/cpu0/cpufreq/scaling_governor"
    #expect(try governor([fast: "performance"]) == .ok)
    #expect(try governor([fast: "performance", "\(cpu)/cpu10/cpufreq/scaling_governor": "ondemand"]) == .warn)
    #expect(try governor(["\(cpu)/cpuidle/current_driver": "none"]) == .ok)
  }

  @Test func `isolated cores and slow clocks are seen`() throws {
    let machine = try Machine([
      "sys/devices/system/cpu/isolated": "3", "sys/devices/system/clocksource/clocksource0/current_clocksource": "hpet",
    ])
    #expect(machine.kernel("isolation")?.detail.contains("CPU 3") == true)
    #expect(machine.kernel("clock source")?.status == .warn)
  }

  @Test func `programs that grab ports are named with the command that ends them`() throws {
    let quiet = try Machine(["proc/1/comm": "systemd", "proc/self/comm": "brltty"])
    #expect(quiet.system.portFindings().first { $0.name == "port grabbers" }?.status == .ok)
    let busy = try Machine(["proc/1/comm": "systemd", "proc/77/comm": "ModemManager"])
    let finding = try #require(busy.system.portFindings().first { $0.name == "port grabbers" })
    #expect(finding.status == .warn)
    #expect(finding.mend.contains("systemctl disable --now ModemManager"))
  }

  @Test func `an adapter's latency timer is read by the port's name`() throws {
    let machine = try Machine(["sys/bus/usb-serial/devices/ttyUSB0/latency_timer": "16"])
    #expect(machine.system.latencyTimer_ms(ofPort: "/dev/ttyUSB0") == 16)
    #expect(machine.system.latencyTimer_ms(ofPort: "/dev/ttyACM0") == nil)
  }

  @Test func `the disk is tried where episodes will be, also where the folder is still to be made`() throws {
    let machine = try Machine(["data/x": ""])
    let findings = DiskCheck(folder: machine.root.appending(path: "data/new/deeper")).findings()
    #expect(findings.map(\.name) == ["dataset folder", "disk space", "disk"])
    #expect(findings.allSatisfy { $0.detail.contains("data") || $0.name == "disk" })
    let place = findings[0]
    #expect(place.status == .warn && place.detail.contains("data/new/deeper is not there, nor is the folder above it"))
    #expect(place.mend.contains("mkdir -p '\(machine.root.path)/data/new/deeper'"))
    let next = DiskCheck(folder: machine.root.appending(path: "data/new")).findings()[0]
    #expect(next.status == .ok && next.detail.contains("recording makes it"))
    #expect(DiskCheck(folder: machine.root.appending(path: "data")).findings()[0].status == .ok)
    #expect(try FileManager.default.contentsOfDirectory(atPath: machine.root.path) == ["data"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: machine.root.appending(path: "data").path) == ["x"])
  }

  @Test func `the worst line decides how doctor ends`() {
    #expect([Finding.Status.ok, .fail, .warn].max() == .fail)
    #expect([Finding.Status.warn, .ok].max() == .warn)
  }
}
