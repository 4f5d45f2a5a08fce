// What an episode says about whoever drove, where neither the person nor the environment said it.

internal import Control
internal import Episodes

extension Snapshot {
  /// Whether something other than the person and the clock has ended the episode: a fault, or torque that was let go.
  var isStopped: Bool { state == .protectiveStop || !state.isPowered }

  /// The label of an episode that ended so: nobody's failure, unless the fault is the driver's own.
  var verdict: EpisodeLabel { fault?.isTheDriversOwn == true ? .failure : .unlabelled }
}

extension Fault {
  /// Whether the fault says that whoever drove did the task wrongly: the wish was no number, or the arm ran into
  /// something and stayed behind its command, or pressed on it for too long, or the policy cannot keep up. Every other
  /// fault is the wire's, the machine's or the recorder's.
  var isTheDriversOwn: Bool { self == .wishNotFinite || self == .lag || self == .load || self == .policySlow }
}
