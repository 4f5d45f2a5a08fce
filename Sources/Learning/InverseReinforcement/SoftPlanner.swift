internal import COpenBLAS
internal import Glibc

/// What the entropy of a plan is counted over.
public enum PlanEntropy: String, Sendable, CaseIterable {
  /// Causal entropy (Ziebart, Bagnell and Dey, 2010): the action's choice only. Chance is averaged over:
  /// Q = r + γ Σ T V. This is what to use, unless you compare with the older form.
  case causal
  /// Maximum entropy over trajectories (Ziebart and others, 2008): chance counts like a choice, Q = r + ln Σ T exp V.
  /// Where dynamics are random that plan hopes for luck. Equal to `causal` where they are not. Needs a horizon and no
  /// discount.
  case trajectory
}

/// A soft-optimal plan: each action is taken with a probability that grows exponentially with what it promises.
public struct SoftPlan: Sendable, Equatable {
  /// Times that have a plan of their own; 1 where it is stationary.
  public let times: Int
  /// [time][state]
  public let values: [[Double]]
  /// [time][state][action]
  public let policy: [[[Double]]]
}

/// How often each state is visited, discounted.
public struct Visits: Sendable, Equatable {
  /// [state], with the state after the last action: sums to the process's `visits`.
  public let all: [Double]
  /// [state], where an action is taken: what rewards are earned for. Without a horizon the same.
  public let acting: [Double]
}

extension MarkovDecisionProcess {
  /// Soft value iteration: π(a|s) = exp(Q(s,a) − V(s)), V = ln Σ exp Q.
  ///
  /// `reward` is a number for each state, earned by acting there. With a horizon the last action's Q is the reward alone.
  public func plan(reward: [Double], entropy: PlanEntropy = .causal) throws(RewardError) -> SoftPlan {
    let planner = try SoftPlanner(self, entropy)
    try planner.plan(reward)
    return planner.result
  }

  /// How often states are visited when a plan is carried out.
  public func visits(of plan: SoftPlan) throws(RewardError) -> Visits {
    let planner = try SoftPlanner(self, .causal)
    guard plan.times == planner.times, plan.policy.allSatisfy({ $0.count == states }) else {
      throw .malformed(key: "plan", problem: "it was made for another process")
    }
    for (index, probability) in plan.policy.joined().joined().enumerated() {
      planner.policy.pointer[index] = probability
    }
    try planner.visit()
    return planner.visits
  }

  /// How often demonstrations visit states, as a mean over them.
  ///
  /// Each is a list of states; with a horizon it has one more than there are actions.
  public func visits(of demonstrations: [[Int]]) throws(RewardError) -> Visits {
    guard !demonstrations.isEmpty else { throw .malformed(key: "demonstrations", problem: "there are none") }
    var all = [Double](repeating: 0, count: states), acting = all
    for (index, path) in demonstrations.enumerated() {
      if let horizon, path.count != horizon + 1 {
        throw .demonstration(
          index: index, problem: "it has \(path.count) states, and a horizon of \(horizon) makes \(horizon + 1)")
      }
      var weight = 1.0 / Double(demonstrations.count)
      for (time, state) in path.enumerated() {
        guard all.indices.contains(state) else {
          throw .demonstration(index: index, problem: "there is no state \(state) among \(states)")
        }
        all[state] += weight
        if time != horizon { acting[state] += weight }
        weight *= discount
      }
    }
    return Visits(all: all, acting: acting)
  }
}

/// Plans again and again in memory of its own: what learning does some thousand times.
final class SoftPlanner {
  let process: MarkovDecisionProcess
  let times: Int
  /// [time][state]
  let values: Buffer<Double>
  /// [time][state][action]
  let policy: Buffer<Double>
  /// [state], the results of `visit`.
  private let all: Buffer<Double>
  private let acting: Buffer<Double>
  private let entropy: PlanEntropy
  private let backup: Buffer<Double>
  private let flow: Buffer<Double>
  private let next: Buffer<Double>
  /// exp V of the next time, relative to the largest: what bends chance where entropy counts trajectories.
  private let tilt: Buffer<Double>

  /// Sweeps after which an endless problem counts as one that does not settle.
  private static let mostSweeps = 1_000_000
  /// Values and visits of endless problems are settled once they are this near to their limit.
  private static let settled = 1e-10

  init(_ process: MarkovDecisionProcess, _ entropy: PlanEntropy) throws(RewardError) {
    if entropy == .trajectory, process.horizon == nil || process.discount != 1 {
      throw .setting(
        name: "entropy", found: "trajectory", expected: "causal, because there is a discount or no horizon")
    }
    _ = MatrixLibrary.description  // one thread
    self.process = process
    self.entropy = entropy
    times = process.horizon ?? 1
    values = Buffer(times * process.states)
    policy = Buffer(times * process.states * process.actions)
    all = Buffer(process.states)
    acting = Buffer(process.states)
    tilt = Buffer(process.states)
    backup = Buffer(process.states * process.actions)
    flow = Buffer(process.states * process.actions)
    next = Buffer(process.states)
  }

  var result: SoftPlan {
    let (states, actions) = (process.states, process.actions)
    return SoftPlan(
      times: times,
      values: (0..<times).map { time in (0..<states).map { values.pointer[time * states + $0] } },
      policy: (0..<times).map { time in
        (0..<states).map { state in
          (0..<actions).map { policy.pointer[(time * states + state) * actions + $0] }
        }
      })
  }

  /// Fills `values` and `policy`.
  func plan(_ reward: [Double]) throws(RewardError) {
    guard reward.count == process.states, reward.allSatisfy(\.isFinite) else {
      throw .malformed(key: "reward", problem: "it has not one finite number for each of \(process.states) states")
    }
    let (states, actions) = (process.states, process.actions)
    guard process.horizon == nil else {
      for index in 0..<(states * actions) { backup.pointer[index] = 0 }
      for time in (0..<times).reversed() {
        if time + 1 < times { lookAhead(values.pointer + (time + 1) * states) }
        _ = choose(reward, time)
      }
      return
    }
    // A warm start: the values of the plan before. The backup is a contraction by the discount.
    for _ in 0..<Self.mostSweeps {
      lookAhead(values.pointer)
      let change = choose(reward, 0)
      guard change.isFinite else { return }  // the caller sees what is no number
      if change * process.discount <= Self.settled * (1 - process.discount) { return }
    }
    throw .unsettled(sweeps: Self.mostSweeps)
  }

  /// Writes values and policy of one time from `backup`; returns the largest change of a value.
  private func choose(_ reward: [Double], _ time: Int) -> Double {
    let (states, actions) = (process.states, process.actions)
    var largest = 0.0
    for state in 0..<states {
      let ahead = backup.pointer + state * actions
      let choice = policy.pointer + (time * states + state) * actions
      var top = ahead[0]
      for action in 1..<max(1, actions) { top = max(top, ahead[action]) }
      var sum = 0.0
      for action in 0..<actions {
        choice[action] = exp(process.discount * (ahead[action] - top))
        sum += choice[action]
      }
      for action in 0..<actions { choice[action] /= sum }
      let value = reward[state] + process.discount * top + log(sum)
      largest = max(largest, abs(value - values.pointer[time * states + state]))
      values.pointer[time * states + state] = value
    }
    return largest
  }

  /// backup(s,a) = Σ T V, or ln Σ T exp V over trajectories.
  private func lookAhead(_ ahead: UnsafePointer<Double>) {
    guard entropy == .trajectory else { return average(ahead) }
    let top = setTilt(ahead)
    average(tilt.pointer)
    for index in 0..<backup.count { backup.pointer[index] = top + log(backup.pointer[index]) }
  }

  private func setTilt(_ ahead: UnsafePointer<Double>) -> Double {
    var top = ahead[0]
    for state in 1..<max(1, process.states) { top = max(top, ahead[state]) }
    for state in 0..<process.states { tilt.pointer[state] = exp(ahead[state] - top) }
    return top
  }

  private func average(_ x: UnsafePointer<Double>) {
    let table = process.transitions
    let rows = process.states * process.actions
    guard table.dense.isEmpty else {
      cblas_dgemv(
        CblasRowMajor, CblasNoTrans, Int32(rows), Int32(process.states), 1, table.dense, Int32(process.states), x, 1, 0,
        backup.pointer, 1)
      return
    }
    table.starts.withUnsafeBufferPointer { starts in
      table.targets.withUnsafeBufferPointer { targets in
        table.probabilities.withUnsafeBufferPointer { probabilities in
          for row in 0..<rows {
            var sum = 0.0
            for entry in Int(starts[row])..<Int(starts[row + 1]) {
              sum += probabilities[entry] * x[Int(targets[entry])]
            }
            backup.pointer[row] = sum
          }
        }
      }
    }
  }
}

// Visits.
extension SoftPlanner {
  /// What `visit` found.
  var visits: Visits { Visits(all: all.values, acting: acting.values) }

  /// Fills `visits` from `policy`. Where entropy counts trajectories, chance is bent as that model believes it to be.
  func visit() throws(RewardError) {
    let states = process.states
    var weight = 1.0
    for state in 0..<states {
      all.pointer[state] = process.initial[state]
      next.pointer[state] = process.initial[state]
    }
    for step in 0..<(process.horizon ?? Self.mostSweeps) {
      acting.copy(all)
      advance(process.horizon == nil ? 0 : step)
      weight *= process.discount
      var added = 0.0
      for state in 0..<states {
        all.pointer[state] += weight * next.pointer[state]
        added += weight * next.pointer[state]
      }
      if process.horizon == nil, added <= Self.settled * (1 - process.discount) {
        acting.copy(all)
        return
      }
    }
    if process.horizon == nil { throw .unsettled(sweeps: Self.mostSweeps) }
  }

  /// `next` ← where it leads to.
  private func advance(_ time: Int) {
    let (states, actions) = (process.states, process.actions)
    let choice = policy.pointer + time * states * actions
    for state in 0..<states {
      for action in 0..<actions {
        flow.pointer[state * actions + action] = next.pointer[state] * choice[state * actions + action]
      }
    }
    guard entropy == .trajectory, time + 1 < times else { return scatter() }
    _ = setTilt(values.pointer + (time + 1) * states)
    average(tilt.pointer)
    for index in 0..<flow.count { flow.pointer[index] /= backup.pointer[index] }
    scatter()
    for state in 0..<states { next.pointer[state] *= tilt.pointer[state] }
  }

  /// next ← Tᵀ flow.
  private func scatter() {
    let (states, actions) = (process.states, process.actions)
    let table = process.transitions
    guard table.dense.isEmpty else {
      cblas_dgemv(
        CblasRowMajor, CblasTrans, Int32(states * actions), Int32(states), 1, table.dense, Int32(states), flow.pointer,
        1, 0, next.pointer, 1)
      return
    }
    for state in 0..<states { next.pointer[state] = 0 }
    table.starts.withUnsafeBufferPointer { starts in
      table.targets.withUnsafeBufferPointer { targets in
        table.probabilities.withUnsafeBufferPointer { probabilities in
          for row in 0..<(states * actions) {
            let amount = flow.pointer[row]
            for entry in Int(starts[row])..<Int(starts[row + 1]) {
              next.pointer[Int(targets[entry])] += amount * probabilities[entry]
            }
          }
        }
      }
    }
  }
}
