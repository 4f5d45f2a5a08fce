import Arm
import Control
import RealTime
import Rehearsal
import ServoBus
import Twin

extension EmulatedBus {
  /// Another master on the wire writes to a servo (by its place); it is not answered.
  func whisper(to place: Int, _ register: Register, _ value: Int32, at time: Nanoseconds) {
    let raw = register.encode(value)
    let bytes = (0..<register.width).map { UInt8(truncatingIfNeeded: raw >> (8 * UInt32($0))) }
    var packet: [UInt8] = [0xFF, 0xFF, 0xFE, UInt8(5 + bytes.count), 0x83, register.address, register.width]
    packet += [servos[place].id] + bytes
    packet.append(~packet[2...].reduce(0, &+))
    packet.withUnsafeBytes { receive($0, at: time) }
  }
}

extension MemoryLink {
  /// Loses sync writes of one register while `loses` says so.
  func lose(_ register: Register, while loses: @escaping ([UInt8]) -> Bool) {
    let write = onWrite
    onWrite = { bytes in
      if bytes.count > 6, bytes[4] == 0x83, bytes[5] == register.address, loses(Array(bytes)) { return }
      write(bytes)
    }
  }
}

extension VirtualSession {
  /// A hand that holds the leader still, as its own servos would.
  func holdLeader() throws {
    let registers = try Bench.servos.get().registers
    for place in 0..<6 {
      let present = world.leader.servos[place].value(registers.presentPosition)
      world.leader.whisper(to: place, registers.goalPosition, present, at: time.now)
      world.leader.whisper(to: place, registers.torqueLimit, 1000, at: time.now)
      world.leader.whisper(to: place, registers.torqueEnable, 1, at: time.now)
    }
  }

  /// A person asks for the arm and takes the leader in hand; so many ticks after the host has let go of it they drive. Until
  /// then its servos are told both: to let go, and to hold.
  func lead(_ action: Request.Action = .takeOver, ticks: Int) throws {
    host.ask(Request(action))
    for wait in [6, ticks] {
      try holdLeader()
      step(wait)
    }
  }
}

/// Everything that can be asked of the tick, in any order, with everything that can go wrong on the wires, at once.
struct Chaos {
  private var random: SplitMix64
  private let policies: [PolicySource.Loaded]
  private let session: VirtualSession

  init(_ session: VirtualSession, seed: UInt64) throws {
    self.session = session
    random = SplitMix64(seed: seed)
    policies = [
      try session.loaded(Puppet.wanderer(speed: 1.5)), try session.loaded(Puppet.broken()),
      try session.loaded(Puppet.still()),
    ]
  }

  /// One tick with what may go before it.
  mutating func step() {
    if random.uniform() < 0.2 { for _ in 0...(random.next() % 4) { session.host.ask(request()) } }
    if random.uniform() < 0.01 { disturb() }
    if random.uniform() < 0.003 { session.miss(UInt32(random.next() % 15)) }
    session.step()
  }

  private mutating func request() -> Request {
    // Now and then a torque-off; mostly what keeps the arm busy.
    let kinds: [Request.Action] = [
      .enable, .enable, .teleoperate, .policy, .policy, .policy, .playback, .takeOver, .takeOver, .release, .hold,
      .acknowledge, .acknowledge, .acknowledge, .park, .episode, .loadPolicy, .reward,
    ]
    let kind = random.uniform() < 0.01 ? .relax : kinds[Int(random.next() % UInt64(kinds.count))]
    switch kind {
    case .playback:
      var pose = JointVector(0, -0.9, 0.6, 0.9, 0, 0.2, 0, 0)
      for joint in 0..<6 { pose[joint] += Float(random.uniform(-0.5...0.5)) }
      if random.uniform() < 0.1 { pose[Int(random.next() % 8)] = random.uniform() < 0.5 ? .nan : 40 }
      return .playback(to: pose)
    case .episode: return .episode(UInt32(random.next() % 3))
    case .loadPolicy: return policies[random.uniform() < 0.1 ? 1 : random.uniform() < 0.8 ? 0 : 2].request
    default: return Request(kind)
    }
  }

  private mutating func disturb() {
    for bus in [session.world.follower, session.world.leader] {
      bus.faults = WireFaults()
      bus.supply_V = 12
      switch random.next() % 12 {
      case 0: bus.faults.dropReply = 0.1
      case 1: bus.faults.flipBit = 0.1
      case 2: bus.faults.delayReply = 0.2
      case 3: bus.faults.noise = 0.3
      case 4: bus.faults.dropRequest = 0.1
      case 5: bus.faults.silent = UInt8(1) << UInt8(random.next() % 6)
      case 6: bus.faults.echoes = true
      case 7: bus.supply_V = 3
      default: break
      }
    }
  }
}
