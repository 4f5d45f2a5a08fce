internal import CRealtime
public import Foundation

extension Policy {
  /// The files of a policy's folder.
  public static let descriptionFile = "policy.json"
  /// The weights.
  public static let weightsFile = "model.safetensors"
  /// No file of a policy is larger.
  static let sizeLimit = 1 << 30

  /// Opens the policy in `directory` with `kernels`, or with those that `Kernels.chosen()` gives.
  public static func load(_ directory: URL, kernels: Kernels? = nil) throws(PolicyError) -> Policy {
    let (description, parameters) = try read(directory)
    let kernels = if let kernels { kernels } else { try Kernels.chosen() }
    return try Policy(description, parameters, kernels: kernels)
  }

  /// What the folder holds, checked, but not laid out to run.
  public static func read(_ directory: URL) throws(PolicyError) -> (PolicyDescription, PolicyParameters) {
    let description = try readDescription(directory)
    let weights = directory.appending(path: weightsFile)
    let data = try bytes(of: weights)
    let tensors: SafeTensors
    do {
      tensors = try SafeTensors(decoding: data.bytes)
    } catch {
      throw .tensors(path: weights.path, error)
    }
    let parameters = try PolicyParameters(tensors.tensors, for: description)
    try parameters.validate(against: description)
    // Last, because what a tensor lacks says more than a digest. Weights that decode may still be another policy's.
    let found = SHA256.hex(data)
    if let expected = description.weightsSHA256, expected != found {
      throw .otherWeights(path: weights.path, expected: expected, found: found)
    }
    return (description, parameters)
  }

  /// Names a policy by all that is in it, wherever its folder stands: the SHA-256 of `policy.json` followed by
  /// `model.safetensors`, as `cat policy.json model.safetensors | sha256sum` prints it.
  public static func digest(_ directory: URL) throws(PolicyError) -> String {
    let description = try bytes(of: directory.appending(path: descriptionFile))
    return SHA256.hex(description + (try bytes(of: directory.appending(path: weightsFile))))
  }

  /// What `policy.json` says, checked; the weights are not opened.
  public static func readDescription(_ directory: URL) throws(PolicyError) -> PolicyDescription {
    struct Versioned: Decodable { var version: Int }
    let file = directory.appending(path: descriptionFile)
    let data = try bytes(of: file)
    let description: PolicyDescription
    do {
      // The version first: a newer file may well have keys that are unknown here.
      let version = try JSONDecoder().decode(Versioned.self, from: data).version
      guard version == PolicyDescription.currentVersion else {
        throw PolicyError.version(found: version, expected: PolicyDescription.currentVersion)
      }
      description = try decodeStrictly(PolicyDescription.self, from: data)
    } catch let error as PolicyError {
      throw error
    } catch {
      throw .malformed(path: file.path, reason: sentence(of: error))
    }
    try description.validate()
    return description
  }

  private static func bytes(of file: URL) throws(PolicyError) -> Data {
    guard FileManager.default.fileExists(atPath: file.path) else { throw .missing(path: file.path) }
    let attributes = try? FileManager.default.attributesOfItem(atPath: file.resolvingSymlinksInPath().path)
    guard attributes?[.type] as? FileAttributeType == .typeRegular, let size = attributes?[.size] as? Int else {
      throw .unreadable(path: file.path, reason: "it is not a plain file")
    }
    guard size <= sizeLimit else { throw .tooLarge(path: file.path, bytes: size, limit: sizeLimit) }
    do {
      return try Data(contentsOf: file)
    } catch {
      throw .unreadable(path: file.path, reason: error.localizedDescription)
    }
  }

  /// Writes a policy's folder: all of it, or nothing.
  ///
  /// The files are written and synced beside `directory`, which then appears in one step. A folder that exists is left
  /// alone, unless `replacing` is set and it is a policy. `attachments` are further files, by name.
  public static func save(
    _ description: PolicyDescription, _ parameters: PolicyParameters, to directory: URL, replacing: Bool = false,
    attachments: [String: Data] = [:]
  ) throws(PolicyError) {
    try description.validate()
    try parameters.validate(against: description)
    let manager = FileManager.default
    let directory = directory.standardizedFileURL
    let exists = manager.fileExists(atPath: directory.path)
    if exists {
      guard replacing else { throw .exists(path: directory.path) }
      guard manager.fileExists(atPath: directory.appending(path: descriptionFile).path) else {
        throw .notAPolicy(path: directory.path)
      }
    }
    let parent = directory.deletingLastPathComponent()
    let draft = parent.appending(path: ".\(directory.lastPathComponent).\(UUID().uuidString)")
    defer { try? manager.removeItem(at: draft) }
    do {
      try manager.createDirectory(at: draft, withIntermediateDirectories: true)
      // "pt" is what PyTorch's own writer puts there, and what some readers ask for.
      let weights = try SafeTensors(tensors: parameters.tensors(), metadata: ["format": "pt"]).encoded()
      try write(Data(weights), to: draft.appending(path: weightsFile))
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      var description = description
      description.weightsSHA256 = SHA256.hex(weights)
      var json = try encoder.encode(description)
      json.append(UInt8(ascii: "\n"))
      try write(json, to: draft.appending(path: descriptionFile))
      for (name, data) in attachments { try write(data, to: draft.appending(path: name)) }
      if !exists {
        try manager.moveItem(at: draft, to: directory)
      } else if us_exchange_paths(draft.path, directory.path) != 0 {
        throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
      }
    } catch {
      throw .notWritten(path: directory.path, reason: error.localizedDescription)
    }
  }

  /// Writes a new file and waits until the disk has it.
  private static func write(_ data: Data, to file: URL) throws {
    try data.write(to: file, options: .withoutOverwriting)
    let handle = try FileHandle(forUpdating: file)
    try handle.synchronize()
    try handle.close()
  }
}
