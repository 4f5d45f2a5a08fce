// A foot switch as Linux shows it: an input device with one key or more.
//
//     struct input_event, 24 bytes:  seconds 8 · microseconds 8 · type 2 · code 2 · value 4       (linux/input.h)
//     type 1 (EV_KEY): value 1 pressed, 2 repeated, 0 released · type 0, code 3 (SYN_DROPPED): events were lost
//
// Any of its keys is the pedal. The device is taken for this session alone, so that what a foot types lands nowhere else.

internal import Foundation
internal import Glibc
internal import RealTime

/// A pedal on `/dev/input/…`: whether it is down, and how often it was pressed.
///
///     pedal: {device: /dev/input/by-id/usb-PCsensor_FootSwitch-event-kbd, hold_to_run_ms: 200}
///
/// Unplugged it is up, and `isLost`; plugged in again it comes back by itself within a second.
final class PedalDevice {
  private let path: String
  private var keys: Set<UInt16> = []
  private var part: [UInt8] = []
  private var triedAt = Nanoseconds.never
  /// For poll(2); −1, which poll ignores, while the device is gone.
  private(set) var descriptor: Int32

  private static let eventSize = 24
  // _IOR('E', 0x01, int), _IOW('E', 0x90, int), _IOR('E', 0x18, 96 bytes): linux/input.h's macros are not imported.
  private static let getVersion: UInt = 0x8004_4501
  private static let grab: UInt = 0x4004_4590
  private static let getKeys: UInt = 0x8060_4518

  /// Takes the device.
  convenience init(_ path: String) throws(PedalError) { self.init(try Self.open(path), path: path) }

  /// Reads what a descriptor says; it is closed with this.
  init(_ descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
    lookAtKeys()
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Whether a foot is on it.
  var isDown: Bool { !keys.isEmpty }

  /// Whether it was unplugged.
  var isLost: Bool { descriptor < 0 }

  /// Takes in what happened since the last call; how often the pedal went down.
  func presses(at now: Nanoseconds) -> Int {
    if isLost, now - triedAt >= .seconds(1) {
      triedAt = now
      if let again = try? Self.open(path) {
        descriptor = again
        lookAtKeys()
      }
    }
    var count = 0
    var buffer = [UInt8](repeating: 0, count: 64 * Self.eventSize)
    while !isLost {
      let got = read(descriptor, &buffer, buffer.count)
      if got < 0, errno == EAGAIN || errno == EINTR { break }
      guard got > 0 else {
        lose()
        break
      }
      part += buffer[..<got]
      while part.count >= Self.eventSize {
        count += take(part.prefix(Self.eventSize))
        part.removeFirst(Self.eventSize)
      }
    }
    return count
  }

  /// 1 where the event put the pedal down.
  private func take(_ event: ArraySlice<UInt8>) -> Int {
    let bytes = Array(event)
    let type = UInt16(bytes[16]) | UInt16(bytes[17]) << 8
    let code = UInt16(bytes[18]) | UInt16(bytes[19]) << 8
    if type == 0, code == 3 {
      lookAtKeys()
      return 0
    }
    guard type == 1 else { return 0 }
    let wasDown = isDown
    if bytes[20] == 0 { keys.remove(code) } else { keys.insert(code) }
    return isDown && !wasDown ? 1 : 0
  }

  /// What is down now, as the kernel knows it; nothing where it does not tell.
  private func lookAtKeys() {
    keys = []
    var bits = [UInt8](repeating: 0, count: 96)
    guard ioctl(descriptor, Self.getKeys, &bits) >= 0 else { return }
    for code in 0..<UInt16(bits.count * 8) where bits[Int(code / 8)] >> (code % 8) & 1 == 1 { keys.insert(code) }
  }

  private func lose() {
    close(descriptor)
    descriptor = -1
    keys = []
    part = []
  }

  private static func open(_ path: String) throws(PedalError) -> Int32 {
    let descriptor = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw errno == EACCES ? .notAllowed(path) : .missing(path, errno: errno) }
    var version: Int32 = 0
    guard ioctl(descriptor, getVersion, &version) >= 0 else {
      close(descriptor)
      throw .notAnInput(path)
    }
    guard ioctl(descriptor, grab, 1) >= 0 else {
      close(descriptor)
      throw .taken(path)
    }
    return descriptor
  }
}

/// Why a pedal could not be had.
public enum PedalError: Error, Equatable, CustomStringConvertible {
  /// There is no such device.
  case missing(String, errno: Int32)
  /// This user may not read it.
  case notAllowed(String)
  /// It is a file, but no input device.
  case notAnInput(String)
  /// Another program has it for itself.
  case taken(String)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .missing(let path, let errno):
      "There is no pedal at \(path) (\(String(cString: strerror(errno)))); plug it in, and see `ls /dev/input/by-id`."
    case .notAllowed(let path):
      "You may not read the pedal \(path): sudo usermod -aG input $USER, then log out and in."
    case .notAnInput(let path):
      "\(path) is no input device; name one that `ls /dev/input/by-id/*-event-kbd` shows."
    case .taken(let path): "Another program has the pedal \(path) for itself; end it first."
    }
  }
}
