public import Arm
internal import Episodes
public import Foundation

/// Rollouts that are written down as they come, so that a fit that was interrupted goes on where it was.
///
/// A fit with a seed asks for the same rollouts in the same order again: what was written down is given back without asking,
/// and the result is the same to the bit. A line of JSON each; the first says whose rollouts they are.
public final class RolloutJournal<Base: Rollouts>: Rollouts {
  private struct Entry: Codable {
    /// Fingerprint of what was asked; of the first line: of what the fit consists of.
    let asked: String
    let counts: [[Double]]
  }

  private let base: Base
  private let path: String
  private let handle: FileHandle
  /// What an earlier process wrote down.
  private let known: [Entry]
  private var next = 0

  /// Opens the journal of the fit that `identity` describes, or begins it.
  public init(_ base: Base, file: URL, identity: [String]) throws(RewardError) {
    self.base = base
    path = file.path
    let own = Entry(asked: Fingerprint.of(identity.joined(separator: "\n").utf8), counts: [])
    var entries: [Entry] = []
    var length = 0
    if let data = FileManager.default.contents(atPath: file.path) {
      // A process that was killed leaves half a line at most.
      for line in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
        guard line.endIndex < data.endIndex, let entry = try? JSONDecoder().decode(Entry.self, from: line) else {
          break
        }
        entries.append(entry)
        length += line.count + 1
      }
      guard entries.first.map({ $0.asked == own.asked }) ?? data.isEmpty else { throw .otherFit(path: file.path) }
    }
    known = Array(entries.dropFirst())
    do {
      if length == 0 {
        try Self.line(own).write(to: file, options: .atomic)
        length = try Self.line(own).count
      }
      handle = try FileHandle(forUpdating: file)
      try handle.truncate(atOffset: UInt64(length))
    } catch {
      throw .notWritten(path: file.path, reason: error.localizedDescription)
    }
  }

  deinit { try? handle.close() }

  private static func line(_ entry: Entry) throws -> Data { try JSONEncoder().encode(entry) + Data("\n".utf8) }

  /// What the base tells.
  public var features: [RewardFeature] { base.features }

  /// As the base has it.
  public func isPossible(_ trajectory: [JointVector]) -> Bool { base.isPossible(trajectory) }

  /// As the base has it.
  public func counts(shown demonstration: DemonstratedTrajectory) -> [Double]? { base.counts(shown: demonstration) }

  /// From the journal as far as that goes, then from the base.
  public func counts(of trajectories: [[JointVector]], in scene: RolloutScene) throws(RewardError) -> [[Double]] {
    let asked = fingerprint(trajectories, scene)
    if next < known.count {
      guard known[next].asked == asked, known[next].counts.count == trajectories.count else {
        throw .otherFit(path: path)
      }
      next += 1
      return known[next - 1].counts
    }
    let counts = try base.counts(of: trajectories, in: scene)
    do { try handle.write(contentsOf: Self.line(Entry(asked: asked, counts: counts))) } catch {
      throw .notWritten(path: path, reason: error.localizedDescription)
    }
    return counts
  }

  private func fingerprint(_ trajectories: [[JointVector]], _ scene: RolloutScene) -> String {
    var bytes: [UInt8] = []
    func add(_ vector: JointVector) {
      for lane in 0..<JointVector.scalarCount { withUnsafeBytes(of: vector[lane].bitPattern) { bytes += $0 } }
    }
    for path in trajectories { path.forEach(add) }
    add(scene.position ?? .zero)
    add(scene.velocity)
    for value in scene.environment { withUnsafeBytes(of: value.bitPattern) { bytes += $0 } }
    for feature in base.features { bytes += feature.name.utf8 }
    return Fingerprint.of(bytes)
  }
}
