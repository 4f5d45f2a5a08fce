internal import ArgumentParser
internal import Session

/// The host program of a robot arm: demonstrate, train, run, correct.
@main
struct Understudy: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "understudy",
    abstract: "Runs a robot arm by a learned policy, and learns from the person who corrects it.",
    discussion: Help.page(
      """
      The whole cycle, on an arm or on the twin (`understudy-twin --task insert --dir .twin` in another terminal):

        understudy record --rig twin-insert --dataset demonstrations --episodes 6
        understudy train demonstrations --rig twin-insert --output policies/first
        understudy run --rig twin-insert --policy policies/first --episodes 3
        understudy correct --rig twin-insert --policy policies/first \\
                           --with demonstrations --dataset corrections \\
                           --policies policies --rounds 2
        understudy evaluate --rig twin-insert --policy policies/round-2

      Every verb ends with 0, or with one sentence and a code of sysexits.h: 64 the command line asks for what cannot be, 65
      a file is wrong, 66 it is missing, 69 a port or servo is not there, 73 an output exists already, 75 not now, 78 a
      configuration file is wrong; 130 after Ctrl-C.

      Not a safety-rated system: have a switch in the arm's supply within reach.
      """),
    version: understudyVersion,
    subcommands: [
      Teleoperate.self, Record.self, Replay.self, Train.self, Run.self, Correct.self, Shape.self, Evaluate.self,
      Inspect.self,
      Recover.self, Verify.self, EditDataset.self, Export.self, Import.self, Relax.self, Ports.self,
      SetupMotors.self, Calibrate.self, Doctor.self, Reward.self, Adapt.self, Bench.self,
    ])
}
