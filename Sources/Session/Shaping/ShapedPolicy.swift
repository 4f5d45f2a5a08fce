// A shaped policy is a policy's folder with one file more: what a person likes.
//
//     policies/gentle/policy.json, model.safetensors     as in the parent's folder, which its lineage names
//     policies/gentle/shaping.json                       the model of the person's reward
//
// Whatever drives a policy's folder drives it shaped.

public import Arm
internal import Control
public import Foundation
public import Learning
internal import Policy

/// What `shaping.json` holds: a person's taste, and all that is needed to go on learning it.
public struct Shaping: Codable, Sendable, Equatable {
  /// The format's version.
  public var version = 1
  /// The aspects of an action, in their order.
  public var aspects = ActionAspects.names
  /// The policy that it shapes: its folder's name, and the digest of its files.
  public var parent: String
  /// See `Policy.digest`.
  public var parentDigest: String
  /// Episodes in which the person said something.
  public var episodes = 0
  /// What the person would say.
  public var reward: HumanReward

  /// The file's name within a policy's folder.
  public static let file = "shaping.json"

  /// Nothing known yet.
  init(parent: String, parentDigest: String, window: HumanReward.Window) {
    self.parent = parent
    self.parentDigest = parentDigest
    reward = HumanReward(terms: ActionAspects.count, window: window)
  }

  /// Reads the file of a policy's folder; nil where nobody shaped it.
  public static func read(from folder: URL) throws(HostError) -> Shaping? {
    let file = folder.appending(path: Self.file)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let shaping: Shaping
    do {
      shaping = try JSONDecoder().decode(Shaping.self, from: Data(contentsOf: file))
    } catch {
      throw .refused(
        "\(file.path) should hold what a person likes, but cannot be read; remove it to let the policy drive as it was."
      )
    }
    guard shaping.version == 1, shaping.aspects == ActionAspects.names,
      shaping.reward.weights.count == ActionAspects.count, shaping.reward.weights.allSatisfy(\.isFinite)
    else {
      throw .refused(
        "\(file.path) speaks of \(shaping.aspects.joined(separator: ", ")) (version \(shaping.version)), and this program "
          + "knows \(ActionAspects.names.joined(separator: ", ")) (version 1); shape the policy anew.")
    }
    return shaping
  }

  /// Replaces the file of a policy's folder, all of it or nothing.
  func write(to folder: URL) throws {
    try encoded().write(to: folder.appending(path: Self.file), options: .atomic)
  }

  private func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }

  // MARK: Folders

  /// The folder in which `parent` is shaped: made from it, or, where it is there and was made from it, gone on with.
  public static func open(
    _ folder: URL, parent: URL, window: HumanReward.Window
  ) throws(HostError) -> Shaping {
    let digest: String, description: PolicyDescription, parameters: PolicyParameters
    do throws(PolicyError) {
      digest = try Policy.digest(parent)
      (description, parameters) = try Policy.read(parent)
    } catch { throw .policy(error) }
    guard try read(from: parent) == nil else {
      throw .refused(
        "\(parent.relativePath) is shaped already; to go on with it, name its parent with --policy and it with --output."
      )
    }
    if FileManager.default.fileExists(atPath: folder.path) {
      return try goOn(folder, parent: parent, digest: digest, window: window)
    }
    let shaping = Shaping(parent: parent.lastPathComponent, parentDigest: digest, window: window)
    var shaped = description
    shaped.lineage.parent = parent.lastPathComponent
    do {
      try Policy.save(shaped, parameters, to: folder, attachments: [file: try shaping.encoded()])
      let critic = PolicyTraining.criticFolder(in: parent)
      if FileManager.default.fileExists(atPath: critic.path) {
        try FileManager.default.copyItem(at: critic, to: PolicyTraining.criticFolder(in: folder))
      }
    } catch let error as PolicyError {
      throw .policy(error)
    } catch {
      throw .refused("The policy's folder \(folder.relativePath) could not be made: \(error.localizedDescription).")
    }
    return shaping
  }

  private static func goOn(
    _ folder: URL, parent: URL, digest: String, window: HumanReward.Window
  ) throws(HostError) -> Shaping {
    guard let shaping = try read(from: folder) else {
      throw .inTheWay("\(folder.relativePath) is there already and is no shaped policy; name another with --output.")
    }
    guard shaping.parentDigest == digest else {
      throw .refused(
        "\(folder.relativePath) was made from the policy \(shaping.parent) (\(shaping.parentDigest.prefix(8))), not from "
          + "\(parent.relativePath) (\(digest.prefix(8))); name that one, or another --output.")
    }
    guard shaping.reward.window == window else {
      let old = shaping.reward.window
      throw .refused(
        "\(folder.relativePath) learns from delays of \(old.from_s) to \(old.to_s) s, which cannot change half-way; give "
          + "the same --delays, or another --output.")
    }
    return shaping
  }
}

extension ActionAspects {
  /// The aspects of the decisions of a rig's first pair.
  public init(_ rig: Rig) {
    self.init(
      rig.kinematics(), joints: rig.pairs[0].follower.arm.joints.count, loop_Hz: rig.loop_Hz,
      decision_Hz: rig.decision_Hz, environment: rig.environmentNames)
  }
}
