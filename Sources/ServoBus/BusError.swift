/// Why a set-up transaction failed. (The tick path has no errors: a reply that does not come is an old reply.)
public enum BusError: Error, Equatable, CustomStringConvertible {
  /// A servo did not answer, however often it was asked.
  case noReply(port: String, id: UInt8, attempts: Int, strayBytes: Int)
  /// The servo answers, but holds something else than what was written.
  case notKept(port: String, id: UInt8, register: String, expected: Int32, received: Int32)
  /// The register cannot be written.
  case readOnly(port: String, id: UInt8, register: String)
  /// The value does not fit the register.
  case outOfRange(register: String, value: Int32, range: ClosedRange<Int32>)
  /// The adapter is gone.
  case lost(port: String)

  /// What was expected, what came, what to do.
  public var description: String {
    switch self {
    case .noReply(let port, let id, let attempts, 0):
      "Servo \(id) on \(port) did not answer \(attempts) requests: "
        + "check its cable and supply, and see with `understudy ports` which ids and baud rates answer."
    case .noReply(let port, let id, let attempts, let strayBytes):
      "Servo \(id) on \(port) sent no valid reply to \(attempts) requests, but \(strayBytes) bytes of noise came: "
        + "look for another baud rate, two servos with one id, or a second program on the bus."
    case .notKept(let port, let id, let register, let expected, let received):
      "Servo \(id) on \(port) holds \(received) in \(register) instead of the \(expected) that was written: "
        + "it may be locked, or powered off and on meanwhile."
    case .readOnly(let port, let id, let register):
      "\(register) of servo \(id) on \(port) can only be read."
    case .outOfRange(let register, let value, let range):
      "\(value) does not fit \(register), which takes \(range.lowerBound)…\(range.upperBound)."
    case .lost(let port):
      "\(port) is gone: the adapter was unplugged or its other end has closed."
    }
  }
}
