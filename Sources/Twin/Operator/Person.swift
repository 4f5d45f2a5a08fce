internal import RealTime

/// The scripted person who sits at the leader: shows the task, watches the policy, steps in, judges, resets the scene.
///
///     record             arranging ─▶ starting ─▶ performing ─▶ judged ─▶ arranging …
///     run, evaluate      waiting ─▶ starting ─▶ watching ─▶ judged ─▶ waiting …
///     correct            … watching ─▶ grabbing ─▶ correcting ─▶ judged (finish) or handing ─▶ watching (margin)
///     correct, labels    arranging ─▶ starting ─▶ labelling ─▶ judged ─▶ arranging …
///
/// Uses what a person has: eyes on the scene (late), a hand on the leader, pedals, and what the host announces. One
/// call a camera frame (40 ms); between frames only the hand acts. The leader falls when the hand is not on it.
final class Person {
  /// What the person is about.
  enum Doing: Equatable {
    /// Nothing: no session, or one without a part for a person.
    case nothing
    /// Swaying the leader about, to show that the follower follows.
    case playing
    /// Carrying the leader to where a demonstration starts.
    case arranging
    /// Waiting for the arm to come to rest at its start.
    case waiting
    /// The scene is set; the start pedal is pressed.
    case starting
    /// Showing the task.
    case performing
    /// Watching the policy.
    case watching
    /// Moving the leader as they would move the arm, which the policy drives: label mode.
    case labelling
    /// Stepping in: the hand pulls at the leader, or has pressed the pedal.
    case grabbing
    /// Driving the arm out of trouble.
    case correcting
    /// Giving the arm back in the middle of an episode.
    case handing
    /// The episode is over as far as the person is concerned.
    case judged
  }

  let task: any TwinTask
  let skill: any Skill
  let options: OperatorOptions
  let seed: UInt64
  /// Leader and hand.
  let leader: ArmMechanism
  var hand: Hand
  var sight: Sight

  /// What the person is about.
  var doing = Doing.nothing
  /// The newest announcement.
  private(set) var heard = Announcement()
  /// Frames since `doing` changed.
  var frames = 0
  /// What was pressed since it was last collected.
  var pressed: [Pedal] = []

  private var random: SplitMix64
  /// This episode's manner: scales the skill's gains and speed.
  var style = 1.0
  /// Arranging: the way that the leader is carried.
  var path: Carry?
  /// Watching and labelling in `correct`: the eye on the policy, and frames since it saw the arm stray.
  var gate: (any Gate)?
  var strayedFor: Int?
  /// Frames for which the scene has shown an outcome, the arm has been still, and the arm has been well again.
  var outcomeFor = 0
  var stillFor = 0
  var backFor = 0
  /// Correcting: the least that remained to do so far, and frames since it shrank.
  var best = Double.infinity
  var sinceBest = 0
  /// Grabbing: how far the hand has pulled the leader from where it was.
  var tug = SIMD8<Double>.zero
  private var lastPosture = SIMD8<Double>.zero

  init(task: any TwinTask, skill: any Skill, leader: ArmMechanism, options: OperatorOptions, seed: UInt64) {
    self.task = task
    self.skill = skill
    self.leader = leader
    self.options = options
    self.seed = seed
    random = stream(seed: seed, episode: 0, use: .person)
    let step_s = leader.simulation.scene.timestep_s
    hand = Hand(
      joints: leader.joints.count, step_s: step_s, frame_s: Person.frame_s, options: options, random: random.fork())
    sight = Sight(options: options, frame_s: Person.frame_s)
  }

  /// One camera frame.
  static let frame_s = 0.04
  /// The joint of the trigger.
  static let jaw = 5

  /// One physics step: what the hand does to the leader.
  func push() { hand.push(leader) }

  /// The host said something.
  func hear(_ announcement: Announcement) {
    let before = heard
    heard = announcement
    if announcement.episode != before.episode || announcement.attempt != before.attempt { newEpisode() }
    if announcement.activity == .replay, options.isPresent { arrangeReplay(before) }
  }

  /// A replay begins by itself, and any press would stop it: the table is clear while the arm comes, then the objects lie
  /// where the episode began, and hands off.
  private func arrangeReplay(_ before: Announcement) {
    let isNew = before.phase != heard.phase || before.episode != heard.episode || before.attempt != heard.attempt
    switch heard.phase {
    case .reset where isNew: task.clear()
    case .running where isNew: task.place(episode: heard.episode)
    default: break
    }
  }

  /// One camera frame; `outcome` is how the scene looks for the activity at hand.
  func look(_ view: SceneView, outcome: Outcome) {
    guard options.isPresent else { return }
    sight.see(view, intent: hand.intent ?? leader.posture)
    frames += 1
    outcomeFor = outcome == .open ? 0 : outcomeFor + 1
    let moved = view.posture - lastPosture
    stillFor = (moved * moved).sum() < 1e-5 ? stillFor + 1 : 0
    lastPosture = view.posture
    follow()
    act(view, outcome)
  }
}

// MARK: - What to be about

extension Person {
  /// Lets announcements change what the person is about.
  private func follow() {
    guard let activity = heard.activity, let phase = heard.phase else { return turn(to: .nothing) }
    switch (activity, phase) {
    case (.teleoperate, _): if doing != .playing { turn(to: .playing) }
    case (.record, .reset): if ![.arranging, .starting].contains(doing) { turn(to: .arranging) }
    case (.correct, .reset) where heard.labels: if ![.arranging, .starting].contains(doing) { turn(to: .arranging) }
    case (.correct, .running) where heard.labels:
      if [.nothing, .arranging, .starting].contains(doing) { turn(to: .labelling) }
    case (.record, .running): if ![.performing, .judged].contains(doing) { turn(to: .performing) }
    case (.replay, _): turn(to: .nothing)
    case (_, .reset): if ![.waiting, .starting].contains(doing) { turn(to: .waiting) }
    case (_, .running):
      if [.nothing, .waiting, .starting].contains(doing) { turn(to: .watching) }
    case (_, .label): break
    case (_, .training), (_, .done): turn(to: .nothing)
    }
  }

  private func newEpisode() {
    var random = stream(seed: seed, episode: heard.episode &+ heard.attempt &* 1_000_003, use: .person)
    style = 1 + options.style * random.uniform(-1...1)
    self.random = random
    if doing == .starting || doing == .judged { turn(to: .nothing) }
  }

  func turn(to next: Doing) {
    guard next != doing else { return }
    doing = next
    frames = 0
    switch next {
    case .nothing: hand.letGo()
    case .playing, .performing: if hand.intent == nil { hand.grasp(leader.posture) }
    case .arranging:
      task.clear()
      if hand.intent == nil { hand.grasp(leader.posture) }
      path = Carry(from: hand.intent ?? leader.posture, to: jittered(task.startPosture))
    case .waiting: task.clear()
    case .watching:
      gate = heard.activity == .correct ? skill.makeGate() : nil
      strayedFor = nil
      backFor = 0
    case .labelling:
      gate = skill.makeGate()
      strayedFor = 0
      if hand.intent == nil { hand.grasp(leader.posture) }
    case .grabbing:
      hand.grasp(leader.posture)
      tug = .zero
    case .correcting:
      sight.forget(hand.intent ?? leader.posture)
      best = .infinity
      sinceBest = 0
      backFor = 0
    case .starting, .handing, .judged: break
    }
    if next == .performing { sight.forget(hand.intent ?? leader.posture) }
  }

  /// A start pose as people find it again: ±0.05 rad at each joint that carries the tool.
  private func jittered(_ posture: SIMD8<Double>) -> SIMD8<Double> {
    var start = posture
    for joint in 0..<5 { start[joint] += random.uniform(-0.05...0.05) }
    return start
  }

  func press(_ pedal: Pedal) { pressed.append(pedal) }
}
