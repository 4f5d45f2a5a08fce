// What somebody who watches a session may see and say: the web page, and whatever else looks on.
//
//     tick ── snapshots, histograms ──▶ ┌─────────┐ ──▶ onlooker
//     session ── SessionView ─────────▶ │ Lookout │
//     session ◀── words (at most 16) ── └─────────┘ ◀── hold, label, acknowledge, run
//
// An onlooker cannot drive: there is no word for it. What may drive anyway goes on only while somebody says `run` again and
// again, where the rig asks for that.

public import RealTime
internal import Synchronization

/// Where a session shows itself to onlookers and hears their few words; safe from any thread, never from the tick.
public final class Lookout: Sendable {
  /// What does not change while a session runs.
  public let about: SessionFacts
  /// The newest tick.
  public let snapshots: Latest<Snapshot>
  /// Where the loop's time goes.
  public let instruments: Instruments

  private struct Mail {
    var view = SessionView()
    var words: [Word] = []
  }
  private let mail = Mutex(Mail())
  /// Words that wait at most; a session takes them every few milliseconds.
  public static let mostWords = 16

  /// What an onlooker may say.
  public enum Word: String, Sendable, CaseIterable {
    /// Stop and hold.
    case hold
    /// The episode succeeded.
    case success
    /// The episode failed.
    case failure
    /// Throw this episode out and do it again.
    case discard
    /// The cause of the protective stop is gone.
    case acknowledge
    /// Hold-to-run: the button is down. Said again and again while it is.
    case run
  }

  /// A lookout over a slot of snapshots and the loop's instruments.
  public init(about: SessionFacts, snapshots: Latest<Snapshot>, instruments: Instruments) {
    self.about = about
    self.snapshots = snapshots
    self.instruments = instruments
  }

  /// A lookout over a tick and the slot that it fills.
  public convenience init(about: SessionFacts, snapshots: Latest<Snapshot>, tick: Tick) {
    self.init(about: about, snapshots: snapshots, instruments: tick.instruments)
  }

  /// What the session shows beside its ticks.
  public var view: SessionView {
    get { mail.withLock { $0.view } }
    set { mail.withLock { $0.view = newValue } }
  }

  /// An onlooker says something; false where too much waits already. A hold is never turned away: it goes first.
  public func say(_ word: Word) -> Bool {
    mail.withLock { mail in
      if word == .hold {
        if !mail.words.contains(.hold) { mail.words.insert(.hold, at: 0) }
        return true
      }
      // One that waits says as much as ten, and must not take a label's place.
      if word == .run, mail.words.contains(.run) { return true }
      guard mail.words.count < Self.mostWords else { return false }
      mail.words.append(word)
      return true
    }
  }

  /// What onlookers said since the last call.
  public func heard() -> [Word] {
    mail.withLock { mail in
      defer { mail.words.removeAll(keepingCapacity: true) }
      return mail.words
    }
  }
}

/// What does not change while a session runs.
public struct SessionFacts: Sendable, Codable, Equatable {
  /// The rig's name.
  public var rig: String
  /// What the session is for.
  public var activity: String
  /// The follower's joints, in order.
  public var joints: [String]
  /// Their limits, radians.
  public var lower: [Float]
  /// Their upper limits, radians.
  public var upper: [Float]
  /// Ticks a second.
  public var loop_Hz: Int
  /// Decisions a second.
  public var decision_Hz: Int
  /// A joint's reading may be so many ticks old.
  public var staleTicks: Int
  /// Hold-to-run: how long after the last `run` a policy is stopped; nil where the rig does not ask for that.
  public var holdToRun_ms: Int?

  /// Facts.
  public init(
    rig: String, activity: String, joints: [String], lower: [Float], upper: [Float], loop_Hz: Int, decision_Hz: Int,
    staleTicks: Int, holdToRun_ms: Int? = nil
  ) {
    self.rig = rig
    self.activity = activity
    self.joints = joints
    self.lower = lower
    self.upper = upper
    self.loop_Hz = loop_Hz
    self.decision_Hz = decision_Hz
    self.staleTicks = staleTicks
    self.holdToRun_ms = holdToRun_ms
  }
}

/// The part of the picture that the session fills: where it is and how its policies do.
public struct SessionView: Sendable, Codable, Equatable {
  /// What is asked of the person: reset, running, training, done.
  public var phase = ""
  /// The episode under way or next.
  public var episode = 0
  /// How often it was begun.
  public var attempt = 1
  /// The policy that drives; empty without one.
  public var policy = ""
  /// The round of correction under way, from 1, of how many; 0 outside a correction session.
  public var round = 0
  /// Rounds planned.
  public var rounds = 0
  /// A person's frames in this round, and how many make one.
  public var frames = 0
  /// Frames that make a round.
  public var framesPerRound = 0
  /// Share of the training done, 0…1; nil while nothing is trained.
  public var training: Double?
  /// How each policy did, oldest first.
  public var policies: [PolicyRow] = []
  /// What it has cost the person so far, and how rightly a gate asked, in a sentence; empty outside a correction session.
  public var effort = ""
  /// The last few things said to the person, newest last.
  public var news: [String] = []

  /// Nothing to show yet.
  public init() {}
}

/// How one policy did: a row of the round table.
public struct PolicyRow: Sendable, Codable, Equatable {
  /// Its folder's name.
  public var policy: String
  /// Episodes that it did alone, and how many of them succeeded.
  public var alone: Int
  /// Successes among them.
  public var successes: Int
  /// The 95 % interval of that share.
  public var low: Double
  /// Its upper end.
  public var high: Double
  /// Episodes in which a person helped.
  public var assisted: Int
  /// How often a person took over.
  public var takeOvers: Int
  /// Share of the time that a person drove, 0…1.
  public var personShare: Double
  /// How long its episodes were watched in all, seconds.
  public var watched_s: Double

  /// A row.
  public init(
    policy: String, alone: Int, successes: Int, low: Double, high: Double, assisted: Int, takeOvers: Int,
    personShare: Double, watched_s: Double
  ) {
    self.policy = policy
    self.alone = alone
    self.successes = successes
    self.low = low
    self.high = high
    self.assisted = assisted
    self.takeOvers = takeOvers
    self.personShare = personShare
    self.watched_s = watched_s
  }
}
