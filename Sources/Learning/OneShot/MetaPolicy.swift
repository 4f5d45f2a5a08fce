public import Foundation
public import Policy

/// What was learned of a family of tasks: enough for one demonstration to make a policy of the next.
///
///     let family = try MetaPolicy.train(shown, rig: rig, datasets: digests, seed: 7) { … }
///     try family.save(to: folder)
///     let adapted = try family.adapt(to: demonstration, named: "shown/1")
///
/// Two ways lead there, and training says which is better: reading the goal off the demonstration's end, for a policy that
/// was trained to go to any; or learning from the demonstration's actions, by weights that were prepared for it (MAML).
public struct MetaPolicy: Sendable {
  /// How a demonstration is used.
  public enum Method: String, Codable, Sendable, CaseIterable {
    /// Its end is the goal of a goal-conditioned policy.
    case goal
    /// A few steps down the slope from weights that were prepared for them.
    case maml
    /// Adam from a network of all tasks: the usual way, to compare with.
    case fineTune = "fine-tune"
    /// A network of all tasks as it is: what no adaptation is worth.
    case none
  }

  /// What stands in `adapt.json`.
  public struct Description: Codable, Equatable, Sendable {
    /// 1.
    public var version = 1
    /// The rig that demonstrations come from.
    public var rig: String
    /// What a goal is; absent where none can be read.
    public var frame: GoalFrame?
    /// How well ends agree in it.
    public var agreement: GoalFrame.Agreement?
    /// The goals that training saw, an axis each: least and greatest, in m.
    public var goals_m: [[Double]]
    /// Columns that a goal's policy needs beside its own.
    public var carriers: [String]
    /// What training saw of them.
    public var carrierColumns: [PolicyStatistics.Column]
    /// What `adapt` takes unless told otherwise.
    public var method: Method
    /// MAML's step and its number.
    public var innerRate: Double
    /// How many steps.
    public var innerSteps: Int
    /// Fine-tuning's steps, chosen on held-out tasks.
    public var fineTuneSteps: Int
    /// Error on held-out tasks after one demonstration, as a share of a standard deviation, by method.
    public var heldOutErrors: [String: Double]
    /// Tasks learned from, and held out.
    public var tasks: Int
    /// Keys of those that were only judged on.
    public var heldOutTasks: [String]
    /// Demonstrations learned from.
    public var episodes: Int
    /// Digests of the datasets.
    public var datasets: [String]
    /// The seed.
    public var seed: UInt64
    /// What a person should know.
    public var notes: [String]
  }

  /// A policy in parts.
  struct Network: Sendable {
    var description: PolicyDescription
    var parameters: PolicyParameters
    /// Where step sizes were learned: [step][parameter], in the order of `OneTask.weights`.
    var rates: [Float] = []
  }

  /// What is known.
  public internal(set) var description: Description
  /// What it sees, and a demonstration's rows must hold.
  public var features: [String] { prepared.description.interface.features }
  /// To any goal; nil where none can be read.
  var goal: Network?
  var prepared: Network
  var joint: Network
  /// The losses of the training, of the weights that adapt and of the network of all tasks; none of what was read.
  public internal(set) var curves: (adapting: [LossPoint], joint: [LossPoint]) = ([], [])

  /// The file that describes a family.
  public static let descriptionFile = "adapt.json"
  private static let goalFolder = "goal"
  private static let preparedFolder = "maml"
  private static let jointFolder = "joint"

  /// Writes the folder, all or nothing, with `attachments` by their names; an existing one is left alone.
  public func save(to folder: URL, attachments: [String: Data] = [:]) throws(AdaptError) {
    let manager = FileManager.default
    let folder = folder.standardizedFileURL
    guard !manager.fileExists(atPath: folder.path) else {
      throw .notWritten(path: folder.path, reason: "it exists already")
    }
    let draft = folder.deletingLastPathComponent().appending(path: ".\(folder.lastPathComponent).\(UUID().uuidString)")
    defer { try? manager.removeItem(at: draft) }
    do {
      try manager.createDirectory(at: draft, withIntermediateDirectories: true)
      for (name, network) in [
        (Self.goalFolder, goal), (Self.preparedFolder, prepared), (Self.jointFolder, joint),
      ] {
        guard let network else { continue }
        try Policy.save(
          network.description, network.parameters, to: draft.appending(path: name),
          attachments: try Self.attachments(network.rates))
      }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try encoder.encode(description).write(to: draft.appending(path: Self.descriptionFile))
      for (name, data) in attachments { try data.write(to: draft.appending(path: name)) }
      try manager.moveItem(at: draft, to: folder)
    } catch {
      throw .notWritten(path: folder.path, reason: "\((error as NSError).localizedDescription)")
    }
  }

  /// Reads a folder.
  public init(_ folder: URL) throws(AdaptError) {
    let file = folder.appending(path: Self.descriptionFile)
    guard let data = FileManager.default.contents(atPath: file.path) else {
      throw .unreadable(
        path: folder.path, reason: "it has no \(Self.descriptionFile): `understudy adapt train` makes one")
    }
    do {
      description = try JSONDecoder().decode(Description.self, from: data)
    } catch {
      throw .unreadable(path: file.path, reason: "it is no description of a family of tasks")
    }
    guard description.version == 1 else {
      throw .unreadable(path: file.path, reason: "its version is \(description.version), and this program reads 1")
    }
    goal = description.frame == nil ? nil : try Self.read(folder, Self.goalFolder)
    prepared = try Self.read(folder, Self.preparedFolder)
    joint = try Self.read(folder, Self.jointFolder)
    let features = prepared.description.interface.features.count + (description.frame?.axes.count ?? 0)
    guard goal.map({ $0.description.interface.features.count == features }) ?? true,
      joint.description.widths == prepared.description.widths,
      description.carriers.count == description.carrierColumns.count,
      prepared.rates.isEmpty
        || prepared.rates.count == description.innerSteps * OneTask.weights(prepared.parameters.members[0]).count
    else { throw .unreadable(path: folder.path, reason: "its parts do not belong together") }
  }

  init(description: Description, goal: Network?, prepared: Network, joint: Network) {
    self.description = description
    self.goal = goal
    self.prepared = prepared
    self.joint = joint
  }

  private static func read(_ folder: URL, _ name: String) throws(AdaptError) -> Network {
    do {
      let (description, parameters) = try Policy.read(folder.appending(path: name))
      return Network(
        description: description, parameters: parameters, rates: try readRates(folder.appending(path: name)))
    } catch let error as PolicyError {
      throw .unreadable(path: folder.path, reason: error.description)
    } catch {
      throw .unreadable(path: "\(folder.path)/\(name)/\(ratesFile)", reason: "\(error)")
    }
  }

  private static let ratesFile = "inner-rates.safetensors"

  private static func attachments(_ rates: [Float]) throws -> [String: Data] {
    guard !rates.isEmpty else { return [:] }
    return [ratesFile: Data(try SafeTensors(tensors: ["rates": .init(shape: [rates.count], values: rates)]).encoded())]
  }

  private static func readRates(_ folder: URL) throws -> [Float] {
    let file = folder.appending(path: ratesFile)
    guard FileManager.default.fileExists(atPath: file.path) else { return [] }
    let data = try Data(contentsOf: file)
    let rates = try SafeTensors(decoding: data.bytes).tensors["rates"]?.values ?? []
    guard !rates.isEmpty, rates.allSatisfy(\.isFinite) else {
      throw SafeTensorsError.extent(tensor: "rates", reason: "it is missing, or holds what is no number")
    }
    return rates
  }
}
