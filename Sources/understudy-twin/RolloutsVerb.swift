internal import ArgumentParser
internal import Arm
internal import Foundation
internal import Learning
internal import RealTime
internal import Rehearsal
internal import Session
internal import Twin

/// The twin's physics as a model for planners.
struct RolloutsVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollouts",
    abstract: "Answer what commands would lead to: a model for `understudy reward fit` and `reward plan`.",
    discussion: HelpText.page(
      """
      Over a local stream socket, a line of JSON each way: a state and many sequences of commands in, where joints and objects
      went out. Without servos, host or person. --dynamics makes it another arm and table than the scene's.

        understudy-twin rollouts --task push --socket .rollouts.sock
        understudy-twin rollouts --task push --socket .rollouts.sock \\
          --dynamics friction=3,shoulder_pan=0.2

      Sources/Learning/InverseReinforcement/RolloutExchange.swift shows the lines. Ctrl-C ends it.
      """))

  @Option(help: "The twin's task: \(TwinWorld.tasks.joined(separator: ", ")).") var task = "push"
  @Option(help: "Where to listen.") var socket: String
  @Option(help: "How arm and table differ from the scene: \(TwinDynamics.form).") var dynamics = "none"
  @Flag(help: "Say in JSON that it is ready.") var json = false

  func run() throws {
    guard TwinWorld.tasks.contains(task) else {
      throw ValidationError("\(TwinError.unknownTask(task, known: TwinWorld.tasks))")
    }
    guard let change = TwinDynamics(dynamics) else {
      throw ValidationError("--dynamics takes \(TwinDynamics.form), not \(dynamics).")
    }
    var options = TwinOptions()
    options.task = task
    options.dynamics = change
    let rig = try Rig.load("twin-\(task)")
    let model = try TwinRollouts(options, rig: rig, features: [])
    let listener: LineListener
    do { listener = try LineListener(path: socket) } catch { throw Ending.failure("\(error)", .unavailable) }
    let signals = EndSignals()
    Serve.say(
      json
        ? "{\"ready\": \"\(socket)\", \"task\": \"\(task)\", \"dynamics\": \"\(change)\"}"
        : "Rolling out \(task) at \(socket), dynamics \(change). Ctrl-C ends it.")
    while signals.count == 0 {
      guard let client = listener.next(milliseconds: 200) else { continue }
      serve(client, model, rig, signals)
    }
  }

  /// Answers one client until it goes.
  private func serve(_ client: LineSocket, _ model: TwinRollouts, _ rig: Rig, _ signals: EndSignals) {
    let joints = rig.pairs[0].follower.arm.jointNames
    while let line = client.read(seconds: 3600, isOver: { signals.count > 0 }) {
      let answer: RolloutAnswer
      if let request = try? JSONDecoder().decode(RolloutRequest.self, from: line) {
        answer = self.answer(request, model, rig, joints)
      } else {
        answer = RolloutAnswer(error: "the line is no request (\(Self.form))")
      }
      guard let data = try? JSONEncoder().encode(answer), client.write(data) else { return }
    }
  }

  private static let form = "period_s, position, velocity, environment, commands"

  private func answer(
    _ request: RolloutRequest, _ model: TwinRollouts, _ rig: Rig, _ joints: [String]
  ) -> RolloutAnswer {
    if let problem = request.problem(joints: joints) { return RolloutAnswer(error: problem) }
    let missing = rig.environmentNames.filter { request.environment[$0] == nil }
    guard missing.isEmpty else {
      return RolloutAnswer(
        error: "this is the twin's task \(task), and the state has no \(missing.joined(separator: ", ")) for it; start "
          + "`understudy-twin rollouts` with the rig's own --task")
    }
    guard request.period_s == RolloutWorld.period_s else {
      return RolloutAnswer(
        error: "the period is \(request.period_s) s; the twin has \(RolloutWorld.period_s) s, a "
          + "decision_Hz of \(Int((1 / RolloutWorld.period_s).rounded())) in the rig")
    }
    do {
      let traces = try model.traces(of: request.trajectories, in: request.scene(names: rig.environmentNames))
      let isFinite = traces.allSatisfy { $0.environments.allSatisfy { $0.allSatisfy(\.isFinite) } }
      guard isFinite else {
        return RolloutAnswer(error: "the simulation ran away; draw nearer to what was shown (--spread)")
      }
      return RolloutAnswer(traces, names: rig.environmentNames, joints: joints.count)
    } catch { return RolloutAnswer(error: "\(error)") }
  }
}
