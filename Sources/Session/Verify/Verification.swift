internal import Arm
public import Control
internal import Episodes
public import Foundation
internal import Policy

/// What `understudy verify` finds: whether logs' commands, made again from their inputs, are the logged ones bit for bit.
public struct Verification: Sendable, Encodable {
  /// One log.
  public struct Log: Sendable, Encodable {
    /// Its file.
    public var file: String
    /// Ticks in it.
    public var ticks = 0
    /// Ticks whose command was made again from the logged wish.
    public var commands = 0
    /// Ticks whose wish was made again.
    public var wishes = 0
    /// Inferences made again.
    public var inferences = 0
    /// Wishes taken as logged.
    public var taken = 0
    /// The policy that was asked again; nil where there was none, or it is not to be had.
    public var policy: String?
    /// The first difference; nil where there is none.
    public var difference: Difference?
    /// Why it could not be verified, if so, or what was left out.
    public var note: String?
  }

  /// Every log, in its dataset's order.
  public private(set) var logs: [Log] = []
  /// The kernels that inferred.
  public let kernels: String

  /// True where every log was read and nothing differs.
  public var isIdentical: Bool { logs.allSatisfy { $0.difference == nil && $0.ticks > 0 } }

  /// Verifies a log, or every log of a dataset. `policy` stands in where the policy that a log names has moved.
  public init(_ url: URL, policy: URL? = nil) throws(HostError) {
    do { kernels = try Kernels.chosen().name } catch { throw .policy(error) }
    let path = url.relativePath
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw .refused("\(path) does not exist; name a dataset's folder or the log of an episode (.mcap).")
    }
    var files = [path]
    if isFolder.boolValue {
      do throws(DatasetError) {
        let dataset = try Dataset.open(path)
        files = dataset.episodes.map { dataset.path(of: $0) }
      } catch { throw .refused("\(error)") }
      guard !files.isEmpty else {
        throw .refused("\(path) is a dataset without an episode: there is nothing to verify.")
      }
    }
    for file in files { logs.append(try Self.verify(file, policy)) }
  }

  private static func verify(_ file: String, _ given: URL?) throws(HostError) -> Log {
    var log = Log(file: file)
    let reader: EpisodeReader
    do throws(LogError) { reader = try EpisodeReader.open(file) } catch {
      log.note = error.description
      return log
    }
    let recorded = try RecordedRig(reader.session, log: file)
    defer { recorded.remove() }
    let plan = try ControlPlan(recorded.rig, leaderMirrors: false)
    let loaded = policy(of: reader, recorded.rig, plan, given, &log)
    var verifier = Verifier(map: plan.map, envelope: plan.envelope, settings: plan.settings, policy: loaded)
    var record = TickRecord()
    do throws(LogError) {
      while try reader.next(into: &record) {
        log.ticks += 1
        verifier.check(record)
      }
      if let torn = reader.tornAt { log.note = "torn at byte \(torn): verified up to there" }
    } catch { log.note = error.description }
    withExtendedLifetime(loaded) {}
    (log.commands, log.wishes) = (verifier.commands, verifier.wishes)
    (log.inferences, log.taken) = (verifier.inferences, verifier.taken)
    log.difference = verifier.difference
    return log
  }

  /// The policy that drove: the one given, or where the log says it was, if it is still the same.
  private static func policy(
    of reader: EpisodeReader, _ rig: Rig, _ plan: ControlPlan, _ given: URL?, _ log: inout Log
  ) -> PolicySource.Loaded? {
    let digest = reader.episode.policyDigest
    guard !digest.isEmpty else { return nil }
    let folder = given ?? reader.episode.extra["policy_folder"].map { URL(filePath: $0) }
    guard let folder, let present = try? Policy.digest(folder) else {
      log.note = "its policy \(digest) is not there, so that its wishes are taken as logged; name it with --policy"
      return nil
    }
    guard present == digest else {
      log.note = "\(folder.relativePath) is another policy (\(present)) than the one that drove (\(digest))"
      return nil
    }
    do {
      let shaping = reader.episode.extra[ShapingForLog.key]
      guard shaping != ShapingForLog.learning else {
        log.note = "its policy was being shaped, so that its wishes are taken as logged"
        return nil
      }
      let loaded = try PolicySource.Loaded(
        folder, arm: rig.pairs[0].follower.arm, rig: rig, settings: plan.settings,
        weights: try shaping.map(ShapingForLog.weights), generation: 1)
      log.policy = folder.relativePath
      return loaded
    } catch {
      log.note = "its policy cannot be used: \(error)"
      return nil
    }
  }
}

extension Verification: CustomStringConvertible {
  /// For people.
  public var description: String {
    var table = TextTable(
      ["log", "ticks", "commands", "wishes", "inferences", "as logged", ""], numbers: [1, 2, 3, 4, 5])
    for log in logs {
      let verdict = log.difference.map(Self.sentence) ?? (log.ticks > 0 ? "identical" : "not verified")
      table.add(
        URL(filePath: log.file).lastPathComponent, "\(log.ticks)", "\(log.commands)", "\(log.wishes)",
        "\(log.inferences)", "\(log.taken)", [verdict, log.note].compactMap(\.self).joined(separator: "; "))
    }
    return "\(table)\n  kernels: \(kernels)"
  }

  private static func sentence(_ difference: Difference) -> String {
    let place = difference.joint.map { ", joint \($0 + 1)" } ?? ""
    return
      "differs first at tick \(difference.tick)\(place): \(meaning(difference.kind)); logged \(difference.logged), "
      + "made again \(difference.made)"
  }

  private static func meaning(_ kind: Difference.Kind) -> String {
    switch kind {
    case .chain: "it does not go on from the command of the tick before"
    case .wish: "another wish of a hold or a slow move"
    case .person: "another wish of the person's"
    case .policy: "the policy wishes for something else"
    case .command: "the envelope makes another command of the same wish"
    case .limits: "the envelope names other limits"
    case .fault: "the envelope finds another fault"
    }
  }
}
