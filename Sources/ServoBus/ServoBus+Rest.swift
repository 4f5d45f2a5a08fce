// Waiting for a cycle's whole answer instead of for each reply: one waking-up instead of six, and none at the end.
//
//     post ───── asleep ──────────────────▶│ looks, looks, looks ▶│ asleep until something comes, or the deadline
//          └▶ reply, reply, … reply        │        ▲             │
//                                       expected  the last one   expected + spin
//
// When an answer is whole is learned from the answers before. A cycle listens to each reply from the beginning, as if there
// was no `spin`, where that is not yet known, where somebody did not answer in the cycle before, and each sixteenth time:
// that is where the servos' own turnarounds are counted.

internal import RealTime

/// From a request to the last reply, by the length of each reply; what four answers in five take at least.
struct AnswerTimes: BitwiseCopyable, Sendable {
  private var expected = [32 of Nanoseconds](repeating: .zero)
  private var count = [32 of UInt8](repeating: 0)

  /// So many answers are listened to first; the quickest of them is where learning begins.
  private static var first: UInt8 { 8 }
  /// One in five came while this thread slept: that is where steps up and down are in balance.
  private static var up: Nanoseconds { .microseconds(2) }
  private static var down: Nanoseconds { .microseconds(8) }

  /// Nil while it is not known.
  func time(_ length: UInt8) -> Nanoseconds? {
    guard Int(length) < 32, count[Int(length)] >= Self.first else { return nil }
    return expected[Int(length)]
  }

  /// A whole answer was there after `time`, and not much before.
  mutating func took(_ time: Nanoseconds, length: UInt8) {
    guard length < 32 else { return }
    let place = Int(length)
    if count[place] < Self.first {
      expected[place] = count[place] == 0 ? time : min(expected[place], time)
      count[place] += 1
    } else if time < expected[place] {
      expected[place] = max(time, expected[place] - Self.down)
    } else {
      expected[place] = min(time, expected[place] + Self.up)
    }
  }

  /// It had been there for a while, nobody knows how long.
  mutating func overslept(length: UInt8) {
    if length < 32 { expected[Int(length)] = max(.zero, expected[Int(length)] - Self.down) }
  }
}

extension ServoBus {
  /// Shorter sleeps are not worth it.
  private static var leastRest: Nanoseconds { .microseconds(30) }
  private static var listeningEvery: UInt32 { 16 }

  /// Sleeps until the whole answer should be there, then looks for it without sleeping, for no longer than `spin`. What
  /// has not come by then is for `collect`. Returns when the last of what came was read, nil if nothing did.
  mutating func rest(until deadline: Nanoseconds) -> Nanoseconds? {
    cycle.isRested = false
    cycle.isTimed = true
    guard let spin, cycle.pending != 0, cycle.isComplete, sequence % Self.listeningEvery != 0,
      let expected = answers.time(cycle.length), cycle.postedAt + expected + spin < deadline
    else { return nil }
    cycle.isRested = true
    let due = cycle.postedAt + expected
    let slept = clock.now + Self.leastRest < due
    if slept {
      while !isLost, clock.now < due { if port.rest(until: due) == .lost { isLost = true } }
    }
    var heard: Nanoseconds?
    takeReplies(&heard)
    if cycle.pending == 0 {
      // Where it did not sleep another bus had kept this thread: that says nothing of this one.
      if slept { answers.overslept(length: cycle.length) }
      cycle.isTimed = false
      return heard
    }
    let end = max(due, clock.now) + spin
    while cycle.pending != 0, !isLost, !isFlooded, clock.now < end, port.watch(until: end) == .bytes {
      takeReplies(&heard)
    }
    return heard
  }

  /// Keeps the replies that are in; when the last of them was read.
  private mutating func takeReplies(_ heard: inout Nanoseconds?) {
    isDrained = false
    while nextReply() {
      keep(at: readAt)
      heard = readAt
    }
  }
}
