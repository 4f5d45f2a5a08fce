internal import Arm
internal import Control
internal import Episodes
internal import Learning
internal import Policy
internal import RealTime
internal import Session

/// Lets the expert's action stand in for the policy's in a share β of all decisions: classic DAgger's mixture, step by step.
///
/// The tick knows nothing of it. Before a decision a coin falls; for the expert, a policy that answers everything with the
/// twin's advice is handed to the tick, and afterwards the real one again. An episode's first decision, whose moment nobody
/// outside the tick knows beforehand, is the policy's.
final class ExpertMixture {
  /// How many decisions were the expert's, and how many there were.
  private(set) var expert = 0
  private(set) var decisions = 0
  private let session: VirtualSession
  private let columns: Demonstrations.Columns
  private let beta: Double
  private let interface: PolicyInterface
  private let plan: PolicySource.Plan
  private let kernels: Kernels
  private let learner: Request
  private var random: SplitMix64
  /// The tick reads what it was handed last until it shows a later one.
  private var lent: [PolicySource.Loaded] = []
  private var sinceDecision = 0
  private var isExpert = false

  /// A mixture in a session whose policy is `learner`; the caller keeps it as long as the session runs.
  init(
    _ session: VirtualSession, learner: PolicySource.Loaded, columns: Demonstrations.Columns, beta: Double, seed: UInt64
  ) throws {
    self.session = session
    self.columns = columns
    self.beta = beta
    random = SplitMix64(seed: seed)
    let rig = session.host.rig
    let names = Array(columns.features.prefix(1))
    interface = PolicyInterface(
      arm: rig.pairs[0].follower.arm.name, features: names, actions: columns.actions.map(\.name),
      representation: .relativeToCommand, decision_Hz: Double(rig.decision_Hz))
    plan = PolicySource.Plan(
      features: try rig.featurePlan(names), joints: columns.actions.map(\.joint), representation: .relativeToCommand,
      chunk: 1, execution: .horizon(1))
    kernels = try Kernels.chosen()
    self.learner = Self.request(for: learner)
  }

  /// Before a tick: who decides in it.
  func prepare() throws {
    let record = session.host.snapshot.record
    guard record.source == .policy else {
      sinceDecision = 0
      if isExpert { give(learner, isExpert: false) }
      return
    }
    sinceDecision = record.decides ? 1 : sinceDecision + 1
    guard sinceDecision == columns.decisionTicks else { return }
    decisions += 1
    guard random.uniform() < beta else {
      if isExpert { give(learner, isExpert: false) }
      return
    }
    expert += 1
    let advice = session.world.advice_rad
    let said = try constant(columns.actions.map { Float(advice[$0.joint]) })
    lent = lent.suffix(3) + [said]
    give(Self.request(for: said), isExpert: true)
  }

  private func give(_ request: Request, isExpert: Bool) {
    session.host.ask(request)
    self.isExpert = isExpert
  }

  private static func request(for loaded: PolicySource.Loaded) -> Request {
    var request = Request(.loadPolicy)
    request.policy = UInt(bitPattern: Unmanaged.passUnretained(loaded).toOpaque())
    request.generation = loaded.generation
    return request
  }

  /// A policy that answers everything with `action`.
  private func constant(_ action: [Float]) throws -> PolicySource.Loaded {
    let anything = PolicyStatistics.Column(mean: 0, std: 1, min: -1, max: 1)
    let description = PolicyDescription(
      interface: interface, network: NetworkShape(hidden: [1], standardised: false),
      statistics: PolicyStatistics(features: [anything], actions: action.map { _ in anything }))
    let parameters = PolicyParameters(members: [
      [
        DenseParameters(inputs: 1, outputs: 1, weights: [0], bias: [0]),
        DenseParameters(
          inputs: 1, outputs: action.count, weights: [Float](repeating: 0, count: action.count), bias: action),
      ]
    ])
    return PolicySource.Loaded(
      policy: try Policy(description, parameters, kernels: kernels), plan: plan, generation: .max)
  }
}
