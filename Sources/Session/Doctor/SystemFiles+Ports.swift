internal import Glibc
internal import ServoBus

extension SystemFiles {
  /// Who may open serial ports, which are there, who has them, and what is in the way.
  func portFindings() -> [Finding] {
    let ports = PortInfo.all().filter { $0.usbID != nil }
    return [permission(ports)] + ports.map(free) + latencyTimers(ports) + meddlers()
  }

  private func permission(_ ports: [PortInfo]) -> Finding {
    let mend = "sudo usermod -aG dialout $USER, then log out and in"
    for port in ports where access(port.path, R_OK | W_OK) != 0 && errno == EACCES {
      return Finding("serial permission", .fail, "you may not open \(port.path)", mend: mend)
    }
    if !ports.isEmpty || geteuid() == 0 { return Finding("serial permission", .ok, "granted") }
    guard let group = getgrnam("dialout") else { return Finding("serial permission", .ok, "no group dialout here") }
    let wanted = group.pointee.gr_gid
    var groups = [gid_t](repeating: 0, count: 256)
    let count = getgroups(Int32(groups.count), &groups)
    let isMember = getegid() == wanted || groups.prefix(Int(max(0, count))).contains(wanted)
    return Finding(
      "serial permission", isMember ? .ok : .warn,
      isMember ? "you are in group dialout" : "you are not in group dialout",
      mend: mend)
  }

  private func free(_ port: PortInfo) -> Finding {
    do throws(PortError) {
      _ = try SerialPort.open(port.path)
      return Finding(port.path, .ok, "\(port.description), free")
    } catch {
      return Finding(port.path, .fail, "\(error)")
    }
  }

  private func latencyTimers(_ ports: [PortInfo]) -> [Finding] {
    ports.compactMap { port in
      guard let timer = latencyTimer_ms(ofPort: port.path) else { return nil }
      let name = port.path.split(separator: "/").last.map(String.init) ?? port.path
      return Finding(
        "\(port.path) latency", timer <= 1 ? .ok : .warn,
        timer <= 1 ? "latency timer \(timer) ms" : "the adapter sits on bytes for \(timer) ms: no loop above 50 Hz",
        mend: "sudo cp hardware/linux/60-understudy.rules /etc/udev/rules.d/ and plug it in again, or for now: "
          + "echo 1 | sudo tee /sys/bus/usb-serial/devices/\(name)/latency_timer")
    }
  }

  /// Programs that open every new serial port by themselves.
  private func meddlers() -> [Finding] {
    let running = programs()
    let known = [
      ("ModemManager", "sudo systemctl disable --now ModemManager"),
      ("brltty", "sudo apt remove brltty (unless you read Braille on this machine)"),
    ]
    let found = known.filter { running.contains($0.0) }
    guard !found.isEmpty else { return [Finding("port grabbers", .ok, "neither ModemManager nor brltty runs")] }
    return found.map { name, mend in
      Finding("port grabbers", .warn, "\(name) runs and sends bytes to every new serial port", mend: mend)
    }
  }
}
