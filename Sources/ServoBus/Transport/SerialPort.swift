public import RealTime

/// How many bytes moved, or that the port is gone.
public enum Transfer: BitwiseCopyable, Sendable, Equatable {
  /// This many, perhaps none.
  case bytes(Int)
  /// The adapter was unplugged, or its other end has closed.
  case lost
}

/// What ended a wait.
public enum Arrival: BitwiseCopyable, Sendable, Equatable {
  /// There is something to read.
  case bytes
  /// The deadline came first.
  case nothing
  /// The adapter was unplugged, or its other end has closed.
  case lost
}

/// A bus's wire: one of a few concrete kinds, so that the tick calls no existential.
///
/// Opening is exclusive and throws `PortError`; after that nothing throws: a port that goes away says `.lost` in every
/// answer from then on. Closed exactly once, when the value ends.
public enum SerialPort: ~Copyable, Sendable {
  /// Physical ports.
  case serialport(LibserialPort)
  /// Pseudo-terminals.
  case termios(TermiosPort)
  /// Virtual time.
  case memory(MemoryLink)

  /// Opens the port at a path: a pseudo-terminal (libserialport cannot) through termios, everything else through
  /// libserialport. `name` is a path, `usb:SERIAL` or `usb-port:1-2.3` (`PortInfo.path(named:)`).
  public static func open(_ name: String, bitsPerSecond: Int = 1_000_000) throws(PortError) -> SerialPort {
    let path = try PortInfo.path(named: name)
    if SerialLines.isPseudoTerminal(path) {
      return .termios(try TermiosPort(path: path, bitsPerSecond: bitsPerSecond))
    }
    return .serialport(try LibserialPort(path: path, bitsPerSecond: bitsPerSecond))
  }

  /// What messages call it.
  public var name: String {
    switch self {
    case .serialport(let port): port.lines.path
    case .termios(let port): port.lines.path
    case .memory(let link): link.name
    }
  }

  /// Puts bytes on the wire, as many as the driver takes at once.
  public func write(_ bytes: UnsafeRawBufferPointer) -> Transfer {
    switch self {
    case .serialport(let port): port.lines.write(bytes)
    case .termios(let port): port.lines.write(bytes)
    case .memory(let link): link.write(bytes)
    }
  }

  /// Takes what has come, perhaps nothing; does not wait.
  public func read(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
    switch self {
    case .serialport(let port): port.lines.read(into: buffer)
    case .termios(let port): port.lines.read(into: buffer)
    case .memory(let link): link.read(into: buffer)
    }
  }

  /// Waits until there is something to read, or the deadline on the port's clock.
  public func wait(until deadline: Nanoseconds) -> Arrival {
    switch self {
    case .serialport(let port): port.lines.wait(until: deadline)
    case .termios(let port): port.lines.wait(until: deadline)
    case .memory(let link): link.wait(until: deadline)
    }
  }

  /// Sleeps until `deadline` whatever comes; it waits in the driver. Of a port that is gone the next read tells.
  public func rest(until deadline: Nanoseconds) -> Arrival {
    switch self {
    case .serialport(let port): port.lines.rest(until: deadline)
    case .termios(let port): port.lines.rest(until: deadline)
    case .memory(let link): link.rest(until: deadline)
    }
  }

  /// Waits as `wait` does, but without sleeping.
  public func watch(until deadline: Nanoseconds) -> Arrival {
    switch self {
    case .serialport(let port): port.lines.watch(until: deadline)
    case .termios(let port): port.lines.watch(until: deadline)
    case .memory(let link): link.wait(until: deadline)
    }
  }
}
