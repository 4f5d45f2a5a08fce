internal import Control
internal import Episodes
internal import Policy
internal import RealTime
internal import Twin

/// Puts one fault into each interval of a session: what, when and for how long follow from the seed.
final class SoakInjector {
  /// How often each fault was put in.
  private(set) var counts: [SoakFault: Int] = [:]

  private unowned let session: VirtualSession
  private let interval: Nanoseconds
  private let faults: [SoakFault]
  /// The rest of a shuffled deck of them: each comes once before any comes again.
  private var deck: [SoakFault] = []
  private let nonsense: PolicySource.Loaded?
  private let isHeldToRun: Bool
  private var random: SplitMix64
  /// What was planned last, and when it is put in and mended.
  private(set) var fault = SoakFault.camera
  private(set) var begin: Nanoseconds
  private(set) var end: Nanoseconds
  private var intervalEnd: Nanoseconds
  private var isActive = false
  private var ticks = 0
  /// What outlasts the faults that were put in, until a stop has been seen to.
  private(set) var lasting: Set<Fault> = []

  /// What follows from a fault may show a little after it: the policy of a blinded arm has moved on, stale readings count
  /// on until a good one.
  static let aftermath = Nanoseconds.milliseconds(500)

  /// Faults of all kinds that mean something in `session`; `nonsense` is what takes the policy's place to say NaN.
  init(_ session: VirtualSession, interval: Nanoseconds, seed: UInt64, nonsense: PolicySource.Loaded? = nil) {
    self.session = session
    self.interval = interval
    self.nonsense = nonsense
    isHeldToRun = session.host.rig.holdToRun_ms != nil
    faults = SoakFault.allCases.filter { [isHeldToRun] in
      $0.applies(policy: nonsense != nil, isHeldToRun: isHeldToRun)
    }
    random = SplitMix64(seed: seed)
    begin = .never
    end = .never
    intervalEnd = session.time.now
  }

  /// Before each tick.
  func step() {
    let now = session.time.now
    if now >= intervalEnd { plan(from: now) }
    if !isActive, now >= begin, now < end {
      isActive = true
      counts[fault, default: 0] += 1
      apply()
      if fault.isLasting { lasting.formUnion(fault.mayStop) }
    } else if isActive, now >= end {
      mend()
    }
  }

  /// Everything works again, and nothing more is put in.
  func rest() {
    if isActive { mend() }
    begin = .never
    end = .never
  }

  /// Before each tick, too: the pedal is down, but where its loss is the fault.
  func holdPedal() {
    ticks += 1
    if isHeldToRun, ticks % 5 == 0, !(isActive && fault == .pedal) { session.hear(.run) }
  }

  /// Whether a stop for `stop`, now, follows from what was put in.
  func explains(_ stop: Fault?) -> Bool {
    guard let stop else { return false }
    if lasting.contains(stop) { return true }
    let now = session.time.now
    return fault.mayStop.contains(stop) && now >= begin && now <= end + Self.aftermath
  }

  /// A stop was seen to: torque has come on anew, so what outlasted a fault is over.
  func acknowledged() { lasting = isActive && fault.isLasting ? fault.mayStop : [] }

  /// What was put in last, and how long ago it began and ended: for complaints.
  var last: String {
    let now = session.time.now
    return "\"\(fault.rawValue)\" began \((now - begin).seconds) s and ended \((now - end).seconds) s ago"
  }

  private func plan(from now: Nanoseconds) {
    if isActive { mend() }
    intervalEnd = now + interval
    if deck.isEmpty { deck = faults.shuffled(using: &random) }
    fault = deck.removeLast()
    begin = now + Nanoseconds.seconds(random.uniform(0...0.7) * interval.seconds)
    end = begin + Nanoseconds.seconds(random.uniform(0.02...1))
  }

  private func apply() {
    let place = Int.random(in: 0..<6, using: &random)
    let (follower, leader) = (session.world.follower, session.world.leader)
    switch fault {
    case .followerWire: follower.faults = badWire()
    case .followerServo: follower.faults.silent = 1 << UInt8(place)
    case .followerSupply:
      follower.supply_V = random.uniform() < 0.7 ? random.uniform(3...8) : random.uniform(14.2...15)
    case .followerHeat: follower.servos[place].temperature_degC = 80
    case .followerOverload: follower.servos[place].isOverloaded = true
    case .followerEncoder: follower.servos[place].encoderFails = true
    case .followerSticks: follower.servos[place].encoderSticks = true
    case .followerBrownOut:
      if random.uniform() < 0.5 { follower.cyclePower() } else { follower.servos[place].powerOn() }
    case .followerAdapter: session.links.follower.isConnected = false
    case .leaderWire: leader.faults = badWire()
    case .leaderServo: leader.faults.silent = 1 << UInt8(place)
    case .leaderAdapter: session.links.leader.isConnected = false
    case .camera: session.arrives = { $0 != .environment }
    case .policyNaN: if let nonsense { session.host.ask(Request.load(nonsense)) }
    case .policySlow: session.time.inference = .milliseconds(Int64.random(in: 4...150, using: &random))
    case .pedal: break
    case .recorder: while session.host.channels.records.push(TickRecord()) {}
    case .loop: session.miss(UInt32.random(in: 1...40, using: &random))
    }
  }

  private func mend() {
    isActive = false
    let (follower, leader) = (session.world.follower, session.world.leader)
    follower.faults = WireFaults()
    leader.faults = WireFaults()
    follower.supply_V = 12
    for servo in follower.servos {
      if fault == .followerHeat { servo.temperature_degC = 30 }
      servo.encoderFails = false
      servo.encoderSticks = false
    }
    session.links.follower.isConnected = true
    session.links.leader.isConnected = true
    session.arrives = { _ in true }
    session.time.inference = .zero
    if fault == .policyNaN, let own = session.host.newestPolicy { session.host.ask(Request.load(own)) }
  }

  /// One kind of trouble, from hardly noticeable to total.
  private func badWire() -> WireFaults {
    var faults = WireFaults()
    let share = random.uniform(0.05...1)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: faults.dropReply = share
    case 1: faults.flipBit = share
    case 2: faults.delayReply = share
    case 3: faults.noise = share
    default: faults.dropRequest = share
    }
    return faults
  }
}

extension PolicySource.Loaded {
  /// Its place taken by networks that answer NaN to whatever is not all zero, with weights that are finite: for each
  /// feature x, 3·10³⁸ (1 ± x) overflows on one side, twice, and infinity minus infinity is no number.
  func sayingNonsense() throws -> PolicySource.Loaded {
    let own = policy.description
    let inputs = own.interface.inputCount
    let hidden = 4 * inputs
    let huge: Float = 3e38
    var first = [Float](repeating: 0, count: hidden * inputs)
    for unit in 0..<hidden { first[unit * inputs + unit / 4] = unit % 4 < 2 ? huge : -huge }
    let description = PolicyDescription(
      interface: own.interface, network: NetworkShape(hidden: [hidden]), statistics: own.statistics)
    let outputs = description.widths.last ?? 0
    let parameters = PolicyParameters(members: [
      [
        DenseParameters(
          inputs: inputs, outputs: hidden, weights: first, bias: [Float](repeating: huge, count: hidden)),
        DenseParameters(
          inputs: hidden, outputs: outputs, weights: (0..<hidden * outputs).map { $0 % 2 == 0 ? 1 : -1 },
          bias: [Float](repeating: 0, count: outputs)),
      ]
    ])
    return PolicySource.Loaded(
      policy: try Policy(description, parameters, kernels: policy.kernels), plan: plan, generation: generation)
  }
}
