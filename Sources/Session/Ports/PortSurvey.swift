// What is plugged in, and what answers on it:
//
//     port ── free? ──▶ ping (broadcast, then one by one) ──▶ model, firmware, voltage, offsets ──▶ which arm?
//        └── held by PID n
//
// Only USB adapters and ports named by the person are asked: on any other port bytes could reach a stranger.
// Torque: nothing is written to a servo.

internal import Arm
internal import Foundation
internal import ServoBus

/// What `understudy ports` found.
public struct PortSurvey: Sendable, Codable {
  /// The ports, by path.
  public var ports: [Port] = []
  /// Which of them are follower and leader, once that was asked for.
  public var pair: PairIdentification?
  /// The rig file that was written.
  public var rig: String?

  /// One port.
  public struct Port: Sendable, Codable {
    /// What to open.
    public var path: String
    /// Its name that does not change with the order of plugging in, where there is one.
    public var stablePath: String?
    /// What the adapter says it is.
    public var product: String
    /// The adapter's USB serial number.
    public var usbSerialNumber: String?
    /// The maker's USB ids.
    public var usbID: String?
    /// How long an FTDI adapter sits on bytes; nil for others.
    public var latencyTimer_ms: Int?
    /// Whether servos were asked.
    public var wasAsked = false
    /// Why they could not be, or what was wrong on the wire: sentences.
    public var trouble: [String] = []
    /// Who answered, lowest id first.
    public var servos: [Servo] = []
    /// The calibrations that fit what the servos hold; several only where files are the same.
    public var arms: [Arm] = []
  }

  /// One servo.
  public struct Servo: Sendable, Codable {
    /// Its address.
    public var id: UInt8
    /// The servo file's name; nil for a model that no file describes.
    public var model: String?
    /// What its model number register reads.
    public var modelNumber: Int32?
    /// Major and minor.
    public var firmware: String?
    /// The supply as the servo measures it.
    public var voltage_V: Double?
    /// What its EEPROM says of the calibration.
    public var homingOffset: Int32?
    /// The lowest tick of its range.
    public var rangeMin: Int32?
    /// The highest tick of its range.
    public var rangeMax: Int32?
  }

  /// An arm that the servos may be.
  public struct Arm: Sendable, Codable {
    /// The calibration's name.
    public var calibration: String
    /// Its file.
    public var file: String
    /// `follower` or `leader`, where file or folder tell.
    public var role: String?
    /// How many of its joints hold exactly what the file says, of how many.
    public var matching: Int
    /// How many joints the file has.
    public var joints: Int
  }

  /// Looks at every port of the machine, or only at the named ones.
  public init(paths: [String] = []) throws(HostError) { try self.init(paths: paths, system: SystemFiles()) }

  init(paths: [String], system: SystemFiles) throws(HostError) {
    let hardware: Hardware
    do throws(ConfigurationError) { hardware = try Hardware.find() } catch { throw .configuration(error) }
    let models = try Self.models(hardware)
    let known = Calibration.known(folder: hardware.root.deletingLastPathComponent())
    let present = PortInfo.all()
    let wanted = paths.isEmpty ? present.map(\.path) : paths
    for path in wanted {
      let info = present.first { $0.path == path }
      var port = Port(path: path, product: info?.description ?? system.kind(ofPort: path))
      port.usbSerialNumber = info?.usbSerialNumber
      port.usbID = info?.usbID
      port.latencyTimer_ms = system.latencyTimer_ms(ofPort: path)
      port.stablePath =
        system.stablePath(ofPort: path) ?? info?.usbSerialNumber.map { "usb:\($0)" }
        ?? info?.usbTopology.map { "usb-port:\($0)" }
      if info?.usbID != nil || paths.contains(path) { port.ask(models) }
      port.arms = Self.arms(of: port.servos, known)
      ports.append(port)
    }
  }

  static func models(_ hardware: Hardware) throws(HostError) -> [ServoModel] {
    var models: [ServoModel] = []
    for name in hardware.names(of: .servos) {
      do throws(ServoFileError) {
        models.append(try ServoModel.load(path: hardware.root.appending(path: "servos/\(name).yaml").path))
      } catch { throw .servoFile(error) }
    }
    guard !models.isEmpty else { throw .refused("\(hardware.root.relativePath)/servos has no servo file; restore it.") }
    return models
  }

  /// The calibrations that the servos' EEPROM agrees with: wholly, or else best and in more than half of the joints.
  static func arms(of servos: [Servo], _ known: [Calibration.Known]) -> [Arm] {
    let found = known.compactMap { entry -> Arm? in
      let joints = entry.calibration.joints
      let matching = joints.count { joint in
        servos.contains {
          Int($0.id) == joint.id && $0.homingOffset == Int32(joint.homingOffset)
            && $0.rangeMin == Int32(joint.rangeMin) && $0.rangeMax == Int32(joint.rangeMax)
        }
      }
      guard matching * 2 > joints.count else { return nil }
      let file = entry.calibration.file
      return Arm(
        calibration: entry.name, file: file.hasPrefix("./") ? String(file.dropFirst(2)) : file,
        role: entry.role?.rawValue, matching: matching,
        joints: joints.count)
    }
    let best = found.map(\.matching).max()
    return found.filter { $0.matching == best }
  }
}
