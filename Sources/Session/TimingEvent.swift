internal import Control
internal import RealTime

/// How the loop keeps time, as a line of `--json` each second: everything since the session began.
///
///     {"event": "timing", "tick": 400, "missed": 0, …, "instruments": [{"name": "wake", "p50_us": 19, …}, …], "buses": [...]}
///
/// The log has the same of every tick: its begin, its five phases, what it missed (`understudy_msgs/msg/Tick`).
struct TimingEvent: Encodable {
  let event = "timing"
  /// The newest tick.
  let tick: UInt64
  /// Periods missed.
  let missed: UInt64
  /// Ticks that ran over their period.
  let overruns: UInt64
  /// Replies that did not come in their tick, or came damaged: readings that grew stale.
  let staleReads: Int
  /// When the first tick began, on CLOCK_MONOTONIC.
  let firstTick_ns: Int64
  /// Wake latency, period, and each part of a tick.
  let instruments: [Instruments.Spread]
  /// From request to last reply, each arm's bus.
  let buses: [Instruments.Spread]

  init(_ host: ArmHost, _ snapshot: Snapshot) {
    tick = snapshot.record.tick
    missed = snapshot.missed
    overruns = snapshot.overruns
    staleReads = snapshot.replies.errors
    firstTick_ns = host.tick.instruments.firstTick.count
    instruments = host.tick.instruments.spreads
    let (follower, leader) = host.turnarounds
    buses =
      [Instruments.Spread("follower", follower.cycle)]
      + (leader.map { [Instruments.Spread("leader", $0.cycle)] } ?? [])
  }
}
