internal import Control

/// What a soak does to a session every now and then.
enum SoakFault: String, CaseIterable, Codable, CodingKeyRepresentable, Sendable {
  case followerWire = "follower's wire is bad"
  case followerServo = "a follower's servo is silent"
  case followerSupply = "follower's supply is out of its range"
  case followerHeat = "a follower's servo is too hot"
  case followerOverload = "a follower's servo is overloaded"
  case followerEncoder = "a follower's encoder fails"
  case followerSticks = "a follower's encoder sticks"
  case followerBrownOut = "follower's servos forget their RAM"
  case followerAdapter = "follower's adapter is unplugged and back"
  case leaderWire = "leader's wire is bad"
  case leaderServo = "a leader's servo is silent"
  case leaderAdapter = "leader's adapter is unplugged and back"
  case camera = "camera is gone"
  case policyNaN = "policy says NaN"
  case policySlow = "policy is slow"
  case pedal = "hold-to-run's pedal is lost"
  case recorder = "recorder is a ring behind"
  case loop = "loop is starved"

  /// The faults that it may stop the arm for. A follower that does not hear its goals, or has no force to follow them,
  /// lags, or bears what it should not, or nothing; where its reading sticks it seems to; one that does not confirm them gets
  /// no torque. A policy is asked beside
  /// a person, too, whom its slowness makes late.
  var mayStop: Set<Fault> {
    switch self {
    case .followerWire, .followerServo: [.followerStale, .lag, .torqueRefused]
    case .followerSupply, .followerHeat, .followerEncoder: [.servo, .lag]
    case .followerOverload: [.servo, .lag, .load]
    case .followerSticks: [.lag, .load, .torqueLost]
    case .followerBrownOut: [.lag, .torqueRefused, .torqueLost]
    case .followerAdapter: [.followerLost, .followerStale, .lag]
    case .leaderWire, .leaderServo: [.leaderStale]
    case .leaderAdapter: [.leaderLost, .leaderStale]
    case .camera: [.environmentStale]
    case .policyNaN: [.wishNotFinite]
    case .policySlow: [.policySlow, .gap]
    case .pedal: [.letGo]
    case .recorder: [.recorder]
    case .loop: [.gap]
    }
  }

  /// Whether what it did outlasts it: a servo that dropped its torque is limp until torque is brought on anew.
  var isLasting: Bool { self == .followerBrownOut || self == .followerOverload }

  /// Whether it means anything where `policy` says if a policy drives, `isHeldToRun` if only while a pedal is held.
  func applies(policy: Bool, isHeldToRun: Bool) -> Bool {
    switch self {
    case .policyNaN, .policySlow: policy
    case .pedal: policy && isHeldToRun
    default: true
    }
  }
}
