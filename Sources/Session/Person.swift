public import Foundation

/// What a person says through keyboard, pedal or page.
public enum PersonSignal: String, Codable, Sendable {
  /// Scene and hands are ready: begin the episode.
  case start
  /// I take the arm.
  case takeOver = "take-over"
  /// I give it back.
  case release
  /// The episode succeeded.
  case success
  /// The episode failed.
  case failure
  /// The episode is over, and nobody judges it.
  case finish
  /// Hold within the episode, or go on with it: the pause is recorded as what it is.
  case pause
  /// Throw this episode out and do it again.
  case discard
  /// Go back to the policy before this one.
  case rollBack = "roll-back"
  /// Stop and hold.
  case hold
  /// The cause of the protective stop is gone.
  case acknowledge
  /// End the session: park and quit.
  case stop
  /// I like what the arm just did (`shape`).
  case reward
  /// I do not.
  case scold
  /// Hold-to-run: the pedal is down. Sent again and again while it is.
  case run

  private struct Datagram: Decodable { let pedal: PersonSignal }

  /// From a pedal's datagram, `{"pedal": "take-over"}`; nil for anything else.
  public init?(datagram: Data) {
    guard let decoded = try? JSONDecoder().decode(Datagram.self, from: datagram) else { return nil }
    self = decoded.pedal
  }
}

/// What a session is for.
public enum Activity: String, Codable, Sendable {
  /// The follower follows the leader; nothing is kept.
  case teleoperate
  /// Demonstrations are captured.
  case record
  /// A policy drives.
  case run
  /// A policy drives, a person takes over where it strays, and it is trained anew from that.
  case correct
  /// A policy's success is counted over many starts.
  case evaluate
  /// A policy drives, and a person rewards and scolds it.
  case shape
  /// A recorded episode is played again.
  case replay

  /// Whether a policy drives.
  public var usesPolicy: Bool { self == .run || self == .correct || self == .evaluate || self == .shape }

  /// Whether the arm moves to a start pose by itself before each episode.
  public var startsAtPose: Bool { usesPolicy || self == .replay }
}

/// What the host tells the person: sent on every change and each second.
public struct Announcement: Codable, Sendable, Equatable {
  /// What is asked of the person now.
  public enum Phase: String, Codable, Sendable {
    /// Set the scene (and, for a demonstration, the leader) to a start, then press start.
    case reset
    /// The episode runs.
    case running
    /// A new policy is being trained.
    case training
    /// The session is over.
    case done
  }

  /// The supervisor's state by name.
  public var state: String
  /// What the session is for.
  public var activity: Activity
  /// What is asked of the person.
  public var phase: Phase
  /// The episode, counted from 1.
  public var episode: Int
  /// How often this episode was begun.
  public var attempt: Int
  /// True while the gate holds the arm and asks: take over, or press start for "go on".
  public var asks = false
  /// Label mode: hold the leader, and move it as you would move the arm while the policy drives.
  public var labels = false
}
