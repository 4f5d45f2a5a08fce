internal import RealTime

/// Cuts frames at a nominal rate out of ticks as they came.
///
/// Frame k stands for the moment k / fps after the episode's first whole tick, on the loop's own grid (`scheduled`), and
/// takes the newest tick that was due by then: its reading, its environment and its command belong together. So at the
/// loop's own rate every tick is a frame, and a period that the loop missed repeats the tick before it. Ticks in which
/// a position, a command or a feature is not known are passed over. Where more than a second is missing, nothing
/// is made up: the grid goes on from the tick behind the gap.
struct FrameGrid {
  private let fps: Int64
  private let uses: (TickRecord) -> Bool
  private var held: TickRecord?
  private var start: Int64 = 0
  private var next: Int64 = 0
  /// Ticks that were passed over because something in them was not known.
  private(set) var unknown = 0
  /// Gaps of more than a second.
  private(set) var gaps = 0

  private static let longest: Int64 = 1_000_000_000

  init(fps: Int, isWhole: @escaping (TickRecord) -> Bool) {
    self.fps = Int64(fps)
    uses = isWhole
  }

  /// Takes a tick in, and hands out every frame that is due before it.
  mutating func add(_ tick: TickRecord, frame: (TickRecord) -> Void) {
    guard uses(tick) else {
      unknown += 1
      return
    }
    let now = tick.scheduled.count
    if let held {
      let gap = now &- held.scheduled.count
      if gap > Self.longest || gap < 0 {
        flush(frame)
        gaps += 1
        begin(at: now)
      } else {
        while time(next) < now {
          frame(held)
          next += 1
        }
      }
    } else {
      begin(at: now)
    }
    held = tick
  }

  /// The frames that are left when no tick follows; the next one begins another episode.
  mutating func end(frame: (TickRecord) -> Void) {
    flush(frame)
    held = nil
  }

  private mutating func begin(at time: Int64) {
    start = time
    next = 0
  }

  private mutating func flush(_ frame: (TickRecord) -> Void) {
    guard let held else { return }
    while time(next) <= held.scheduled.count {
      frame(held)
      next += 1
    }
  }

  private func time(_ frame: Int64) -> Int64 { start &+ frame &* 1_000_000_000 / fps }
}
