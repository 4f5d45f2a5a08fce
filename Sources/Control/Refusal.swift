/// Why a request was not carried out, for a person.
public enum Refusal: UInt8, BitwiseCopyable, Sendable, CaseIterable {
  /// The state's table does not allow it.
  case state = 0
  /// The follower does not answer.
  case followerSilent = 1
  /// The leader does not answer.
  case leaderSilent = 2
  /// The arm is not at rest yet.
  case moving = 3
  /// What stopped the arm is still there.
  case causeRemains = 4
  /// The pose is not a number.
  case noPose = 5
  /// Hold-to-run: nobody holds the pedal.
  case notHeld = 6

  /// One sentence: why `action` was refused in `state`, and what to do.
  public func sentence(of action: Request.Action, in state: State) -> String {
    switch self {
    case .state: state.refusal(of: action)
    case .followerSilent: "The follower does not answer: check its supply and cable."
    case .leaderSilent: "The leader does not answer: check its supply and cable. Nobody can take the arm over now."
    case .moving: "The arm is still moving: wait until it stands, then acknowledge."
    case .causeRemains: "What stopped the arm is still there: mend it first, then acknowledge."
    case .noPose: "The pose is not a number, so the arm cannot go there."
    case .notHeld: "Hold-to-run is on: hold the pedal, or the page's button, down while the policy drives."
    }
  }
}
