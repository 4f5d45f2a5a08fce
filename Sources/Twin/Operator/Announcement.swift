internal import Foundation

/// What the host tells the person: its state, what is being done, and how far an episode is.
struct Announcement: Equatable {
  /// What the session does.
  enum Activity: String { case teleoperate, record, run, correct, evaluate, shape, replay }
  /// Where in an episode it is.
  enum Phase: String { case reset, running, label, training, done }

  var state = "idle"
  var activity: Activity?
  var phase: Phase?
  var episode = 0
  var attempt = 0
  /// A gate has stopped the arm and asks the person to look.
  var asks = false
  /// Label mode: the leader is limp while the policy drives, and its motion says what the person would do.
  var labels = false

  /// True while the person's hand on the leader commands the follower.
  var personCommands: Bool { state == "correcting" || state == "teleoperating" }
  /// True while the host has stopped the arm.
  var isStopped: Bool { state == "protective-stop" || state == "holding" }

  init() {}

  /// Reads a datagram; nil if it is not one. Words that a newer host may add are ignored.
  init?(_ datagram: UnsafeRawBufferPointer) {
    struct Fields: Decodable {
      var state: String
      var activity: String?
      var phase: String?
      var episode: Int?
      var attempt: Int?
      var asks: Bool?
      var labels: Bool?
    }
    guard let fields = try? JSONDecoder().decode(Fields.self, from: Data(datagram)) else { return nil }
    state = fields.state
    activity = fields.activity.flatMap(Activity.init)
    phase = fields.phase.flatMap(Phase.init)
    episode = fields.episode ?? 0
    attempt = fields.attempt ?? 0
    asks = fields.asks ?? false
    labels = fields.labels ?? false
  }
}

/// What a person can press.
enum Pedal: String {
  case start
  case takeOver = "take-over"
  case release
  case success
  case failure
  case discard
  case acknowledge
  case stop
}
