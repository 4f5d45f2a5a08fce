// LeRobot's calibration procedure, with eyes open:
//
//     pose of the middle ─▶ homing offsets ─▶ every joint from stop to stop ─▶ ranges ─▶ reference pose ─▶ zeros
//                                                                              file, then EEPROM ◀──┘
//
// Torque goes off at the beginning and stays off. Nothing is written before all of it is known: stopped or killed before
// that, file and servos are as they were. The file comes first, so that what a crash may leave half-done is mended from it
// (`understudy calibrate --restore`).

internal import Arm
public import Foundation
internal import RealTime
internal import ServoBus

/// `understudy calibrate`: measures an arm's homing offsets and ranges, and writes them into its file and its servos.
public struct ArmCalibration {
  let site: ArmPort
  let dialogue: any Dialogue
  /// Where the file goes.
  public let file: URL

  /// An arm, who moves it, and the file; `file` nil: where the site's calibration stands or belongs.
  public init(_ site: ArmPort, dialogue: any Dialogue, file: URL? = nil) throws(SetUpError) {
    self.site = site
    self.dialogue = dialogue
    guard let file = file ?? site.calibration.map({ Calibration.destination($0, for: site.arm, folder: site.folder) })
    else { throw .refused("No calibration is named: say --calibration NAME, such as my-\(site.arm.role.rawValue).") }
    self.file = file
  }

  /// The whole procedure.
  public func run() throws(SetUpError) -> CalibrationReport {
    var bus = try site.open()
    let records = try site.records(on: &bus)
    try goLimp(records, on: &bus)
    let middle = try ask(
      "Move the arm to the middle of its range, every joint about half-way between its stops, and press Enter (q ends)."
    )
    guard middle else { throw stopped }
    var measurement = CalibrationMeasurement(site.arm, middle: try positions(records, on: &bus))
    try recordRanges(&measurement, records, on: &bus)
    guard let measured = measurement.calibration() else { throw .implausible(measurement.implausible) }
    for joint in measurement.crossings {
      dialogue.say(
        "\(joint)'s travel led through the encoder's seam at 4095/0; its homing offset was moved to mend that.")
    }
    let (calibration, zero) = try checkZero(measured, records, on: &bus)
    try write(calibration, on: &bus)
    return CalibrationReport(
      arm: site.arm.name, port: site.port, file: file.relativePath, joints: calibration.joints.map { .init($0) },
      crossings: measurement.crossings, zero: zero)
  }

  /// Writes the file's values into the servos, as they are.
  public func restore() throws(SetUpError) -> CalibrationReport {
    let calibration: Calibration
    do throws(CalibrationError) {
      calibration = try Calibration(reading: file)
      try calibration.check(against: site.arm)
    } catch { throw .calibration(error) }
    var bus = try site.open()
    try goLimp(try site.records(on: &bus), on: &bus)
    try burn(calibration, on: &bus)
    return CalibrationReport(
      arm: site.arm.name, port: site.port, file: file.relativePath, joints: calibration.joints.map { .init($0) })
  }

  // MARK: Steps

  private var stopped: SetUpError { .stopped("Stopped; nothing was written, file and servos are as they were.") }

  /// A question that Enter answers; false for q.
  private func ask(_ question: String) throws(SetUpError) -> Bool {
    guard let answer = dialogue.ask(question) else { throw .nobodyToAsk(question) }
    return answer.lowercased() != "q"
  }

  private func goLimp(_ records: [ServoRecord], on bus: inout ServoBus) throws(SetUpError) {
    if records.contains(where: \.isTorqueOn) {
      guard try ask("The arm holds itself; its torque goes off now. Support it and press Enter (q ends).") else {
        throw stopped
      }
    }
    for id in site.arm.servoIDs {
      do throws(BusError) { try bus.writeVerified(0, to: bus.model.registers.torqueEnable, of: id) } catch {
        throw .bus(error)
      }
    }
  }

  /// Where the servos stand, without their present offsets.
  private func positions(_ records: [ServoRecord], on bus: inout ServoBus) throws(SetUpError) -> [Int] {
    do throws(BusError) {
      let present = try bus.readAll(bus.model.registers.presentPosition)
      return zip(present, records).map { HomingOffset.actual(present: Int($0), offset: $1.homingOffset) }
    } catch { throw .bus(error) }
  }

  /// Watches the joints every 20 ms until Enter, and again as long as a range is implausible.
  private func recordRanges(
    _ measurement: inout CalibrationMeasurement, _ records: [ServoRecord], on bus: inout ServoBus
  ) throws(SetUpError) {
    let free = site.arm.joints.filter { !$0.isFullTurn }.map(\.name)
    let turning = site.arm.joints.filter(\.isFullTurn).map(\.name)
    dialogue.say(
      "Move every joint\(turning.isEmpty ? "" : " but \(turning.joined(separator: ", "))") from stop to stop, one after the "
        + "other, then press Enter (q ends).")
    let block = RegisterBlock(bus.model.registers.presentPosition)
    while true {
      bus.post(block)
      bus.collect(until: site.clock.now + .milliseconds(15))
      guard !bus.isLost else { throw .bus(.lost(port: site.port)) }
      for index in site.arm.joints.indices {
        let reply = bus.reply(index)
        guard reply.sequence == bus.newestSequence, let tick = reply.value(of: bus.model.registers.presentPosition)
        else { continue }
        measurement.add(
          HomingOffset.actual(present: Int(tick), offset: records[index].homingOffset), joint: index)
      }
      dialogue.show(lines(measurement))
      switch dialogue.listen(milliseconds: 20) {
      case .nothing: continue
      case .nobody: throw measurement.implausible.isEmpty ? stopped : .implausible(measurement.implausible)
      case .line("q"), .line("Q"): throw stopped
      case .line:
        let findings = measurement.implausible
        if findings.isEmpty { return }
        if findings.count == free.count, findings.allSatisfy({ $0.width < $0.expected / 10 }) {
          dialogue.say("Nothing has moved yet.")
        }
        dialogue.say(findings.map { "\($0)" }.joined(separator: "\n") + "\nThen press Enter.")
      }
    }
  }

  private func lines(_ measurement: CalibrationMeasurement) -> [String] {
    var table = TextTable(["joint", "lowest", "now", "highest", "moved"], numbers: [1, 2, 3, 4])
    for (index, joint) in site.arm.joints.enumerated() {
      let range = measurement.ranges[index]
      let moved = Int((Double(range.width) * 360 / 4096).rounded())
      let state =
        joint.isFullTurn ? "a full turn" : measurement.implausible(index) == nil ? "\(moved)°  ok" : "\(moved)°    "
      table.add(joint.name, "\(range.lowest)", "\(range.present)", "\(range.highest)", state)
    }
    return "\(table)".split(separator: "\n").map(String.init)
  }

  // MARK: Zero

  /// The reference pose: the zeros confirmed, or mended if the person says so.
  private func checkZero(
    _ measured: Calibration, _ records: [ServoRecord], on bus: inout ServoBus
  ) throws(SetUpError) -> (Calibration, CalibrationReport.Zero) {
    guard let reference = site.arm.reference else { return (measured, .unchecked) }
    dialogue.say(PoseDrawing(site.arm, pose: reference.pose).description)
    let question = "Put the arm into this pose (\(reference.says)) and press Enter (q ends)."
    var last: [ReferenceCheck.Joint] = []
    while true {
      guard let answer = dialogue.ask(question)?.lowercased() else {
        throw last.isEmpty ? .nobodyToAsk(question) : .pose(last)
      }
      guard answer != "q" else { throw stopped }
      let ticks = zip(try positions(records, on: &bus), measured.joints).map {
        HomingOffset.present(actual: $0, offset: $1.homingOffset)
      }
      let check: ReferenceCheck?
      do throws(CalibrationError) { check = try ReferenceCheck(site.arm, measured, ticks: ticks) } catch {
        throw .calibration(error)
      }
      guard let check else { return (measured, .unchecked) }
      if check.isConfirmed { return (measured, .confirmed) }
      last = check.strays
      let mended = check.mended()
      if answer == "c", let mended { return (mended, .corrected(last.map(\.name))) }
      dialogue.say(sentence(last, canMend: mended != nil))
    }
  }

  private func sentence(_ strays: [ReferenceCheck.Joint], canMend: Bool) -> String {
    let list = strays.map { "\($0.name) by \(SetUpError.degrees($0.deviation_rad))°" }.joined(separator: ", ")
    let off = "By the ranges the arm is off this pose: \(list)"
    return canMend
      ? "\(off). If the arm is not yet in the pose, correct it and press Enter; if it is, type c and Enter: this pose "
        + "becomes the zero."
      : "\(off), too much to be a matter of the zero. Correct the pose and press Enter, or end with q and measure the ranges "
        + "anew."
  }

  // MARK: Writing

  private func write(_ calibration: Calibration, on bus: inout ServoBus) throws(SetUpError) {
    do throws(CalibrationError) { try calibration.write(to: file) } catch { throw .calibration(error) }
    try burn(calibration, on: &bus)
  }

  private func burn(_ calibration: Calibration, on bus: inout ServoBus) throws(SetUpError) {
    let registers = bus.model.registers
    for joint in site.arm.joints {
      guard let entry = calibration[joint.name] else { continue }
      let id = joint.servoID
      try bus.unlock(id)
      try bus.burn(settings: site.arm, for: joint, of: try site.record(id, on: &bus))
      try bus.burn(Int32(entry.homingOffset), to: registers.homingOffset, of: id)
      try bus.burn(Int32(entry.rangeMin), to: registers.minPosition, of: id)
      try bus.burn(Int32(entry.rangeMax), to: registers.maxPosition, of: id)
      try bus.lock(id)
    }
  }
}
