/// Why a serial port could not be opened. Each sentence says what to do.
public enum PortError: Error, Equatable, CustomStringConvertible {
  /// A program that has the port open.
  public struct Holder: Equatable, Sendable, CustomStringConvertible {
    /// Its process id.
    public let pid: Int32
    /// Its name, as the kernel knows it.
    public let program: String

    /// For messages.
    public var description: String { "PID \(pid) (\(program))" }
  }

  /// Nothing stands at this path.
  case missing(port: String)
  /// No adapter has this USB serial number, or none is in this socket.
  case noAdapter(name: String, present: [String])
  /// Several adapters have this USB serial number.
  case sameSerial(name: String, sockets: [String])
  /// The user may not open it; `group` is the group that may.
  case permission(port: String, group: String)
  /// Another program has it; `holder` is nil where the kernel does not tell.
  case inUse(port: String, holder: Holder?)
  /// The path is a file of another kind.
  case notASerialPort(port: String)
  /// The port cannot run at this rate.
  case baudRate(port: String, bitsPerSecond: Int)
  /// The system refused for a reason of its own.
  case system(port: String, call: String, reason: String)

  /// What happened and what to do.
  public var description: String {
    switch self {
    case .missing(let port):
      "There is no port \(port): plug the adapter in (or start understudy-twin) and see `understudy ports`."
    case .noAdapter(let name, let present):
      "No adapter answers to \(name): plug it in. "
        + (present.isEmpty ? "None is plugged in now." : "Plugged in now: \(present.joined(separator: ", ")).")
    case .sameSerial(let name, let sockets):
      "Several adapters answer to \(name): name them by socket, \(sockets.joined(separator: ", ")), and keep them there."
    case .permission(let port, "root"):
      "You may not open \(port): it belongs to root alone. Install hardware/linux/60-understudy.rules (its head says how), "
        + "which gives adapters to group dialout, and run `sudo usermod -aG dialout $USER`; then log out and in again."
    case .permission(let port, let group):
      "You may not open \(port): it belongs to group \(group). "
        + "Run `sudo usermod -aG \(group) $USER`, then log out and in again; if it stays so, install "
        + "hardware/linux/60-understudy.rules (its head says how)."
    case .inUse(let port, let holder?) where holder.program == "ModemManager":
      "\(port) is in use by \(holder), which looks for a modem behind every new port: wait half a minute, or end it for good "
        + "with `sudo systemctl disable --now ModemManager`."
    case .inUse(let port, let holder?) where holder.program == "brltty":
      "\(port) is in use by \(holder), which takes the adapter for a Braille display: `sudo apt remove brltty`, unless "
        + "somebody reads Braille on this machine."
    case .inUse(let port, let holder?):
      "\(port) is in use by \(holder): end that program first."
    case .inUse(let port, nil):
      "\(port) is in use by another program: end it first (`sudo fuser \(port)` names it)."
    case .notASerialPort(let port):
      "\(port) is not a serial port: name the adapter's device, such as /dev/ttyACM0."
    case .baudRate(let port, let bitsPerSecond):
      "\(port) cannot run at \(bitsPerSecond) bit/s: choose another adapter, or a rate that the servos know."
    case .system(let port, let call, let reason):
      "\(port) cannot be opened: \(call) says \(reason)."
    }
  }
}
