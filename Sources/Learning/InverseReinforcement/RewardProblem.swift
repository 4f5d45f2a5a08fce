public import Foundation

/// A tabular problem as it stands in a file: a process, and what its expert did.
///
///     { "transition": [[[0.9, 0.1], [0, 1]], [[1, 0], [0, 1]]],      [state][action][next state]
///       "initial_distribution": [1, 0],
///       "horizon": 20,                                               left out: endless
///       "discount": 1,                                               left out: 1
///       "observation": [[1, 0], [0, 1]],                             features; left out: each state is its own
///       "demonstrations": [[0, 0, 1, …], …] }                        states; or the true "reward"
public struct RewardProblem: Sendable {
  /// The process.
  public let process: MarkovDecisionProcess
  /// Visits of the expert.
  public let expert: Visits
  /// Where the expert comes from, for a person.
  public let source: String

  private struct File: Decodable {
    var transition: [[[Double]]]
    var initial_distribution: [Double]
    var horizon: Int?
    var discount: Double?
    var observation: [[Double]]?
    var demonstrations: [[Int]]?
    var reward: [Double]?
  }

  /// Reads a file; `discount` and `observation` win over what it says.
  public init(_ data: Data, discount: Double? = nil, features: [[Double]]? = nil) throws(RewardError) {
    let file: File
    do {
      file = try JSONDecoder().decode(File.self, from: data)
    } catch let error as DecodingError {
      throw Self.explain(error)
    } catch {
      throw .malformed(key: "file", problem: "\(error)")
    }
    process = try MarkovDecisionProcess(
      transition: file.transition, initial: file.initial_distribution, horizon: file.horizon,
      discount: discount ?? file.discount ?? 1, features: features ?? file.observation)
    if let demonstrations = file.demonstrations {
      expert = try process.visits(of: demonstrations)
      source = "\(demonstrations.count) demonstrations"
    } else if let reward = file.reward {
      expert = try process.visits(of: process.plan(reward: reward))
      source = "the soft-optimal plan of the file's reward"
    } else {
      throw .malformed(key: "demonstrations", problem: "neither they nor \"reward\" are there")
    }
  }

  private static func explain(_ error: DecodingError) -> RewardError {
    func place(_ path: [any CodingKey]) -> String { path.map(\.stringValue).first ?? "file" }
    switch error {
    case .keyNotFound(let key, _): return .malformed(key: key.stringValue, problem: "it is missing")
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return .malformed(key: place(context.codingPath), problem: context.debugDescription)
    case .dataCorrupted(let context):
      return .malformed(key: place(context.codingPath), problem: "the file is no JSON: \(context.debugDescription)")
    @unknown default: return .malformed(key: "file", problem: "\(error)")
    }
  }
}
