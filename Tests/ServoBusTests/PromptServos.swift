import Foundation
import RealTime
import Twin

@testable import ServoBus

/// Servos 1 to 6 in the middle of their turn, behind a pseudo-terminal and on a thread of their own, who answer what is read
/// from them as soon as it is asked. Has to be closed.
final class PromptServos: @unchecked Sendable {
  // Unchecked: after init the thread has the terminal, until `close` has waited for its end.
  private var terminal: PseudoTerminal?
  private let lock = NSLock()
  private var isOver = false
  private let ended = DispatchSemaphore(value: 0)
  /// What the host opens.
  let path: String

  init(_ model: ServoModel) throws {
    let terminal = try PseudoTerminal()
    (self.terminal, path) = (terminal, terminal.path)
    let position = model.registers.presentPosition
    let thread = Thread { [self, descriptor = terminal.descriptor] in
      var bytes = [UInt8](repeating: 0, count: 512)
      while !lock.withLock({ isOver }) {
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, 20) > 0 else { continue }
        var rest = bytes[..<max(0, read(descriptor, &bytes, bytes.count))]
        // A host writes whole requests, perhaps several.
        while rest.count > 7 {
          let request = Array(rest.prefix(Int(rest[rest.startIndex + 3]) + 4))
          rest = rest.dropFirst(request.count)
          let answer = Self.answer(request, position)
          _ = write(descriptor, answer, answer.count)
        }
      }
      ended.signal()
    }
    thread.start()
  }

  /// Ends the thread and closes the terminal, as if the cable was pulled.
  func close() {
    lock.withLock { isOver = true }
    ended.wait()
    terminal = nil
  }

  private static func answer(_ request: [UInt8], _ position: Register) -> [UInt8] {
    let isSync = request[4] == FeetechPacket.Instruction.syncRead.rawValue
    guard isSync || request[4] == FeetechPacket.Instruction.read.rawValue else { return [] }
    return (isSync ? Array(request[7..<request.count - 1]) : [request[2]]).flatMap { id in
      var packet = FeetechPacket(id: id, code: 0)
      for address in request[5]..<request[5] + request[6] {
        packet.append(address == position.address + 1 ? 8 : 0)
      }
      packet.seal()
      return packet.bytes
    }
  }
}
