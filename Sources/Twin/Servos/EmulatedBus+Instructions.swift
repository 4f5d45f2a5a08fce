internal import RealTime
internal import ServoBus

/// What servos do with a request: the instruction set of the STS series.
extension EmulatedBus {
  /// A whole request, whose last byte was complete at `time`.
  func carryOut(_ request: UnsafeRawBufferPointer, endedAt time: Nanoseconds) {
    guard let instruction = FeetechPacket.Instruction(rawValue: request[4]) else { return }
    let parameters = UnsafeRawBufferPointer(rebasing: request[5..<(request.count - 1)])
    let id = request[2]
    switch instruction {
    case .ping:
      var free = time
      // A broadcast ping is answered by everybody in turn; ids are in order on a tidy bus.
      for servo in servos where hears(servo, id) { free = reply(of: servo, parameters: 0..<0, after: free) }
    case .read:
      guard parameters.count == 2 else { return }
      let addresses = Int(parameters[0])..<(Int(parameters[0]) + Int(parameters[1]))
      for servo in servos where id != FeetechPacket.broadcast && hears(servo, id) {
        servo.measure()
        reply(of: servo, parameters: addresses, after: time)
      }
    case .write, .registeredWrite:
      guard parameters.count >= 2 else { return }
      let bytes = UnsafeRawBufferPointer(rebasing: parameters[1...])
      for servo in servos where hears(servo, id) {
        if instruction == .write {
          servo.write(bytes, at: Int(parameters[0]))
        } else {
          servo.registered = (Int(parameters[0]), Array(bytes))
        }
        acknowledge(servo, id, after: time)
      }
    case .action:
      for servo in servos where hears(servo, id) {
        servo.carryOutRegistered()
        acknowledge(servo, id, after: time)
      }
    case .factoryReset:
      for servo in servos where hears(servo, id) {
        servo.memory.factoryReset(model)
        acknowledge(servo, id, after: time)
      }
    case .syncRead:
      guard parameters.count >= 3 else { return }
      let addresses = Int(parameters[0])..<(Int(parameters[0]) + Int(parameters[1]))
      var free = time
      for wanted in parameters[2...] {
        guard let servo = servos.first(where: { $0.id == wanted && hears($0, wanted) }) else {
          if faults.breaksChains { return }
          // The next one waits for as long as the missing answer would have taken.
          free += wireTime(addresses.count + FeetechPacket.overhead)
          continue
        }
        servo.measure()
        free = reply(of: servo, parameters: addresses, after: free)
      }
    case .syncWrite:
      guard parameters.count >= 2, parameters[1] > 0 else { return }
      let width = Int(parameters[1])
      var at = 2
      while at + width < parameters.count {
        let bytes = UnsafeRawBufferPointer(rebasing: parameters[(at + 1)...(at + width)])
        for servo in servos where hears(servo, parameters[at]) { servo.write(bytes, at: Int(parameters[0])) }
        at += width + 1
      }
    }
  }

  /// The request is for this servo, and it is awake and set to the host's rate.
  private func hears(_ servo: EmulatedServo, _ id: UInt8) -> Bool {
    guard servo.id == id || id == FeetechPacket.broadcast else { return false }
    guard servo.isConnected, faults.silent & (1 << UInt8(servo.joint & 7)) == 0 else { return false }
    return model.baudCodes[bitsPerSecond] == servo.value(model.registers.baudRate)
  }

  private func acknowledge(_ servo: EmulatedServo, _ id: UInt8, after time: Nanoseconds) {
    // Response level 0: only ping and read are answered. Nobody acknowledges a broadcast.
    guard id != FeetechPacket.broadcast, servo.value(model.registers.responseLevel) != 0 else { return }
    // From the id that was asked, also where the write was a new id.
    reply(of: servo, as: id, parameters: 0..<0, after: time)
  }

  /// Puts a servo's reply on the wire; when it ends, or would have ended. Servos that share an id answer as one.
  @discardableResult
  private func reply(
    of servo: EmulatedServo, as id: UInt8? = nil, parameters: Range<Int>, after time: Nanoseconds
  ) -> Nanoseconds {
    guard parameters.count <= FeetechPacket.capacity - FeetechPacket.overhead else { return time }
    let packet = self.packet(of: servo, as: id ?? servo.id, parameters)
    let rivals = rivals(of: servo)
    guard rivals.isEmpty else {
      // They begin in the same moment, and the wire is low where one of them pulls it low.
      guard rivals[0].joint > servo.joint else { return time }
      var bytes = packet.bytes
      for rival in rivals {
        rival.measure()
        for (i, byte) in self.packet(of: rival, as: id ?? rival.id, parameters).bytes.enumerated() { bytes[i] &= byte }
      }
      return bytes.withUnsafeBytes { speak($0, from: time + wireTime(1)) }
    }
    let delay = Nanoseconds.microseconds(2 * Int64(servo.value(model.registers.returnDelay)))
    var begin = time + delay + wireTime(1)
    if chance(faults.dropReply) { return begin + wireTime(packet.count) }
    if chance(faults.delayReply) { begin += faults.delay }
    if chance(faults.noise) { begin = speakNoise(from: begin) }
    let end = packet.withBytes { bytes in
      guard chance(faults.flipBit) else { return speak(bytes, from: begin) }
      var damaged = Array(bytes)
      damaged[Int(random.next() % UInt64(damaged.count))] ^= 1 << UInt8(random.next() % 8)
      return damaged.withUnsafeBytes { speak($0, from: begin) }
    }
    return chance(faults.repeatReply) ? packet.withBytes { speak($0, from: end) } : end
  }

  private func packet(of servo: EmulatedServo, as id: UInt8, _ parameters: Range<Int>) -> FeetechPacket {
    var packet = FeetechPacket(id: id, code: servo.status)
    for address in parameters { packet.append(servo.memory[address]) }
    packet.seal()
    return packet
  }

  /// The other servos with this one's id and rate, in the order of the chain.
  private func rivals(of servo: EmulatedServo) -> [EmulatedServo] {
    let rate = servo.value(model.registers.baudRate)
    return servos.filter {
      $0 !== servo && $0.id == servo.id && $0.isConnected && $0.value(model.registers.baudRate) == rate
    }
  }

  private func speakNoise(from begin: Nanoseconds) -> Nanoseconds {
    let noise = (0..<(1 + random.next() % 8)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    return noise.withUnsafeBytes { speak($0, from: begin) }
  }

  /// Draws only where something may go wrong, so that a perfect wire takes nothing from the stream.
  private func chance(_ probability: Double) -> Bool { probability > 0 && random.uniform() < probability }
}

extension EmulatedServo {
  func carryOutRegistered() {
    guard let (address, bytes) = registered else { return }
    registered = nil
    bytes.withUnsafeBytes { write($0, at: address) }
  }
}
