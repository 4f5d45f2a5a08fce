import Foundation
import Testing

@testable import Policy

@Suite struct FolderTests {
  static func save(_ folder: URL, _ description: PolicyDescription, seed: UInt64 = 20, replacing: Bool = false) throws {
    try Policy.save(description, Example.parameters(description, seed: seed), to: folder, replacing: replacing)
  }

  static func edit(_ folder: URL, _ change: (String) -> String) throws {
    let file = folder.appending(path: Policy.descriptionFile)
    try Data(change(String(decoding: Data(contentsOf: file), as: UTF8.self)).utf8).write(to: file)
  }

  @Test(arguments: [1, 5]) func `a policy is loaded as it was saved`(_ ensemble: Int) throws {
    try Example.withFolder { folder in
      let place = folder.appending(path: "deep/insert-1")
      var description = Example.description(ensemble: ensemble)
      description.statistics.features[2].mean = 0.1 + 0.2
      description.lineage.seed = .max
      description.lineage.metrics = ["loss": 0.1]
      try Self.save(place, description)
      let (read, parameters) = try Policy.read(place)
      description.weightsSHA256 = SHA256.hex(try Data(contentsOf: place.appending(path: Policy.weightsFile)))
      #expect(read == description)
      #expect(parameters == Example.parameters(description, seed: 20))
      #expect(try Policy.load(place).description == description)
      // Nothing else was left behind.
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: place.deletingLastPathComponent().path) == ["insert-1"])
    }
  }

  @Test func `one network's tensors bear the textbook's names`() throws {
    let names = Example.parameters(Example.description(), seed: 1).tensors().keys.sorted()
    #expect(names == ["net.0.bias", "net.0.weight", "net.2.bias", "net.2.weight", "net.4.bias", "net.4.weight"])
    let ensemble = Example.parameters(Example.description(ensemble: 2), seed: 1).tensors()
    #expect(ensemble["members.1.net.2.weight"]?.shape == [32, 32])
  }

  @Test func `saving never replaces silently`() throws {
    try Example.withFolder { folder in
      let place = folder.appending(path: "p")
      try Self.save(place, Example.description())
      let before = try Policy.read(place).1
      #expect(throws: PolicyError.exists(path: place.path)) { try Self.save(place, Example.description(), seed: 21) }
      #expect(try Policy.read(place).1 == before)
      try Self.save(place, Example.description(), seed: 21, replacing: true)
      #expect(try Policy.read(place).1 != before)
      #expect(throws: PolicyError.notAPolicy(path: folder.path)) {
        try Self.save(folder, Example.description(), replacing: true)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["p"])
    }
  }

  @Test func `a folder that cannot be written says so`() throws {
    try Example.withFolder { folder in
      let file = folder.appending(path: "file")
      try Data().write(to: file)
      #expect(throws: PolicyError.self) { try Self.save(file.appending(path: "p"), Example.description()) }
    }
  }

  @Test func `a description is read strictly`() throws {
    try Example.withFolder { folder in
      let place = folder.appending(path: "p")
      let changes: [(String, String, String)] = [
        (#""chunk" : 1"#, #""chunk" : 1, "horizon" : 4"#, "interface.horizon: the key is unknown"),
        (#""std" : 0.5"#, #""std" : 0.5, "median" : 0"#, "median"),
        (#""chunk" : 1"#, #""chunk" : 0"#, "interface.chunk is 0; expected 1 to 256"),
        (#""chunk" : 1"#, #""chunk" : 2"#, "statistics.actions"),
        (#""chunk" : 1"#, #""chunk" : 1.5"#, "not a policy's description"),
        (#""decision_Hz" : 25"#, #""decision_Hz" : -25"#, "decision_Hz"),
        (#""ensemble" : 1"#, #""ensemble" : 1000000"#, "network.ensemble is 1000000"),
        (#""relu""#, #""gelu""#, "activation"),
        (#""version" : 1"#, #""version" : 2"#, "Update Understudy"),
        (#""version" : 1"#, #""version" : 0"#, "Train it again"),
        (#""std" : 0.5"#, #""std" : -1"#, "std not negative"),
        (#""feature.1""#, #""feature.0""#, "every name once"),
        (#""arm" : "so101""#, #""arm" : 7"#, "interface.arm"),
        ("{", "[", "not valid JSON. Restore it"),
      ]
      for (old, new, word) in changes {
        try? FileManager.default.removeItem(at: place)
        try Self.save(place, Example.description())
        try Self.edit(place) { text in
          guard let range = text.range(of: old) else { return text }
          return text.replacingCharacters(in: range, with: new)
        }
        let complaint = Example.complaint { _ = try Policy.load(place) }
        #expect(complaint.contains(word), "\(new): \(complaint)")
      }
    }
  }

  @Test func `weights that do not belong to the description are refused by name`() throws {
    let description = Example.description()
    let good = Example.parameters(description, seed: 1).tensors()
    func load(_ change: (inout [String: SafeTensors.Tensor]) -> Void) throws {
      var tensors = good
      change(&tensors)
      try Example.withFolder { folder in
        let place = folder.appending(path: "p")
        try Self.save(place, description)
        try Data(SafeTensors(tensors: tensors).encoded()).write(to: place.appending(path: Policy.weightsFile))
        try Self.edit(place) { $0.replacing(#/,\s*"weightsSHA256" : "[0-9a-f]*"/#, with: "") }
        _ = try Policy.load(place)
      }
    }
    try load { _ in }
    #expect(throws: PolicyError.tensorMissing(name: "net.2.bias")) { try load { $0["net.2.bias"] = nil } }
    #expect(throws: PolicyError.tensorUnknown(name: "extra")) { try load { $0["extra"] = $0["net.2.bias"] } }
    #expect(throws: PolicyError.tensorShape(name: "net.0.weight", found: [32], expected: [32, 12])) {
      try load { $0["net.0.weight"] = $0["net.0.bias"] }
    }
    #expect(throws: PolicyError.tensorNotFinite(name: "net.4.weight")) {
      try load { $0["net.4.weight"]?.values[3] = -.infinity }
    }
  }

  @Test func `weights of another policy are refused in one sentence, unless the description names none`() throws {
    try Example.withFolder { folder in
      let place = folder.appending(path: "p"), other = folder.appending(path: "q")
      try Self.save(place, Example.description(), seed: 20)
      try Self.save(other, Example.description(), seed: 21)
      let first = try Policy.digest(place)
      #expect(first.count == 64)
      #expect(try Policy.digest(other) != first)
      let weights = place.appending(path: Policy.weightsFile)
      try Data(contentsOf: other.appending(path: Policy.weightsFile)).write(to: weights)
      let complaint = Example.complaint { _ = try Policy.load(place) }
      #expect(complaint.hasPrefix(weights.path) && complaint.contains("copy both files again"), "\(complaint)")
      #expect(try Policy.digest(place) != first)
      try Self.edit(place) { $0.replacing(#/,\s*"weightsSHA256" : "[0-9a-f]*"/#, with: "") }
      #expect(try Policy.read(place).1 == Policy.read(other).1)
    }
  }

  /// FIPS 180-4's own examples, and lengths around the padding's edges against `sha256sum`.
  @Test func `a digest is sha256sum's`() throws {
    #expect(SHA256.hex([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(SHA256.hex("abc".utf8) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SHA256.hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    #expect(
      SHA256.hex([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    try Example.withFolder { folder in
      for count in [55, 56, 63, 64, 65, 119, 120] {
        let file = folder.appending(path: "bytes"), bytes = Data((0..<count).map { UInt8($0) })
        try bytes.write(to: file)
        let judge = Process(), out = Pipe()
        judge.executableURL = URL(filePath: "/usr/bin/sha256sum")
        judge.arguments = [file.path]
        judge.standardOutput = out
        try judge.run()
        let said = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        judge.waitUntilExit()
        #expect(said.hasPrefix(SHA256.hex(bytes) + " "), "\(count) bytes")
      }
    }
  }

  @Test func `files that are missing, cut or no files are refused by path`() throws {
    try Example.withFolder { folder in
      let place = folder.appending(path: "p")
      let json = place.appending(path: Policy.descriptionFile), weights = place.appending(path: Policy.weightsFile)
      #expect(throws: PolicyError.missing(path: json.path)) { try Policy.load(place) }
      try Self.save(place, Example.description())
      let whole = try Data(contentsOf: weights)
      try whole.dropLast(5).write(to: weights)
      let complaint = Example.complaint { _ = try Policy.load(place) }
      #expect(complaint.hasPrefix(weights.path) && complaint.contains("does not fit the file"))
      try FileManager.default.removeItem(at: weights)
      #expect(throws: PolicyError.missing(path: weights.path)) { try Policy.load(place) }
      try FileManager.default.createDirectory(at: weights, withIntermediateDirectories: false)
      #expect(throws: PolicyError.unreadable(path: weights.path, reason: "it is not a plain file")) {
        try Policy.load(place)
      }
    }
  }

  @Test func `a policy for another arm, other features or other joints is refused by name`() throws {
    let description = Example.description(features: 3, actions: 2)
    let policy = try Policy(description, Example.parameters(description, seed: 2), kernels: Kernels.available[0])
    let features = description.interface.features, actions = description.interface.actions
    try policy.check(arm: "so101", features: features, actions: actions)
    #expect(throws: PolicyError.otherArm(expected: "so101", present: "koch")) {
      try policy.check(arm: "koch", features: features, actions: actions)
    }
    func complaint(_ features: [String], _ actions: [String]) -> String {
      Example.complaint { try policy.check(arm: "so101", features: features, actions: actions) }
    }
    #expect(complaint(["feature.0", "feature.1", "cup.x"], actions).contains("the rig lacks feature.2"))
    #expect(complaint(["feature.0", "feature.1", "cup.x"], actions).contains("does not know cup.x"))
    #expect(complaint(features.reversed(), actions).contains("order"))
    #expect(complaint(features, ["gripper", "shoulder_pan"]).contains("joints"))
  }
}
