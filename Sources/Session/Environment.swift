internal import Arm
internal import Episodes
internal import Foundation
internal import RealTime

/// Turns the environment's datagrams into readings: `{"t": ns, "features": {"cup.x": 0.19, …}}`.
///
/// Names that the rig does not list are left aside, except `task.success` and `task.failure`, which label episodes and
/// are never shown to a policy. A reading is as old as its oldest feature: one that a camera has lost sight of stays away
/// from its datagrams, and must not look fresh because of the others.
struct EnvironmentDecoder {
  private struct Datagram: Decodable {
    let t: Int64
    let features: [String: Double]
  }

  private let names: [String]
  private let decoder = JSONDecoder()
  private var times: [Nanoseconds]
  private(set) var reading = EnvironmentReading()
  /// What the newest datagram says of the task: true for success, false for failure, nil for neither.
  var truth: Bool?
  /// How many datagrams could not be read.
  private(set) var malformed = 0
  /// Names of the newest datagram that the rig does not list.
  private var strangers: [String] = []

  init(names: [String]) {
    self.names = Array(names.prefix(EnvironmentReading.capacity))
    times = Array(repeating: .never, count: self.names.count)
  }

  /// Takes one datagram in; false if it could not be read, and nothing changed.
  mutating func take(_ data: Data) -> Bool {
    guard let datagram = try? decoder.decode(Datagram.self, from: data),
      datagram.features.values.allSatisfy({ Float($0).isFinite })
    else {
      malformed += 1
      return false
    }
    let time = Nanoseconds(datagram.t)
    for (index, name) in names.enumerated() {
      guard let value = datagram.features[name] else { continue }
      reading.values[index] = Float(value)
      times[index] = time
    }
    reading.time = times.min() ?? time
    if reading.time == .never {
      strangers = datagram.features.keys.filter { !names.contains($0) && !$0.hasPrefix("task.") }.sorted()
    }
    truth =
      datagram.features["task.success"] == 1 ? true : datagram.features["task.failure"] == 1 ? false : nil
    return true
  }

  /// What is wrong with the datagrams that came; nil where none came, or each feature was seen.
  var complaint: String? {
    let unseen = zip(names, times).filter { $0.1 == .never }.map(\.0)
    if times.contains(where: { $0 != .never }) || !strangers.isEmpty, !unseen.isEmpty {
      let sent = strangers.isEmpty ? "" : " (it sends \(strangers.joined(separator: ", ")))"
      return "the environment has never sent \(unseen.joined(separator: ", "))\(sent): the names must be the rig's"
    }
    if malformed > 0 {
      return "\(malformed) datagrams of the environment could not be read: each is "
        + "{\"t\": nanoseconds, \"features\": {\"name\": finite number, …}}"
    }
    return nil
  }
}
