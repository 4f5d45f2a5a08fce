/// Why a policy cannot be loaded, used or saved.
public enum PolicyError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A file of the folder is not there.
  case missing(path: String)
  /// A file cannot be read, or is not a plain file.
  case unreadable(path: String, reason: String)
  /// A file is larger than any policy.
  case tooLarge(path: String, bytes: Int, limit: Int)
  /// `policy.json` is not the JSON it should be.
  case malformed(path: String, reason: String)
  /// `policy.json` is of another version.
  case version(found: Int, expected: Int)
  /// A value is out of its bounds.
  case value(key: String, found: String, expected: String)
  /// `model.safetensors` is damaged or of another kind.
  case tensors(path: String, SafeTensorsError)
  /// `model.safetensors` is another file than `policy.json` was written with.
  case otherWeights(path: String, expected: String, found: String)
  /// A tensor is not there.
  case tensorMissing(name: String)
  /// A tensor that no layer asks for.
  case tensorUnknown(name: String)
  /// A tensor's shape is not the layer's.
  case tensorShape(name: String, found: [Int], expected: [Int])
  /// A weight is NaN or infinite.
  case tensorNotFinite(name: String)
  /// The policy was made for another arm.
  case otherArm(expected: String, present: String)
  /// The policy was made for other features or joints, or for another order of them.
  case otherNames(String, expected: [String], present: [String])
  /// `UNDERSTUDY_KERNELS` names no kernels of this CPU.
  case kernelsUnknown(name: String, available: [String])
  /// Something is already there.
  case exists(path: String)
  /// What should be replaced is no policy.
  case notAPolicy(path: String)
  /// The folder cannot be written.
  case notWritten(path: String, reason: String)

  /// What was expected, what came, and what to do.
  public var description: String {
    switch self {
    case .missing(let path):
      "There is no policy here: \(path) does not exist. Give the folder that `understudy train` wrote."
    case .unreadable(let path, let reason):
      "\(path) cannot be read: \(reason). Check the file and its permissions."
    case .tooLarge(let path, let bytes, let limit):
      "\(path) has \(bytes) bytes; a policy has at most \(limit). Give the folder that `understudy train` wrote."
    case .malformed(let path, let reason):
      "\(path) is not a policy's description: \(reason). Restore it, or train again."
    case .version(let found, let expected):
      found > expected
        ? "The policy is of version \(found), this program reads version \(expected). Update Understudy."
        : "The policy is of version \(found), this program reads version \(expected). Train it again."
    case .value(let key, let found, let expected):
      "The policy's \(key) is \(found); expected \(expected). Restore policy.json, or train again."
    case .tensors(let path, let error):
      "\(path): \(error.description)"
    case .otherWeights(let path, let expected, let found):
      "\(path) is not the file that policy.json was written with (SHA-256 \(found.prefix(12))…, expected "
        + "\(expected.prefix(12))…): copy both files again, or remove weightsSHA256 from policy.json if the weights were "
        + "changed on purpose."
    case .tensorMissing(let name):
      "The policy's weights have no tensor \(name), which policy.json asks for. The two files do not belong together."
    case .tensorUnknown(let name):
      "The policy's weights have a tensor \(name) that policy.json does not know. The two files do not belong together."
    case .tensorShape(let name, let found, let expected):
      "The tensor \(name) has the shape \(found); policy.json makes it \(expected). The two files do not belong together."
    case .tensorNotFinite(let name):
      "The tensor \(name) holds NaN or infinity. That training went wrong; train again."
    case .otherArm(let expected, let present):
      "The policy was trained for the arm \(expected), the rig's arm is \(present). Choose a policy of this arm."
    case .otherNames(let kind, let expected, let present):
      Self.difference(kind, expected, present)
    case .kernelsUnknown(let name, let available):
      "UNDERSTUDY_KERNELS is \(name); this CPU can run \(available.joined(separator: ", ")). Name one of these, or unset it."
    case .exists(let path):
      "\(path) exists already and was left alone. Choose another name, or remove it first."
    case .notAPolicy(let path):
      "\(path) exists and is not a policy, so it was not replaced. Choose another name."
    case .notWritten(let path, let reason):
      "\(path) cannot be written: \(reason). Nothing was changed there."
    }
  }

  private static func difference(_ kind: String, _ expected: [String], _ present: [String]) -> String {
    let missing = expected.filter { !present.contains($0) }
    let extra = present.filter { !expected.contains($0) }
    var parts: [String] = []
    if !missing.isEmpty { parts.append("the rig lacks \(missing.joined(separator: ", "))") }
    if !extra.isEmpty { parts.append("the policy does not know \(extra.joined(separator: ", "))") }
    if parts.isEmpty { parts.append("their order differs; the policy's is \(expected.joined(separator: ", "))") }
    return "The policy was trained with other \(kind): \(parts.joined(separator: "; ")). "
      + "Choose a policy of this rig, or the rig of this policy."
  }
}
