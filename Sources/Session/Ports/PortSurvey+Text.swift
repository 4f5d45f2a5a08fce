extension PortSurvey: CustomStringConvertible {
  /// For people.
  public var description: String {
    let mend = "plug the arm's adapter in and run this again (no arm? `understudy-twin --dir .twin`)."
    guard !ports.isEmpty else { return "No serial port is plugged in: \(mend)" }
    let told = [pair.map { "\($0)" }, rig.map { "Written: \($0)" }].compactMap(\.self)
    let list = (ports.map(\.text) + told).joined(separator: "\n\n")
    return ports.contains(where: \.wasAsked) ? list : "\(list)\n\nNo USB adapter is plugged in: \(mend)"
  }
}

extension PortSurvey.Port {
  fileprivate var text: String {
    var lines = [path + (stablePath.map { "  (always: \($0))" } ?? "")]
    var adapter = product
    if let usbID { adapter += ", USB \(usbID)" }
    if let usbSerialNumber { adapter += ", serial number \(usbSerialNumber)" }
    if let latencyTimer_ms { adapter += ", latency timer \(latencyTimer_ms) ms" }
    lines.append("  \(adapter)")
    if !wasAsked { lines.append("  no USB adapter, so nothing was sent: `understudy ports \(path)` asks for servos") }
    if !servos.isEmpty {
      var table = TextTable(["id", "model", "firmware", "supply", "offset", "range, ticks"], numbers: [0, 3, 4])
      for servo in servos {
        table.add(
          "\(servo.id)", servo.model ?? "unknown model \(servo.modelNumber ?? 0)", servo.firmware ?? "–",
          servo.voltage_V.map { "\(Figures.fixed($0, 1)) V" } ?? "–", servo.homingOffset.map(String.init) ?? "–",
          range(servo))
      }
      lines.append("\(table)")
    }
    lines += trouble.map { "  \($0)" }
    lines += verdict
    return lines.joined(separator: "\n")
  }

  private func range(_ servo: PortSurvey.Servo) -> String {
    guard let low = servo.rangeMin, let high = servo.rangeMax else { return "–" }
    return "\(low)…\(high)"
  }

  /// Which arm it is, and the line for the rig file.
  private var verdict: [String] {
    guard let arm = arms.first else {
      return servos.isEmpty
        ? [] : ["  The servos hold no calibration that is known here: `understudy calibrate` makes one."]
    }
    let names = arms.map { "\($0.calibration) (\($0.file))" }.joined(separator: " or ")
    let fit =
      arm.matching == arm.joints
      ? "This is \(names)."
      : "Most like \(names): \(arm.matching) of \(arm.joints) joints hold what the file says; calibrate it anew."
    let place = arm.role.map { "under \($0):" } ?? "under follower: or leader:"
    return [
      "  \(fit)", "  In the rig file, \(place) port: \"\(stablePath ?? path)\", calibration: \(arm.calibration)",
    ]
  }
}
