internal import ServoBus

/// Servos that answer at once and never move: what a bench puts behind a link when it measures the host alone.
///
/// They keep what is written, say what is asked for, and stand in the middle of their turn. Nothing is allocated after init,
/// and an answer costs a few stores: it is part of the tick that is measured.
final class AnsweringServos {
  /// The host's end.
  let link: MemoryLink
  /// 128 registers of each id.
  private let registers = UnsafeMutablePointer<UInt8>.allocate(capacity: 256 * 128)
  private let answer = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 8)

  /// Servos with these ids behind a new link.
  init(_ name: String, ids: [UInt8], model: ServoModel) {
    link = MemoryLink(name: name)
    registers.initialize(repeating: 0, count: 256 * 128)
    for id in ids {
      let position = Int(model.registers.presentPosition.address)
      registers[Int(id) * 128 + position] = 0xFF
      registers[Int(id) * 128 + position + 1] = 0x07
    }
    link.onWrite = { [unowned self] in hear($0) }
  }

  deinit {
    registers.deallocate()
    answer.deallocate()
  }

  /// FF FF id length instruction parameter … checksum.
  private func hear(_ request: UnsafeRawBufferPointer) {
    guard request.count > 7 else { return }
    let parameters = 5..<request.count - 1
    switch request[4] {
    case FeetechPacket.Instruction.syncRead.rawValue:
      var filled = 0
      for place in parameters.dropFirst(2) {
        filled = reply(of: request[place], address: Int(request[5]), count: Int(request[6]), at: filled)
      }
      link.deliver(UnsafeRawBufferPointer(rebasing: answer[..<filled]))
    case FeetechPacket.Instruction.read.rawValue:
      let filled = reply(of: request[2], address: Int(request[5]), count: Int(request[6]), at: 0)
      link.deliver(UnsafeRawBufferPointer(rebasing: answer[..<filled]))
    case FeetechPacket.Instruction.syncWrite.rawValue:
      let (address, width) = (Int(request[5]), Int(request[6]))
      var place = 7
      while place + width < request.count {
        for byte in 0..<width { registers[Int(request[place]) * 128 + address + byte] = request[place + 1 + byte] }
        place += width + 1
      }
    default: break
    }
  }

  /// Writes one servo's reply; where the next one begins.
  private func reply(of id: UInt8, address: Int, count: Int, at place: Int) -> Int {
    guard address + count <= 128, place + count + 6 <= answer.count else { return place }
    answer[place] = 0xFF
    answer[place + 1] = 0xFF
    answer[place + 2] = id
    answer[place + 3] = UInt8(count + 2)
    answer[place + 4] = 0
    var sum = id &+ UInt8(count + 2)
    for byte in 0..<count {
      let value = registers[Int(id) * 128 + address + byte]
      answer[place + 5 + byte] = value
      sum &+= value
    }
    answer[place + 5 + count] = ~sum
    return place + count + 6
  }
}
