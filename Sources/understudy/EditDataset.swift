public import ArgumentParser
public import Episodes
internal import Foundation
internal import Session

/// Changes which episodes count, and as what.
struct EditDataset: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edit-dataset",
    abstract: "Delete, relabel, filter, split and merge episodes; no log is ever changed.",
    discussion: Help.page(
      """
      Only the dataset's list changes (dataset.json), and every change of it can be undone. Episodes are named by id or by
      their place in the list, from 1: `understudy inspect DATASET` shows both.

        understudy edit-dataset delete demonstrations --episodes 3,7-9
        understudy edit-dataset relabel demonstrations --episodes 4 --label failure
        understudy edit-dataset filter demonstrations --label success --min-seconds 1
        understudy edit-dataset undo demonstrations
        understudy edit-dataset split demonstrations \\
                                --into training=0.9 --into testing=0.1
        understudy edit-dataset merge demonstrations corrections --into everything
      """),
    subcommands: [Delete.self, Relabel.self, Filter.self, Undo.self, Split.self, Merge.self])

  /// What every edit takes.
  struct Common: ParsableArguments {
    @Flag(help: "One JSON object on standard output, for machines.") var json = false

    func run(_ body: (inout DatasetEditing) throws -> Void) throws {
      try Ending.catching {
        var editing = DatasetEditing()
        try body(&editing)
        Output.show(editing, json: json)
      }
    }
  }

  struct Delete: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take episodes out of the list; their logs stay.")
    @Argument(help: "The dataset's folder.") var dataset: String
    @Option(help: "Ids, or places in the list: 3,7-9.") var episodes: String
    @OptionGroup var common: Common

    func run() throws { try common.run { try $0.delete(dataset, episodes) } }
  }

  struct Relabel: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Give episodes another label, task or notes.")
    @Argument(help: "The dataset's folder.") var dataset: String
    @Option(help: "Ids, or places in the list: 3,7-9.") var episodes: String
    @Option(help: "success, failure or unlabelled.") var label: EpisodeLabel?
    @Option(help: "The task in words.") var task: String?
    @Option(help: "Free words.") var notes: String?
    @OptionGroup var common: Common

    func validate() throws {
      guard label != nil || task != nil || notes != nil else {
        throw ValidationError("Say --label, --task or --notes.")
      }
    }

    func run() throws {
      try common.run { try $0.relabel(dataset, episodes, label: label, task: task, notes: notes) }
    }
  }

  struct Filter: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Keep only the episodes for which every condition holds.")
    @Argument(help: "The dataset's folder.") var dataset: String
    @Option(help: "Keep this label (may be said more than once).") var label: [EpisodeLabel] = []
    @Option(help: "Keep this task, word for word.") var task: String?
    @Option(help: "Keep episodes at least so long.") var minSeconds: Double?
    @Option(help: "Keep episodes at most so long.") var maxSeconds: Double?
    @Flag(help: "Keep episodes in which a person commanded.") var byHand = false
    @OptionGroup var common: Common

    func run() throws {
      var condition = DatasetEditing.Condition()
      condition.labels = label
      condition.task = task
      condition.minimumSeconds = minSeconds
      condition.maximumSeconds = maxSeconds
      condition.byHand = byHand
      try common.run { try $0.filter(dataset, condition) }
    }
  }

  struct Undo: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take the last delete, relabel or filter back.")
    @Argument(help: "The dataset's folder.") var dataset: String
    @OptionGroup var common: Common

    func run() throws { try common.run { try $0.undo(dataset) } }
  }

  struct Split: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Part a dataset by shares into new ones, which share its logs.")
    @Argument(help: "The dataset's folder.") var dataset: String
    @Option(help: "A new folder and its share: training=0.9 (more than once).") var into: [String]
    @Option(help: "Another seed parts it otherwise.") var seed: UInt64 = 1
    @OptionGroup var common: Common

    func validate() throws { _ = try parts() }

    private func parts() throws -> [(folder: String, share: Double)] {
      let parts = into.compactMap { text -> (folder: String, share: Double)? in
        guard let equals = text.lastIndex(of: "="), let share = Double(text[text.index(after: equals)...]),
          share > 0, share <= 1, equals > text.startIndex
        else { return nil }
        return (String(text[..<equals]), share)
      }
      guard !parts.isEmpty, parts.count == into.count, parts.reduce(0, { $0 + $1.share }) < 1.0001 else {
        throw ValidationError("--into takes FOLDER=SHARE, shares above 0 and together at most 1.")
      }
      return parts
    }

    func run() throws { try common.run { try $0.split(dataset, into: parts(), seed: seed) } }
  }

  struct Merge: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make one new dataset of several, which shares their logs.")
    @Argument(help: "The datasets' folders.") var datasets: [String]
    @Option(help: "The new dataset's folder.") var into: String
    @OptionGroup var common: Common

    func run() throws { try common.run { try $0.merge(datasets, into: into) } }
  }
}

extension EpisodeLabel: ExpressibleByArgument {}
