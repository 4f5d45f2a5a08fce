internal import CSerialPort

/// A serial port of this machine, as `understudy ports` lists it.
public struct PortInfo: Sendable, Equatable, Codable {
  /// What to open, such as /dev/ttyACM0. It may change when adapters are plugged in another order.
  public var path: String
  /// What the adapter says it is.
  public var description: String
  /// The adapter's USB serial number, the best name for it; nil for adapters without one and for other ports.
  public var usbSerialNumber: String?
  /// The maker's USB ids, such as 1a86:55d3; nil for other ports.
  public var usbID: String?

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
    var vendor: Int32 = 0
    var product: Int32 = 0
    if sp_get_port_usb_vid_pid(port, &vendor, &product) == SP_OK {
      usbID = Self.hex(vendor) + ":" + Self.hex(product)
    }
  }

  private static func hex(_ id: Int32) -> String {
    let digits = String(id, radix: 16)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
