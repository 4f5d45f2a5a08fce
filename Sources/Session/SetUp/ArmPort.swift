public import Arm
public import Foundation
internal import RealTime
internal import ServoBus

/// One arm on one port, as the set-up verbs meet it: by a rig's side, or by naming arm and port before there is a rig.
public struct ArmPort {
  /// The arm's description.
  public var arm: ArmDescription
  /// The port's path.
  public var port: String
  /// The calibration's path or id; nil where none was named.
  public var calibration: String?
  /// The folder in which `calibration/` and `hardware/` stand.
  public var folder: URL
  let model: ServoModel
  private let models: [ServoModel]
  /// How a port is opened, and the clock of its bus: real ones, unless a test has a world of its own.
  var openPort: (_ path: String, _ bitsPerSecond: Int) throws(PortError) -> SerialPort = {
    (path, rate) throws(PortError) in try SerialPort.open(path, bitsPerSecond: rate)
  }
  var clock = TickClock.monotonic

  /// An arm by the name of its file.
  public init(arm: String, port: String, calibration: String?, hardware: Hardware? = nil) throws(SetUpError) {
    do throws(ConfigurationError) {
      let hardware = if let hardware { hardware } else { try Hardware.find() }
      let description = try ArmDescription.load(arm, from: hardware)
      try self.init(description, port: port, calibration: calibration, hardware: hardware)
    } catch { throw .configuration(error) }
  }

  /// A side of a rig.
  public init(_ side: Rig.Side, rig: Rig) throws(SetUpError) {
    do throws(ConfigurationError) {
      try self.init(side.arm, port: side.port, calibration: side.calibration, hardware: rig.hardware)
    } catch { throw .configuration(error) }
  }

  private init(
    _ arm: ArmDescription, port: String, calibration: String?, hardware: Hardware
  ) throws(ConfigurationError) {
    let file = try hardware.file(arm.servo, kind: .servos)
    do throws(ServoFileError) {
      model = try ServoModel.load(path: file.path)
    } catch {
      throw .unreadable(file: file.relativePath, reason: "\(error)")
    }
    models = hardware.names(of: .servos).compactMap {
      try? ServoModel.load(path: hardware.root.appending(path: "servos/\($0).yaml").path)
    }
    self.arm = arm
    self.port = port
    self.calibration = calibration
    folder = hardware.root.deletingLastPathComponent()
  }

  /// The rate at which an arm runs.
  static let armRate = 1_000_000

  /// Opens the port; nothing is sent.
  func open(_ bitsPerSecond: Int = ArmPort.armRate) throws(SetUpError) -> ServoBus {
    do throws(PortError) {
      return ServoBus(port: try openPort(port, bitsPerSecond), model: model, ids: arm.servoIDs, clock: clock)
    } catch { throw .port(error) }
  }

  /// Reads one servo; two that share an id, and one of another model, are told from one that is silent.
  func record(_ id: UInt8, on bus: inout ServoBus) throws(SetUpError) -> ServoRecord {
    let record: ServoRecord
    do throws(BusError) {
      record = try ServoRecord(reading: id, on: &bus)
    } catch {
      if case .noReply(_, _, _, let stray) = error, stray > 0 { throw .duplicates(port: port, id: id) }
      throw .bus(error)
    }
    guard record.modelNumber == model.modelNumber else {
      throw .model(
        port: port, id: id, expected: name(model.modelNumber), received: name(record.modelNumber))
    }
    return record
  }

  /// The records of every servo of the arm, in the joints' order.
  func records(on bus: inout ServoBus) throws(SetUpError) -> [ServoRecord] {
    var missing: [String] = []
    var records: [ServoRecord] = []
    for joint in arm.joints {
      do throws(SetUpError) {
        records.append(try record(joint.servoID, on: &bus))
      } catch {
        guard case .bus(.noReply) = error else { throw error }
        missing.append(joint.name)
      }
    }
    if missing.count == arm.joints.count { throw .nobody(port: port) }
    guard missing.isEmpty else { throw .missing(port: port, joints: missing) }
    return records
  }

  private func name(_ number: Int32) -> SetUpError.ServoName {
    .init(number: number, name: models.first { $0.modelNumber == number }?.name)
  }
}
