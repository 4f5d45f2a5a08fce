internal import CSerialPort

/// A serial port of this machine, as `understudy ports` lists it.
public struct PortInfo: Sendable, Equatable, Codable {
  /// What to open, such as /dev/ttyACM0. It may change when adapters are plugged in another order.
  public var path: String
  /// What the adapter says it is.
  public var description: String
  /// The adapter's USB serial number, the best name for it; nil for adapters without one and for other ports.
  public var usbSerialNumber: String?
  /// The USB socket that it is plugged into, such as 1-2.3: bus, then the port of each hub on the way.
  public var usbTopology: String?
  /// The maker's USB ids, such as 1a86:55d3; nil for other ports.
  public var usbID: String?

  init(path: String, description: String, usbSerialNumber: String?, usbTopology: String?) {
    self.path = path
    self.description = description
    self.usbSerialNumber = usbSerialNumber
    self.usbTopology = usbTopology
  }

  /// Every port that the system knows, in the order of their paths; pseudo-terminals are not among them.
  public static func all() -> [PortInfo] {
    var list: UnsafeMutablePointer<OpaquePointer?>?
    guard sp_list_ports(&list) == SP_OK, let list else { return [] }
    defer { sp_free_port_list(list) }
    var found: [PortInfo] = []
    var next = list
    while let port = next.pointee {
      if let info = PortInfo(port) { found.append(info) }
      next += 1
    }
    return found.sorted { $0.path < $1.path }
  }

  /// The version of libserialport.
  public static var libraryVersion: String { sp_get_package_version_string().map { String(cString: $0) } ?? "unknown" }

  private init?(_ port: OpaquePointer) {
    guard let name = sp_get_port_name(port) else { return nil }
    path = String(cString: name)
    description = sp_get_port_description(port).map { String(cString: $0) } ?? path
    usbSerialNumber = sp_get_port_usb_serial(port).map { String(cString: $0) }
    usbTopology = Self.deviceFolder(ofPort: path).flatMap(Self.topology(ofDevice:))
    var vendor: Int32 = 0
    var product: Int32 = 0
    if sp_get_port_usb_vid_pid(port, &vendor, &product) == SP_OK {
      usbID = Self.hex(vendor) + ":" + Self.hex(product)
    }
  }

  /// Where the kernel keeps the device behind a port.
  private static func deviceFolder(ofPort path: String) -> String? {
    guard let name = path.split(separator: "/").last else { return nil }
    return PortError.Holder.resolved("/sys/class/tty/\(name)/device")
  }

  /// The last part of a device's folder that is a USB device and not one of its interfaces:
  /// `/sys/devices/…/usb1/1-2/1-2.3/1-2.3:1.0` lies behind socket 1-2.3.
  static func topology(ofDevice folder: String) -> String? {
    folder.split(separator: "/").last { part in
      let sides = part.split(separator: "-", omittingEmptySubsequences: false)
      return sides.count == 2 && Int(sides[0]) != nil && sides[1].split(separator: ".").allSatisfy { Int($0) != nil }
        && !sides[1].isEmpty
    }.map(String.init)
  }

  private static func hex(_ id: Int32) -> String {
    let digits = String(id, radix: 16)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}

extension PortInfo {
  /// The path of a port by a name that stays the same whatever is plugged in first. `usb:SERIAL` is the adapter with that
  /// USB serial number, `usb-port:1-2.3` whatever is plugged into that socket, for adapters without a number of their own;
  /// anything else is a path already.
  public static func path(named name: String) throws(PortError) -> String {
    guard name.hasPrefix("usb:") || name.hasPrefix("usb-port:") else { return name }
    return try path(named: name, among: all())
  }

  static func path(named name: String, among ports: [PortInfo]) throws(PortError) -> String {
    let key = name.drop { $0 != ":" }.dropFirst()
    let bySerial = name.hasPrefix("usb:")
    let found = ports.filter { (bySerial ? $0.usbSerialNumber : $0.usbTopology) == String(key) }
    guard let first = found.first else {
      throw .noAdapter(
        name: name,
        present: ports.compactMap { port in
          port.usbSerialNumber.map { "usb:\($0)" } ?? port.usbTopology.map { "usb-port:\($0)" }
        })
    }
    guard found.count == 1 else {
      throw .sameSerial(name: name, sockets: found.compactMap(\.usbTopology).map { "usb-port:\($0)" })
    }
    return first.path
  }
}
