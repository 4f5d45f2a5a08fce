public import RealTime

/// Before the loop runs: single transactions that wait for their answer and are repeated when it does not come.
extension ServoBus {
  /// How long a set-up request waits: USB adapters may sit on bytes for 16 ms.
  public static var setUpTimeout: Nanoseconds { .milliseconds(40) }

  /// Asks whether a servo is there; its error byte.
  @discardableResult
  public mutating func ping(_ id: UInt8, attempts: Int = 3) throws(BusError) -> UInt8 {
    try transact(.ping(id), with: id, parameters: 0, attempts: attempts).status
  }

  /// A register of one servo.
  public mutating func read(_ register: Register, of id: UInt8) throws(BusError) -> Int32 {
    let bytes = try readBytes(address: register.address, count: register.width, of: id)
    return register.decode(bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) })
  }

  /// A run of addresses of one servo.
  public mutating func readBytes(address: UInt8, count: UInt8, of id: UInt8) throws(BusError) -> [UInt8] {
    try transact(.read(address: address, count: count, of: id), with: id, parameters: Int(count)).parameters
  }

  /// A register of every servo, in the order of `ids`.
  public mutating func readAll(_ register: Register) throws(BusError) -> [Int32] {
    var values: [Int32] = []
    for id in ids { values.append(try read(register, of: id)) }
    return values
  }

  /// Sets a register of one servo and waits for its acknowledgement.
  public mutating func write(_ value: Int32, to register: Register, of id: UInt8) throws(BusError) {
    try check(value, register, id)
    try transact(.write(value, to: register, of: id), with: id, parameters: 0)
  }

  /// Sets a register and reads it back.
  public mutating func writeVerified(_ value: Int32, to register: Register, of id: UInt8) throws(BusError) {
    try write(value, to: register, of: id)
    let held = try read(register, of: id)
    guard held == value else {
      throw .notKept(
        port: portName, id: id, register: model.name(of: register), expected: value, received: held)
    }
  }

  /// Leaves a write with one servo, to be carried out by `action`.
  public mutating func writeRegistered(_ value: Int32, to register: Register, of id: UInt8) throws(BusError) {
    try check(value, register, id)
    try transact(.write(value, to: register, of: id, registered: true), with: id, parameters: 0)
  }

  /// All servos carry out their registered writes now; nobody answers.
  public mutating func action() { send(.action()) }

  /// Sets everything but the id of one servo to factory values.
  public mutating func factoryReset(_ id: UInt8) throws(BusError) {
    try transact(.factoryReset(id), with: id, parameters: 0)
  }

  /// Everybody who answers a broadcast ping within `listen`, lowest id first. Servos that share an id talk over each
  /// other and may be missed: ask them one by one with `scan`.
  public mutating func discover(listen: Nanoseconds = .milliseconds(100)) throws(BusError) -> [UInt8] {
    begin(.ping(FeetechPacket.broadcast), parameters: 0)
    for id in 0...FeetechPacket.highestID { parser.allow(id) }
    var found: Set<UInt8> = []
    let deadline = clock.now + listen
    repeat {
      while nextReply() { found.insert(parser.id) }
    } while wait(until: deadline)
    if isLost { throw .lost(port: portName) }
    return found.sorted()
  }

  /// Everybody among `candidates` who answers a ping of his own.
  public mutating func scan(
    _ candidates: ClosedRange<UInt8> = 0...FeetechPacket.highestID, timeout: Nanoseconds = .milliseconds(5)
  ) throws(BusError) -> [UInt8] {
    var found: [UInt8] = []
    for id in candidates {
      begin(.ping(id), parameters: 0)
      parser.allow(id)
      if try reply(until: clock.now + timeout) { found.append(id) }
    }
    return found
  }

  private func check(_ value: Int32, _ register: Register, _ id: UInt8) throws(BusError) {
    let name = model.name(of: register)
    guard register.isWritable else { throw .readOnly(port: portName, id: id, register: name) }
    guard register.range.contains(value) else {
      throw .outOfRange(register: name, value: value, range: register.range)
    }
  }

  /// Sends a request until its reply comes. Every request here may safely be repeated: the registers hold values, not
  /// increments.
  @discardableResult
  private mutating func transact(
    _ packet: FeetechPacket, with id: UInt8, parameters: Int, attempts: Int = 3
  ) throws(BusError) -> (status: UInt8, parameters: [UInt8]) {
    let before = statistics.strayBytes
    let index = ids.firstIndex(of: id)
    try settle()
    for attempt in 0..<attempts {
      if attempt > 0, let index { statistics.retries[index] &+= 1 }
      begin(packet, parameters: parameters)
      parser.allow(id)
      if try reply(until: clock.now + Self.setUpTimeout) {
        if let index { statuses[index] = parser.status }
        return (parser.status, (0..<parameters).map { parser.parameter($0) })
      }
      // Its answer may still come, and would look like that to the next request of this shape.
      lengths.doubt(UInt8(clamping: parameters), now: clock.now)
      quietUntil = clock.now + ReplyLengths.lateness
    }
    throw .noReply(port: portName, id: id, attempts: attempts, strayBytes: Int(statistics.strayBytes &- before))
  }

  /// After a request without an answer: waits until none can come any more, and drops what does.
  private mutating func settle() throws(BusError) {
    guard clock.now < quietUntil else { return }
    repeat {
      while nextReply() { dropReply() }
    } while wait(until: quietUntil)
    if isLost { throw .lost(port: portName) }
  }

  /// Waits for the one reply; false: the deadline came first.
  private mutating func reply(until deadline: Nanoseconds) throws(BusError) -> Bool {
    repeat {
      if nextReply() { return true }
    } while wait(until: deadline)
    if isLost { throw .lost(port: portName) }
    return false
  }
}
