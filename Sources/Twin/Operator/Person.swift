internal import RealTime

/// The scripted person who sits at the leader: shows the task, watches the policy, steps in, judges, resets the scene.
///
///     record             arranging ─▶ starting ─▶ performing ─▶ judged ─▶ arranging …
///     run, evaluate      waiting ─▶ starting ─▶ watching ─▶ judged ─▶ waiting …
///     correct            … watching ─▶ grabbing ─▶ correcting ─▶ judged (finish) or handing ─▶ watching (margin)
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
  private let leader: ArmMechanism
  private(set) var hand: Hand
  private(set) var sight: Sight

  /// What the person is about.
  private(set) var doing = Doing.nothing
  /// The newest announcement.
  private(set) var heard = Announcement()
  /// Frames since `doing` changed.
  private(set) var frames = 0
  /// What was pressed since it was last collected.
  var pressed: [Pedal] = []

  private var random: SplitMix64
  private var style = 1.0
  private var path: Carry?
  private var gate: (any Gate)?
  private var strayedFor: Int?
  private var outcomeFor = 0
  private var backFor = 0
  private var stillFor = 0
  private var best = Double.infinity
  private var sinceBest = 0
  private var tug = SIMD8<Double>.zero
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
  private static let jaw = 5

  /// One physics step: what the hand does to the leader.
  func push() { hand.push(leader) }

  /// The host said something.
  func hear(_ announcement: Announcement) {
    let before = heard
    heard = announcement
    if announcement.episode != before.episode || announcement.attempt != before.attempt { newEpisode() }
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
    case (.record, .running): if ![.performing, .judged].contains(doing) { turn(to: .performing) }
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

  private func turn(to next: Doing) {
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

  private func press(_ pedal: Pedal) { pressed.append(pedal) }
}

// MARK: - What to do in this frame

extension Person {
  private func act(_ view: SceneView, _ outcome: Outcome) {
    // In a watched episode the hand is off the leader, unless it has business there.
    switch doing {
    case .nothing: break
    case .playing: play()
    case .arranging: arrange(view)
    case .waiting:
      if !heard.personCommands { hand.letGo() }
      if frames >= 12, stillFor >= 7 { setScene() }
    case .starting: if frames % 25 == 0 { press(.start) }
    case .performing: perform(outcome)
    case .watching: watch(view, outcome)
    case .grabbing: grab()
    case .correcting: correct(outcome)
    case .handing:
      if frames % 25 == 0 { press(.release) }
      if !heard.personCommands, frames >= 3 {
        hand.letGo()
        turn(to: .watching)
      }
    case .judged: if heard.activity != .record, !heard.personCommands { hand.letGo() }
    }
  }

  /// Half a second a sway, smoothly, around the start.
  private func play() {
    let t = Double(frames) * Self.frame_s
    let fade = smoothstep(t / 2)
    var goal = task.startPosture
    goal[0] += 0.25 * sine(t / 4)
    goal[1] += 0.08 * sine(t / 3)
    goal[3] -= 0.15 * (1 - sine(t / 5 + 0.25))
    if let intent = hand.intent { hand.move(to: intent + (goal - intent) * 0.08 * fade) }
  }

  private func arrange(_ view: SceneView) {
    if let next = path?.next() {
      hand.move(to: next)
    } else if frames >= 12, stillFor >= 5 {
      setScene()
    }
  }

  /// The objects go where the episode begins; a moment later the start is pressed.
  private func setScene() {
    task.place(episode: heard.episode)
    turn(to: .starting)
    frames = 20
  }

  private func perform(_ outcome: Outcome) {
    if outcome == .success {
      if outcomeFor >= 3 { judge(.success) }
    } else if Double(frames) * Self.frame_s > 2.5 * task.limit_s {
      judge(.failure)
    } else {
      moveOn()
    }
  }

  private func watch(_ view: SceneView, _ outcome: Outcome) {
    // 0.2 s to see how it went, and to press.
    if outcomeFor >= 5 { return judge(outcome == .success ? .success : .failure) }
    if heard.isStopped, frames >= 25 { return judge(.failure) }
    guard gate != nil, outcome == .open else { return }
    if let since = strayedFor {
      strayedFor = since + 1
      if Double(since + 1) * Self.frame_s >= options.reaction_s { turn(to: .grabbing) }
    } else if gate?.strays(view) == true {
      strayedFor = 0
    }
  }

  private func grab() {
    if heard.state == "correcting" { return turn(to: .correcting) }
    if options.takeOver == .pedal ? frames % 25 == 1 : frames % 25 == 15 { press(.takeOver) }
    guard options.takeOver == .grab, heard.state != "handing-over", let intent = hand.intent else { return }
    // The pull goes where the correction will go: at least 15 mrad a frame, at most 0.15 rad in all.
    var view = sight.seen
    view.lead = intent - view.posture
    var pull = skill.next(view, style: style).change
    let size = pull.largest
    if size > 1e-6 { pull *= max(1, 0.015 / size) }
    if (tug + pull).largest < 0.15 {
      tug += pull
      hand.move(to: intent + pull)
    }
  }

  private func correct(_ outcome: Outcome) {
    guard heard.state == "correcting" else {
      hand.letGo()
      return turn(to: .watching)
    }
    if outcome == .success {
      if outcomeFor >= 3 { judge(.success) }
      return
    }
    moveOn()
    let remaining = skill.remaining(sight.seen)
    sinceBest = remaining < best - skill.progress ? 0 : sinceBest + 1
    if sinceBest == 0 { best = remaining }
    // No progress for two seconds: a person gives up, and what they did is not worth learning.
    if sinceBest > 50 { return judge(.failure) }
    backFor = skill.isBack(sight.seen) ? backFor + 1 : 0
    if options.handBack == .margin, backFor >= 5 {
      press(.release)
      turn(to: .handing)
    }
  }

  /// One frame of the skill: the hand moves by what the tool should, from where the hand is.
  private func moveOn() {
    guard let intent = hand.intent else { return }
    var view = sight.expected
    view.lead = intent - view.posture
    let move = skill.next(view, style: style)
    var goal = intent + move.change
    if let jaw = move.jaw_rad { goal[Self.jaw] += min(max(0.5 * (jaw - goal[Self.jaw]), -0.08), 0.08) }
    hand.move(to: goal)
  }

  private func judge(_ pedal: Pedal) {
    press(pedal)
    turn(to: .judged)
  }
}
