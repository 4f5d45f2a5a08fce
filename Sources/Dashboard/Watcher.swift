internal import Control
internal import Foundation
internal import RealTime
internal import Synchronization

/// Looks at the session ten times a second, keeps the last minute, and draws a frame when a browser wants one.
///
/// However many browsers look, a frame is drawn once in 50 ms at most.
final class Watcher: Sendable {
  private let lookout: Lookout
  private let state: Mutex<State>

  private struct State {
    var snapshot = Snapshot()
    var changedAt: ContinuousClock.Instant
    var moments: [Moment] = []
    var frame = Data()
    var drawnAt: ContinuousClock.Instant?
  }

  static let momentsASecond = 10
  static let minute = 60 * momentsASecond
  private static let leastBetween = Duration.milliseconds(50)

  init(_ lookout: Lookout) {
    self.lookout = lookout
    state = Mutex(State(changedAt: .now))
  }

  /// One look; called ten times a second.
  func look() {
    state.withLock { state in
      refresh(&state, .now)
      let record = state.snapshot.record
      if state.moments.count == Self.minute { state.moments.removeFirst() }
      state.moments.append(
        Moment(
          source: "\(record.source)", state: state.snapshot.state.name,
          doubt: record.gateScore.isFinite ? record.gateScore : nil))
    }
  }

  /// What a browser needs once: facts, and the last minute.
  func greeting() -> Data {
    struct Greeting: Encodable {
      let about: SessionFacts
      let edges_us: [Int64]
      let momentsASecond: Int
      let minute: [Moment]
    }
    let moments = state.withLock { $0.moments }
    return Self.encode(
      Greeting(
        about: lookout.about, edges_us: Frame.edges_us, momentsASecond: Self.momentsASecond, minute: moments))
  }

  /// The newest frame.
  func frame() -> Data {
    state.withLock { state in
      let now = ContinuousClock.now
      if let drawn = state.drawnAt, now - drawn < Self.leastBetween { return state.frame }
      refresh(&state, now)
      let isStill = now - state.changedAt > .milliseconds(500)
      state.frame = Self.encode(Frame(state.snapshot, lookout, isStill: isStill))
      state.drawnAt = now
      return state.frame
    }
  }

  private func refresh(_ state: inout State, _ now: ContinuousClock.Instant) {
    guard let newer = lookout.snapshots.load(), newer.record.tick != state.snapshot.record.tick else { return }
    state.snapshot = newer
    state.changedAt = now
  }

  private static func encode(_ value: some Encodable) -> Data {
    // Names and finite numbers only: it cannot fail; were that ever wrong, the browser would keep what it has.
    (try? JSONEncoder().encode(value)) ?? Data("{}".utf8)
  }
}
