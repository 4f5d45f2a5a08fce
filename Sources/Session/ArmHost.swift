// The host program around the tick: ports, recorder, policies and the person, joined by a rig file.
//
//     rig ─▶ ports, servos checked ─▶ Tick ─▶ records ─▶ Recorder ─▶ dataset
//              environment, pedal ─▶  ▲ │ snapshots
//                                     │ ▼
//                                  Conductor ─▶ announcements, training
//
// The same on virtual time and in real time; only who calls `tick.run` and who carries datagrams differs.
// Torque: off until a session enables the arm; ending parks it or leaves it holding.

public import Arm
public import Control
public import Episodes
public import Foundation
internal import Policy
public import RealTime
public import ServoBus

/// The two ports of a pair, opened.
public struct HostPorts: ~Copyable {
  /// The follower's.
  var follower: SerialPort
  /// The leader's, where there is one.
  var leader: SerialPort?

  /// Ports that somebody opened.
  public init(follower: consuming SerialPort, leader: consuming SerialPort?) {
    self.follower = follower
    self.leader = leader
  }
}

/// Opens an arm's port anew; the second argument says whether it is the leader's.
public typealias Reopen = (Rig.Side, Bool) throws(PortError) -> SerialPort

/// Everything of a session but its threads.
public final class ArmHost: SessionHost {
  /// The rig this host runs.
  public let rig: Rig
  /// The control loop's one function, for whoever owns the clock.
  public let tick: Tick
  /// The ways into and out of the tick.
  public let channels: TickChannels
  /// The tick's numbers.
  public let settings: ControlSettings
  /// What records; nil for sessions that keep nothing.
  public private(set) var recorder: Recorder?
  /// Where announcements go.
  public var announcer: (Announcement) -> Void = { _ in }
  /// Called when a round's policy has been loaded, with its folder.
  public var promoted: (URL) -> Void = { _ in }
  /// The policy that an episode is driven by, where episodes differ in it.
  public var policyOfEpisode: (Int) -> URL? = { _ in nil }
  /// Where sentences for the person go.
  public var teller: (String) -> Void = { _ in }

  /// What the buses were measured to take; nil on virtual time, where a wire takes what its bytes take.
  public let busPlan: BusPlan?
  /// Brings an arm back whose adapter was unplugged: `mend` calls it, and tests.
  var reconnections: [Reconnection] = []

  let pair: Rig.Pair
  /// What the follower's servos are.
  let servos: ServoModel
  /// How long replies took, of the follower's servos and of the leader's.
  public let turnarounds: (follower: BusTurnaround, leader: BusTurnaround?)

  private var newest = Snapshot()
  private var environment: EnvironmentDecoder
  private var loaded: [PolicySource.Loaded] = []
  /// The folders of the policies that drove, the present one last.
  var lineage: [URL] = []
  var rounds: TrainingRounds?
  /// The datasets of this session, as the progress file names them.
  var trainedOn: [String] = []
  private var strange: StrangeFeatures?

  /// Checks the servos (nothing moves, only RAM is written), measures the buses, and builds the loop. With `labels` the
  /// leader stays limp, and its motion is recorded beside what the policy does. `reopen` opens a port
  /// anew after its adapter was unplugged.
  public init(
    rig: Rig, ports: consuming HostPorts, clock: TickClock, leaderMirrors: Bool, gate: GateChoice = .none,
    labels: Bool = false,
    reopen: @escaping Reopen = { (side, _) throws(PortError) in try SerialPort.open(side.port) }
  ) throws(HostError) {
    isSimulated = clock.isSimulated
    let pair = rig.pairs[0]
    let servos = try Self.servos(pair.follower, rig)
    self.servos = servos
    guard !labels || ports.leader != nil && !leaderMirrors else {
      throw .refused(
        "Labels are a person's motion at a limp leader while the policy drives: that needs a rig with a leader, and one "
          + "that does not mirror the arm meanwhile.")
    }
    let plan = try ControlPlan(
      rig, leaderMirrors: leaderMirrors && ports.leader != nil, gate: gate, labels: labels)
    var followerBus = ServoBus(
      port: ports.follower, model: servos, ids: pair.follower.arm.servoIDs, clock: clock)
    if let why = ServoBounds.refusal(rig.envelope, arm: pair.follower.arm, model: servos) {
      throw .refused("\(rig.file): \(why)")
    }
    let bounds = ServoBounds(rig.envelope, arm: pair.follower.arm, model: servos)
    try Self.bringUp("follower", pair.follower, rig, &followerBus)
    var leaderBus: ServoBus?
    if let side = pair.leader, let port = ports.leader {
      var bus = ServoBus(
        port: port, model: try Self.servos(side, rig), ids: side.arm.servoIDs, clock: clock)
      try Self.bringUp("leader", side, rig, &bus)
      leaderBus = consume bus
    }
    let channels = TickChannels()
    if clock.isSimulated {
      busPlan = nil
    } else {
      // With the loop's priority, so that the wire is measured and not what else this machine does.
      let measured = Grant.withPriority {
        BusPlan.measure(
          follower: &followerBus, leader: &leaderBus, rate_Hz: rig.loop_Hz, budget: plan.settings.replyBudget)
      }
      guard measured.fitsMostly else { throw .busPlan(measured, rig: rig.file) }
      busPlan = measured
      followerBus.spin = .microseconds(Int64(rig.busSpin_us))
      leaderBus?.spin = followerBus.spin
    }
    turnarounds = (followerBus.turnaround, leaderBus?.turnaround)
    reconnections = [Reconnection(isLeader: false, pair.follower, rig, servos, clock, reopen, &followerBus)]
    var leader: Limb?
    if var bus = leaderBus.take(), let side = pair.leader, let scale = plan.leader {
      reconnections.append(Reconnection(isLeader: true, side, rig, bus.model, clock, reopen, &bus))
      let bounds = ServoBounds(rig.envelope, arm: side.arm, model: bus.model)
      leader = Limb(bus: bus, scale: scale, startsLimp: true, bounds: bounds)
    }
    tick = Tick(
      follower: Limb(bus: followerBus, scale: plan.follower, bounds: bounds), leader: leader, map: plan.map,
      envelope: plan.envelope, settings: plan.settings, channels: channels, clock: clock)
    self.rig = rig
    self.pair = pair
    self.channels = channels
    settings = plan.settings
    environment = EnvironmentDecoder(names: rig.environmentNames)
  }

  // MARK: What comes in

  /// A datagram of the environment.
  public func take(environmentDatagram data: Data) {
    if environment.take(data) { channels.environment.store(environment.reading) }
  }

  /// The pedal is down, or the page says so (`PersonSignal.run`).
  public func holdToRun(at now: Nanoseconds) { channels.hold.sign(at: now) }

  /// How many datagrams of the environment could not be read.
  public var malformedDatagrams: Int { environment.malformed }

  /// What is wrong with the environment's datagrams, in words; nil: nothing, or none came.
  public var environmentComplaint: String? { environment.complaint }

  /// What the environment says of the running episode.
  public var truth: Bool? { environment.truth }

  /// The newest snapshot.
  public var snapshot: Snapshot {
    // Where the tick is just writing, the one before counts: a blank one would say that torque is off.
    if let newer = channels.snapshots.load() { newest = newer }
    return newest
  }

  // MARK: What goes out

  /// Puts a request to the tick.
  public func ask(_ request: Request) { channels.requests.push(request) }

  /// Tells the person.
  public func announce(_ announcement: Announcement) { announcer(announcement) }

  /// A sentence for the person.
  public func tell(_ sentence: String) { teller(sentence) }

  // MARK: Episodes

  /// Keeps episodes with `recorder` from now on.
  public func record(with recorder: Recorder) { self.recorder = recorder }

  /// An episode begins.
  public func beginEpisode(_ number: Int, attempt: Int) {
    if let folder = policyOfEpisode(number), folder.lastPathComponent != policyName {
      do throws(HostError) {
        try load(policy: folder)
      } catch {
        teller("policy \(folder.lastPathComponent) could not be loaded (\(error)); \(policyName) goes on")
      }
    }
    var info = EpisodeInfo(number: UInt32(clamping: number))
    info.attempt = attempt
    info.policyDigest = policyDigest
    if !policyName.isEmpty { info.extra["policy"] = policyName }
    if let shapingForLog { info.extra[ShapingForLog.key] = shapingForLog }
    // On virtual time the same seed gives the same bytes, wherever its files lie.
    if let policyFolder, !isSimulated { info.extra["policy_folder"] = policyFolder.absoluteURL.path }
    // What was true of the scene before is not true of this episode.
    environment.truth = nil
    recorder?.expect(info)
  }

  /// The episode is over and kept.
  public func finishEpisode(_ number: Int, _ label: EpisodeLabel) {
    recorder?.finish(UInt32(clamping: number), EpisodeEnd(label: label, notes: notes, extra: portsForLog))
  }

  /// The episode is set aside.
  public func discardEpisode(_ number: Int) { recorder?.discard(UInt32(clamping: number)) }

  /// Free words that every episode gets.
  public var notes = ""

  // MARK: Policies

  /// The name of the folder of the policy that drives; empty without one.
  public private(set) var policyName = ""
  /// The digest of that policy's files, see `Policy.digest`; empty without one.
  public private(set) var policyDigest = ""
  private var policyFolder: URL?
  /// What a person likes in the policy that drives, as its logs say it.
  private var shapingForLog: String?
  /// Learns what a person likes, in a session that shapes; set before the policy is loaded.
  public var learner: ShapingLearner?
  private let isSimulated: Bool

  /// What was handed to the tick last; nil without a policy.
  public var newestPolicy: PolicySource.Loaded? { loaded.last }

  /// Loads a policy folder, refuses one that was made for another arm, and hands it to the tick.
  public func load(policy folder: URL) throws(HostError) {
    let next: PolicySource.Loaded
    let digest: String
    let likes: [Double]?
    do {
      digest = try Policy.digest(folder)
      likes = try Shaping.read(from: folder)?.reward.weights
      next = try PolicySource.Loaded(
        folder, arm: pair.follower.arm, rig: rig, settings: settings, weights: likes,
        generation: UInt32(loaded.count + 1))
    } catch let error as HostError {
      throw error
    } catch let error as PolicyError {
      throw .policy(error)
    } catch let error as FeatureError {
      throw .features(error)
    } catch {
      throw .policyRate(expected: rig.decision_Hz, folder: folder.path)
    }
    // A policy stays alive as long as its host: a session loads a handful, of some hundred kilobytes each.
    loaded.append(next)
    shapingForLog = likes.map { learner == nil ? ShapingForLog.text($0) : ShapingForLog.learning }
    if let shaper = next.shaper { learner?.teach(shaper) }
    strange = StrangeFeatures(next)
    policyName = folder.lastPathComponent
    policyDigest = digest
    policyFolder = folder
    lineage.append(folder)
    ask(.load(next))
    // Until the policy has driven here, what it doubted of its own training data stands in for the quantile.
    if let doubt = next.policy.description.lineage.metrics?[PolicyTraining.doubtMetric] {
      let safety = next.critic?.description.lineage.metrics?[PolicyTraining.safetyMetric]
      ask(.gate(doubt: Float(doubt), safety: safety.map { Float($0) } ?? -.infinity))
    }
  }

  /// Features that are outside what the loaded policy saw in training, a sentence each, and each only once.
  ///
  /// Looked for while the policy drives, and before it does where the arm stands at an episode's start.
  func strangeFeatures(_ snapshot: Snapshot, isAtStart: Bool) -> [String] {
    let drives = snapshot.record.source == .policy
    guard drives || isAtStart && snapshot.isAtRest else { return [] }
    let found = strange?.look(position: snapshot.record.follower.position, environment: snapshot.record.environment)
    return (found ?? []).map { "\($0.words)\(drives ? "" : ", before it drives")" }
  }
}
