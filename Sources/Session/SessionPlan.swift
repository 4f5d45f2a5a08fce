public import Arm
public import Control
public import Episodes
public import Learning
public import RealTime

/// What a session sets out to do.
public struct SessionPlan: Sendable {
  /// What it is for.
  public var activity: Activity
  /// The number of its first episode; with a twin's seed it determines every scene.
  public var firstEpisode = 1
  /// It ends after so many finished episodes.
  public var episodes: Int?
  /// It ends when so many of a person's frames lie in successful episodes.
  public var frames: Int?
  /// In a correction session: after so many corrected frames the policy is trained anew.
  public var framesPerRound = 60
  /// In a correction session: its rounds end after equal parts of so many take-overs, instead of by frames.
  public var takeOvers: Int?
  /// In a correction session: it ends after so many rounds.
  public var rounds = 1
  /// In a correction session: after so many successes in a row without help the policy is good enough, and it ends.
  public var goodEnough: Int?
  /// In a correction session: what asks for the person.
  public var gate = GateName.none
  /// In label mode: how often an episode is the person's own to drive, round by round. (A mixture from step to step is for
  /// the twin alone: nobody can drive an arm that follows somebody else every other moment.)
  public var beta = BetaSchedule.indicator
  /// The share of the policy's decisions in which the person is willing to be asked.
  public var budget = 0.01
  /// In a correction session: after so many episodes in a row that a new policy failed, the one before comes back.
  public var failuresToRollBack = 5
  /// Giving the arm back ends the episode (RaC, arXiv 2509.07953: recover, correct, then end): what a person shows ends
  /// where they end it, and counts as success with help.
  public var endsAfterCorrection = false
  /// In a correction session that goes on where an earlier one ended: what that one came to.
  public var resumed: SessionProgress?
  /// How long a policy may drive before its episode has failed.
  public var limit: Nanoseconds?
  /// How long a person may drive in a recording before its episode is over, unlabelled.
  public var recordingLimit: Nanoseconds?
  /// How long a person may drive in an episode of corrections. Longer, and they have come to no end: one such segment among
  /// few others ruins what is learned, so that the episode fails and is left out; nil: as long as they like.
  public var correctionLimit: Nanoseconds?
  /// How long after the arm came to its start an episode begins by itself; nil: when a person says so.
  public var resetInterval: Nanoseconds?
  /// Labels come from the environment where it tells them, instead of from the person.
  public var labelsByTruth = false
  /// Where episodes begin, radians.
  public var startPose: JointVector
  /// How far each joint's start may lie from there, radians; uniform, by seed and episode.
  public var startJitter: JointVector
  /// What is played again.
  public var trajectory: Trajectory?
  /// How the arm comes to its start from wherever it is; nil: joint by joint.
  public var wayBack: WayBack?
  /// The seed of the starts.
  public var seed: UInt64
  /// The loop's period.
  public var period: Nanoseconds
  /// Ticks from one decision to the next.
  public var decisionTicks: Int

  /// A plan whose other numbers the caller fills in.
  public init(
    activity: Activity, settings: ControlSettings, startPose: JointVector, startJitter: JointVector, seed: UInt64
  ) {
    self.activity = activity
    self.startPose = startPose
    self.startJitter = startJitter
    self.seed = seed
    period = settings.period
    decisionTicks = settings.decisionTicks
  }

  /// A plan by the rig's own numbers.
  public init(activity: Activity, rig: Rig, settings: ControlSettings, seed: UInt64) {
    self.init(
      activity: activity, settings: settings, startPose: rig.start?.pose ?? .zero,
      startJitter: rig.start?.jitter_rad ?? .zero, seed: seed)
    limit = .seconds(rig.episodeLimit_s)
    if activity == .correct { correctionLimit = .seconds(2.5 * rig.episodeLimit_s) }
    wayBack = WayBack(rig)
  }

  /// The start pose of an episode: always the same one for the same seed and episode.
  public func start(of episode: Int) -> JointVector {
    var random = SplitMix64(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(bitPattern: Int64(episode)))
    var pose = startPose
    for joint in 0..<8 { pose[joint] += startJitter[joint] * Float(random.uniform(-1...1)) }
    return pose
  }

  /// Label mode: whether the person drives this episode, as a coin of the plan's seed falls. `round` counts from 0; the
  /// demonstrations were the first iteration.
  public func isPersonsTurn(_ episode: Int, round: Int) -> Bool {
    guard activity == .correct, gate.needsPersonAction else { return false }
    var coin = SplitMix64(seed: seed &* 0xD134_2543_DE82_EF95 &+ UInt64(bitPattern: Int64(episode)))
    return coin.uniform() < beta.beta(iteration: round + 2)
  }

  /// Ticks as seconds.
  public func seconds(ticks: UInt32) -> Double { Double(ticks) * period.seconds }

  func isComplete(episodes done: Int, frames kept: Int) -> Bool {
    if let episodes, done >= episodes { return true }
    if let frames, kept >= frames { return true }
    return false
  }
}

/// How far the training of the next policy is.
public enum TrainingState: Sendable, Equatable {
  /// Nothing is being trained.
  case none
  /// Share done, 0…1.
  case running(Double)
  /// The new policy is loaded.
  case finished
  /// It failed, with the reason for a person; the policy before stays.
  case failed(String)
  /// The child was killed, most often for want of memory: the arm goes on with the policy before.
  case killed(String)
}

/// What a conductor needs of the program around it: real time with threads and a child process, or virtual time.
public protocol SessionHost: AnyObject {
  /// Puts a request to the tick.
  func ask(_ request: Request)
  /// Tells the person.
  func announce(_ announcement: Announcement)
  /// A sentence for the person.
  func tell(_ sentence: String)
  /// An episode begins: the recorder opens its file when the first record of it arrives.
  func beginEpisode(_ number: Int, attempt: Int)
  /// The episode is over and kept.
  func finishEpisode(_ number: Int, _ label: EpisodeLabel)
  /// The episode is set aside.
  func discardEpisode(_ number: Int)
  /// What the environment says of the running episode: success, failure, or nothing yet.
  var truth: Bool? { get }
  /// The policy that drives; empty without one.
  var policyName: String { get }
  /// Goes back to the policy before the present one; its name, or nil where there is none.
  func rollBack() -> String?
  /// Keeps what a session that is killed now has to know to go on.
  func keep(_ progress: SessionProgress)
  /// Starts training on everything recorded.
  func beginTraining(round: Int)
  /// How far that is.
  var training: TrainingState { get }
}
