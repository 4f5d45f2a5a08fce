internal import Foundation
internal import Policy

/// The whole state of an unfinished training in one file, from which it goes on to the same weights as without a pause.
///
/// A safetensors file: each member's weights, Adam's memory and best weights as tensors; counters and the loss curve as
/// JSON in its metadata. It is replaced in one step, so that a kill leaves the last one whole.
struct TrainingCheckpoint {
  /// What the counters say.
  struct State: Codable {
    /// Which training it is: a state goes on only where all of these are the same.
    var identity: Identity
    var step: Int
    var curve: [LossPoint]
    var worse: Int
    var best: Double?
    var samples: Int
    var seconds: Double
    var members: [MemberTraining<Float>.State]
  }

  /// What must be the same for the same weights.
  struct Identity: Codable, Equatable {
    var data: UInt64
    var recipe: String
    var seed: UInt64
    var library: String

    init(_ frames: Frames, _ configuration: BehaviorCloning.Configuration, seed: UInt64) {
      data = frames.digest
      var recipe = configuration
      // It changes how long training takes, not what comes out.
      recipe.threads = 1
      self.recipe = "\(recipe)"
      self.seed = seed
      library = MatrixLibrary.description
    }

    /// The first thing in which another training differs.
    func difference(from other: Identity) -> String? {
      if data != other.data { return "data" }
      if seed != other.seed { return "seed" }
      if recipe != other.recipe { return "recipe" }
      return library == other.library ? nil : "matrix library (\(library))"
    }
  }

  private static let key = "understudy.training"
  let file: URL
  let identity: Identity

  /// Writes the state in place of the one before.
  func write(_ state: State, _ members: [MemberTraining<Float>]) throws(LearningError) {
    var tensors: [String: SafeTensors.Tensor] = [:]
    for (index, member) in members.enumerated() {
      for (name, buffer) in member.buffers {
        tensors["\(index).\(name)"] = .init(shape: [buffer.count], values: buffer.values)
      }
    }
    do {
      let json = String(decoding: try JSONEncoder().encode(state), as: UTF8.self)
      let bytes = try SafeTensors(tensors: tensors, metadata: [Self.key: json]).encoded()
      try Data(bytes).write(to: file, options: .atomic)
    } catch {
      throw .checkpoint(path: file.path, reason: "it cannot be written (\(error.localizedDescription))")
    }
  }

  /// Sets `members` to the state in the file; nil where there is no file.
  func resume(_ members: [MemberTraining<Float>]) throws(LearningError) -> State? {
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let (state, tensors) = try read()
    if let what = state.identity.difference(from: identity) { throw .otherTraining(path: file.path, what: what) }
    guard state.members.count == members.count else { throw damaged("it has \(state.members.count) networks") }
    for (index, member) in members.enumerated() {
      for (name, buffer) in member.buffers {
        guard let values = tensors["\(index).\(name)"]?.values, values.count == buffer.count else {
          throw damaged("\(name) of network \(index + 1) is not what it should be")
        }
        for (place, value) in values.enumerated() { buffer.pointer[place] = value }
      }
      let past = state.members[index]
      guard member.canResume(past) else { throw damaged("its counters are out of bounds") }
      member.resume(past)
    }
    return state
  }

  private func read() throws(LearningError) -> (State, [String: SafeTensors.Tensor]) {
    do {
      let data = try Data(contentsOf: file)
      let file = try SafeTensors(decoding: data.bytes)
      let state = try JSONDecoder().decode(State.self, from: Data((file.metadata[Self.key] ?? "").utf8))
      return (state, file.tensors)
    } catch {
      throw damaged((error as? SafeTensorsError)?.description ?? "it is no training's state")
    }
  }

  private func damaged(_ reason: String) -> LearningError { .checkpoint(path: file.path, reason: reason) }

  /// The training is done: nothing is left to go on from.
  func remove() { try? FileManager.default.removeItem(at: file) }
}

extension Frames {
  /// A digest of everything in the table (FNV-1a).
  var digest: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ word: UInt64) { hash = (hash ^ word) &* 0x0000_0100_0000_01b3 }
    for name in featureNames + actionNames {
      for byte in name.utf8 { add(UInt64(byte)) }
      add(256)
    }
    add(UInt64(chunk))
    add(UInt64(history))
    for value in features { add(UInt64(value.bitPattern)) }
    for value in actions { add(UInt64(value.bitPattern)) }
    for value in weights { add(UInt64(value.bitPattern)) }
    for (episode, valid) in zip(episodes, validSteps) {
      add(UInt64(bitPattern: Int64(episode)))
      add(UInt64(valid))
    }
    for episode in heldOut.sorted() { add(UInt64(bitPattern: Int64(episode))) }
    return hash
  }
}
