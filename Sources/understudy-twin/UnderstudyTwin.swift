internal import ArgumentParser

/// The hardware for people who have none yet.
@main
struct UnderstudyTwin: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "understudy-twin",
    abstract: "Two emulated SO-101 arms, a task on the table and a person at the leader.",
    discussion: """
      Try:
        understudy-twin --task insert --seed 7 --dir .twin
      and in another terminal
        understudy teleoperate --rig hardware/rigs/twin-insert.yaml
      """,
    subcommands: [Serve.self, WorkbenchVerb.self, HandVerb.self, Rehearse.self, SoakVerb.self, Demo.self],
    defaultSubcommand: Serve.self)
}
