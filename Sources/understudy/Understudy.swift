internal import ArgumentParser
internal import Session

/// The host program of a robot arm: demonstrate, train, run, correct.
@main
struct Understudy: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "understudy",
    abstract: "Runs a robot arm by a learned policy, and learns from the person who corrects it.",
    discussion: """
      The whole cycle, on an arm or on the twin (`understudy-twin --task insert --dir .twin`):

        understudy record   --rig twin-insert --dataset demonstrations --episodes 6
        understudy train    demonstrations --rig twin-insert --output policies/first
        understudy run      --rig twin-insert --policy policies/first
        understudy correct  --rig twin-insert --policy policies/first --with demonstrations \\
                            --dataset corrections --policies policies
        understudy evaluate --rig twin-insert --policy policies/round-1 --episodes 20

      Not a safety-rated system: have a switch in the arm's supply within reach.
      """,
    version: understudyVersion,
    subcommands: [
      Teleoperate.self, Record.self, Train.self, Run.self, Correct.self, Evaluate.self, Inspect.self, Recover.self,
      EditDataset.self, Export.self, Import.self, Relax.self, Ports.self, SetupMotors.self, Calibrate.self,
      Doctor.self, Reward.self, Bench.self,
    ])
}
