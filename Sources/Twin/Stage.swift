/// Both arms, the task on the table and the person at the leader, but no servos: what physics and people do.
///
/// Time goes in steps of 2 ms; a camera frame begins every 20th. Whoever drives the joints (`ArmMechanism.drive`) does so
/// between steps.
final class Stage {
  /// Physics steps a camera frame.
  static let stepsAFrame = 20
  /// How people leave an arm: folded, upper arm leaning back, tool low in front.
  private static let folded = SIMD8<Double>(0, -1.70, 1.60, 0.75, 0, 0, 0, 0)
  private static let settlingSteps = 1500

  let follower: ArmMechanism
  let leader: ArmMechanism
  let task: any TwinTask
  let person: Person
  private let toolSite: Int
  private let seed: UInt64
  private let kind: Disturbance
  private var disturbance: DisturbanceCourse?
  private var runningSteps = 0
  private(set) var steps = 0

  init(_ options: TwinOptions, scenes: String) throws(TwinError) {
    guard let make = Self.tasks[options.task] else {
      throw .unknownTask(options.task, known: Self.tasks.keys.sorted())
    }
    let scene = try SceneModel(path: "\(scenes)/\(options.task)/scene.xml")
    scene.scaleFriction(of: "table", by: options.dynamics.tableFriction)
    follower = try ArmMechanism(Simulation(scene))
    try follower.slow(options.dynamics.slowest_rad_s)
    leader = try ArmMechanism(Simulation(SceneModel(path: "\(scenes)/leader/scene.xml")))
    let skill: any Skill
    (task, skill) = try make(follower, options.seed)
    if let variant = options.variant {
      guard let family = task as? any TaskFamily else {
        throw .noVariants(options.task, families: Self.families)
      }
      family.choose(variant: variant)
    }
    person = Person(task: task, skill: skill, leader: leader, options: options.person, seed: options.seed)
    seed = options.seed
    kind = options.disturbance
    toolSite = try scene.site("tool")
    for arm in [follower, leader] {
      // Both lie as they fell.
      arm.set(posture: Self.folded)
      for _ in 0..<Self.settlingSteps { arm.simulation.step() }
    }
  }

  typealias Maker = @Sendable (ArmMechanism, UInt64) throws(TwinError) -> (any TwinTask, any Skill)

  /// What there is to do: the scene folder's name, and the task with the skill that a person needs for it.
  static let tasks: [String: Maker] = [
    InsertTask.name: { (arm, seed) throws(TwinError) in
      let reach = try Reach(arm.simulation.scene, joints: arm.joints)
      return (try InsertTask(arm.simulation, seed: seed), InsertSkill(reach))
    },
    PickPlaceTask.name: { (arm, seed) throws(TwinError) in
      let reach = try Reach(arm.simulation.scene, joints: arm.joints)
      return (try PickPlaceTask(arm.simulation, seed: seed), PickPlaceSkill(reach))
    },
    PushTask.name: { (arm, seed) throws(TwinError) in
      let reach = try Reach(arm.simulation.scene, joints: arm.joints)
      return (try PushTask(arm.simulation, seed: seed), PushSkill(reach))
    },
    ReachTask.name: { (arm, seed) throws(TwinError) in
      let reach = try Reach(arm.simulation.scene, joints: arm.joints)
      return (try ReachTask(arm.simulation, seed: seed), ReachSkill(reach))
    },
  ]

  /// Those that come in variants.
  static let families = [PushTask.name, ReachTask.name]

  /// The host said something.
  func hear(_ announcement: Announcement) {
    let before = person.heard
    person.hear(announcement)
    let starts = announcement.phase == .running && (before.phase != .running || before.episode != announcement.episode)
    if starts {
      task.begin()
      disturbance = DisturbanceCourse(kind, seed: seed, episode: announcement.episode)
      runningSteps = 0
    } else if announcement.phase != .running, disturbance != nil {
      disturbance = nil
      follower.disturb(by: .zero)
    }
  }

  /// The truth about the episode: success and failure as the task defines them; touching the rim is forgiven where a
  /// person may still mend it.
  var outcome: Outcome {
    guard disturbance != nil else { return .open }
    let activity = person.heard.activity
    return task.outcome(forgiving: activity == .correct || activity == .record)
  }

  /// The scene as it is now.
  var view: SceneView {
    var view = task.look()
    view.posture = follower.posture
    view.seenPosture = view.posture
    return view
  }

  /// What the skill would do from here.
  var advice: SIMD8<Double> { person.skill.next(view, style: 1).change }

  /// Where the follower's tool is.
  var tool: SIMD3<Double> { follower.simulation.position(site: toolSite) }

  /// True before the steps that begin a camera frame.
  var isFrame: Bool { steps % Self.stepsAFrame == 0 }

  /// One physics step of 2 ms; a camera frame first, when one is due.
  func step() {
    if isFrame { person.look(view, outcome: outcome) }
    if disturbance != nil {
      if runningSteps % Self.stepsAFrame == 0, let shift = disturbance?.next() {
        follower.disturb(by: shift.joints)
        if shift.object != .zero { task.knock(by: shift.object) }
      }
      runningSteps += 1
    }
    person.push()
    follower.simulation.step()
    leader.simulation.step()
    if disturbance != nil { task.judge() }
    steps += 1
  }
}
