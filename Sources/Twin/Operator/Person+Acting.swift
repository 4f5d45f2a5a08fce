/// What the person does in one camera frame, by what they are about.
extension Person {
  func act(_ view: SceneView, _ outcome: Outcome) {
    // In a watched episode the hand is off the leader, unless it has business there.
    switch doing {
    case .nothing: break
    case .playing: play()
    case .arranging: arrange(view)
    case .waiting:
      if !heard.personCommands { hand.letGo() }
      if heard.state == "protective-stop" { mend() } else if frames >= 12, stillFor >= 7 { setScene() }
    case .starting: if heard.state == "protective-stop" { mend() } else if frames % 25 == 0 { press(.start) }
    case .performing: perform(outcome)
    case .watching: watch(view, outcome)
    case .labelling: label(view, outcome)
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
    if heard.state == "protective-stop" {
      mend()
    } else if let next = path?.next() {
      hand.move(to: next)
    } else if frames >= 12, stillFor >= 5 {
      setScene()
    }
  }

  /// The host stopped the arm for something's sake. With the table clear nothing is in its way any more: say so, after a
  /// look.
  private func mend() { if frames % 25 == 20 { press(.acknowledge) } }

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
    if heard.isStopped, !heard.asks, frames >= 25 { return judge(.failure) }
    guard gate != nil, outcome == .open else { return }
    // A host that gives the arm away unasked leaves the leader falling: take it.
    if heard.state == "correcting" || heard.asks, strayedFor == nil { strayedFor = 0 }
    if let since = strayedFor {
      strayedFor = since + 1
      if Double(since + 1) * Self.frame_s >= options.reaction_s { turn(to: .grabbing) }
    } else if options.waitsForFailure ? task.outcome(forgiving: false) == .failure : isNeeded(view) {
      strayedFor = 0
    }
  }

  /// Whether the eye on the policy says that it strays.
  private func isNeeded(_ view: SceneView) -> Bool { options.watches && gate?.strays(view) == true }

  /// The hand does what it would do from here, and the arm does not follow it: nothing that it did is to be expected.
  private func label(_ view: SceneView, _ outcome: Outcome) {
    if outcomeFor >= 5 { return judge(outcome == .success ? .success : .failure) }
    // An episode that is the person's own to drive.
    if heard.state == "correcting" { return turn(to: .correcting) }
    if heard.isStopped, frames >= 25 { return judge(.failure) }
    // Nothing is learned from a second look at an arm that is stuck.
    strayedFor = gate?.strays(view) == true ? (strayedFor ?? 0) + 1 : 0
    if Double(strayedFor ?? 0) * Self.frame_s > Self.patience_s { return judge(.failure) }
    guard let intent = hand.intent else { return }
    var seen = sight.seen
    seen.lead = intent - seen.posture
    let move = skill.next(seen, style: style)
    var goal = intent + move.change
    if let jaw = move.jaw_rad { goal[Self.jaw] += Self.squeeze(from: seen.posture[Self.jaw], to: jaw) }
    hand.move(to: goal)
  }

  /// How long the arm may stray before a person who labels ends the episode.
  private static let patience_s = 1.0

  /// One frame of the trigger's way.
  private static func squeeze(from angle: Double, to goal: Double) -> Double {
    min(max(0.4 * (goal - angle), -0.04), 0.04)
  }

  private func grab() {
    if heard.personCommands || heard.state == "handing-over" {
      // The leader has come free: a hand that pulled on would make it jump.
      hand.yield(to: leader.posture)
      if heard.personCommands { turn(to: .correcting) }
      return
    }
    if options.takeOver == .pedal ? frames % 25 == 1 : frames % 25 == 15 { press(.takeOver) }
    guard options.takeOver == .grab, let intent = hand.intent else { return }
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
    if let jaw = move.jaw_rad { goal[Self.jaw] += Self.squeeze(from: goal[Self.jaw], to: jaw) }
    hand.move(to: goal)
  }

  private func judge(_ pedal: Pedal) {
    press(pedal)
    turn(to: .judged)
  }
}
