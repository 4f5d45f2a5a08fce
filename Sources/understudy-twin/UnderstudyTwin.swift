internal import ArgumentParser
internal import Session

/// The hardware for people who have none yet.
@main
struct UnderstudyTwin: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "understudy-twin",
    abstract: "Two emulated SO-101 arms, a task on the table and a person at the leader.",
    discussion: HelpText.page(
      """
      In one terminal

        understudy-twin --task insert --seed 7 --dir .twin

      and in another, in the same folder (or with UNDERSTUDY_TWIN set to the twin's):

        understudy teleoperate --rig twin-insert
      """),
    subcommands: [
      Serve.self, WorkbenchVerb.self, HandVerb.self, Rehearse.self, SoakVerb.self, StudyVerb.self, Generate.self,
      OneShot.self, ShapingVerb.self, TransferVerb.self, RolloutsVerb.self, Demo.self,
    ],
    defaultSubcommand: Serve.self)
}
