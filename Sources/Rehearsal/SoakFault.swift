internal import Control
internal import RealTime
internal import Twin

/// What a soak does to a session every now and then.
enum SoakFault: String, CaseIterable, Codable, CodingKeyRepresentable, Sendable {
  case followerWire = "follower's wire is bad"
  case followerServo = "a follower's servo is silent"
  case followerSupply = "follower's supply sags"
  case leaderWire = "leader's wire is bad"
  case leaderServo = "a leader's servo is silent"
  case camera = "camera is gone"
  case loop = "loop is starved"

  /// The faults that it may stop the arm for. A follower that does not hear its goals, or has no force to follow them,
  /// lags; one that does not confirm them gets no torque.
  var mayStop: Set<Fault> {
    switch self {
    case .followerWire, .followerServo: [.followerStale, .lag, .torqueRefused]
    case .followerSupply: [.servo, .lag]
    case .leaderWire, .leaderServo: [.leaderStale]
    case .camera: [.environmentStale]
    case .loop: [.gap]
    }
  }
}

/// Puts one fault into each interval of a session: what, when and for how long follow from the seed.
final class SoakInjector {
  /// How often each fault was put in.
  private(set) var counts: [SoakFault: Int] = [:]

  private unowned let session: VirtualSession
  private let interval: Nanoseconds
  private var random: SplitMix64
  private var fault = SoakFault.camera
  private var begin: Nanoseconds
  private var end: Nanoseconds
  private var intervalEnd: Nanoseconds
  private var isActive = false

  /// What follows from a fault may show a little after it: the policy of a blinded arm has moved on, stale readings count
  /// on until a good one.
  private static let aftermath = Nanoseconds.milliseconds(500)

  init(_ session: VirtualSession, interval: Nanoseconds, seed: UInt64) {
    self.session = session
    self.interval = interval
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
    } else if isActive, now >= end {
      mend()
    }
  }

  /// Everything works again, and nothing more is put in.
  func rest() {
    mend()
    begin = .never
    end = .never
  }

  /// Whether a stop for `stop`, now, follows from what was put in last.
  func explains(_ stop: Fault?) -> Bool {
    guard let stop, counts[fault, default: 0] > 0 else { return false }
    return fault.mayStop.contains(stop) && session.time.now <= end + Self.aftermath
  }

  /// What was put in last, and how long ago it ended: for complaints.
  var last: String { "\"\(fault.rawValue)\" ended \((session.time.now - end).seconds) s ago" }

  private func plan(from now: Nanoseconds) {
    mend()
    intervalEnd = now + interval
    fault = SoakFault.allCases.randomElement(using: &random) ?? .camera
    begin = now + Nanoseconds.seconds(random.uniform(0...0.7) * interval.seconds)
    end = begin + Nanoseconds.seconds(random.uniform(0.02...1))
  }

  private func apply() {
    let servo = UInt8(1) << UInt8.random(in: 0..<6, using: &random)
    switch fault {
    case .followerWire: session.world.follower.faults = badWire()
    case .followerServo: session.world.follower.faults.silent = servo
    case .followerSupply: session.world.follower.supply_V = random.uniform(3...8)
    case .leaderWire: session.world.leader.faults = badWire()
    case .leaderServo: session.world.leader.faults.silent = servo
    case .camera: session.arrives = { $0 != .environment }
    case .loop: session.miss(UInt32.random(in: 1...40, using: &random))
    }
  }

  private func mend() {
    isActive = false
    session.world.follower.faults = WireFaults()
    session.world.leader.faults = WireFaults()
    session.world.follower.supply_V = 12
    session.arrives = { _ in true }
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
