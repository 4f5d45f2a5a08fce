import Arm
import Episodes
import Foundation
import RealTime
import Rehearsal
import Testing
import Twin

@testable import Control
@testable import Session

/// The pure part of a tick, Decide and Constrain as `Verifier` makes them again, compiled for arm64 without a system
/// (Embedded Swift) and run under qemu-user on episodes that this machine recorded: the same bits, or a difference.
@Suite(.serialized) struct PurePartTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  private static let linker = "/usr/bin/aarch64-linux-gnu-gcc"
  private static let emulator = "/usr/bin/qemu-aarch64"
  /// All that lies between a tick's record and its command, and the values in it.
  private static let sources = [
    "RealTime/Nanoseconds", "Arm/JointVector", "Arm/Workspace", "Arm/Rotation", "Arm/Kinematics",
    "Arm/LeaderFollowerMap", "Episodes/Limits", "Episodes/TickRecord", "Control/Fault", "Control/Envelope",
    "Control/ToolLimits", "Control/Handover", "Control/Approach", "Control/Verifier",
  ]

  /// Where the compiler keeps its programs and the library for freestanding arm64; nil where it has none.
  private static let toolchain: (programs: String, library: String)? = {
    struct Target: Decodable {
      struct Paths: Decodable { let runtimeResourcePath: String }
      let paths: Paths
    }
    guard let text = try? run("/usr/bin/env", ["swiftc", "-print-target-info"]).text,
      let paths = (try? JSONDecoder().decode(Target.self, from: Data(text.utf8)))?.paths
    else { return nil }
    let resources = URL(filePath: paths.runtimeResourcePath)
    let programs = resources.deletingLastPathComponent().deletingLastPathComponent().appending(path: "bin").path
    let library = resources.appending(path: "embedded/aarch64-none-none-elf/libswiftUnicodeDataTables.a").path
    let needed = [linker, emulator, "\(programs)/ld.lld", library]
    return needed.allSatisfy(FileManager.default.fileExists) ? (programs, library) : nil
  }()

  private static func run(_ program: String, _ arguments: [String], input: Data? = nil) throws -> (
    code: Int32, text: String
  ) {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    let file = FileManager.default.temporaryDirectory.appending(path: "pure-\(UUID().uuidString)")
    try (input ?? Data()).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    process.standardInput = try FileHandle(forReadingFrom: file)
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  /// Compiles the program into `folder`. One module takes the place of four, so imports of ours go and nothing is public; and
  /// Embedded Swift has no JSON.
  private static func build(in folder: URL) throws -> String {
    let toolchain = try #require(toolchain)
    var files: [String] = []
    for source in sources {
      let text = try String(contentsOf: root.appending(path: "Sources/\(source).swift"), encoding: .utf8)
      let file = folder.appending(path: "\(source.split(separator: "/")[1]).swift")
      var own = text.replacing(/(?m)^(public|internal) import (Arm|Episodes|RealTime)$/, with: "")
      for word in [", Codable", "public ", "@inlinable "] { own = own.replacing(word, with: "") }
      try own.write(to: file, atomically: false, encoding: .utf8)
      files.append(file.path)
    }
    let pure = root.appending(path: "Tests/PurePart").path
    files += ["\(pure)/StandIns.swift", "\(pure)/Entry.swift"]
    let headers = ["CRealtime", "CKernels"].map { ($0, root.appending(path: "Sources/\($0)/include").path) }
    let map = folder.appending(path: "modules.map").path
    try headers.map { "module \($0.0) { header \"\($0.1)/\($0.0).h\" }\n" }.joined()
      .write(toFile: map, atomically: false, encoding: .utf8)
    let object = folder.appending(path: "pure.o").path
    let compiled = try run(
      "\(toolchain.programs)/swiftc",
      ["-target", "aarch64-none-none-elf", "-enable-experimental-feature", "Embedded", "-swift-version", "6", "-wmo"]
        + ["-parse-as-library", "-O", "-module-name", "Pure", "-Xcc", "-ffp-contract=off", "-Xcc", "-isystem"]
        + ["-Xcc", "/usr/aarch64-linux-gnu/include", "-Xcc", "-fmodule-map-file=\(map)"]
        + headers.flatMap { ["-I", $0.1] } + ["-c", "-o", object] + files)
    try #require(compiled.code == 0, "\(compiled.text)")
    let program = folder.appending(path: "pure").path
    let linked = try run(
      linker,
      ["-O2", "-ffp-contract=off", "-fno-math-errno", "-static", "-B\(toolchain.programs)", "-fuse-ld=lld"]
        + ["-Wno-attributes", "-I\(headers[1].1)", "-o", program, "\(pure)/main.c", object]
        + [root.appending(path: "Sources/CKernels/fixed_math.c").path, toolchain.library, "-lm"])
    try #require(linked.code == 0, "\(linked.text)")
    return program
  }

  private static func bytes<T: BitwiseCopyable>(_ value: T, _ count: Int = MemoryLayout<T>.size) -> Data {
    withUnsafeBytes(of: value) { Data($0.prefix(count)) } + Data(count: max(0, count - MemoryLayout<T>.size))
  }

  @Test(.enabled(if: toolchain != nil, "make deps installs gcc-aarch64-linux-gnu and qemu-user"))
  func `episodes recorded here verify on arm64 by the code of the tick`() throws {
    try Bench.withFolder { folder in
      let program = try Self.build(in: folder)
      let session = try Bench.session(seed: 5, mirrors: true, disturbance: .bump)
      try session.host.load(policy: Bench.policy.get())
      let dataset = try Dataset.create(folder.appending(path: "log").path, durable: false)
      try session.record(into: dataset, SessionDescription(activity: .correct), firstEpisode: 10_001)
      session.begin(.correct, first: 10_001) {
        $0.episodes = 4
        $0.framesPerRound = 1_000_000
      }
      var tick = 0
      session.afterTick = { [unowned session] _ in
        tick += 1
        // Silent servos, so that faults and stops are among what is verified.
        session.world.follower.faults.silent = (100..<112).contains(tick % 311) ? 1 << 2 : 0
      }
      try session.run(limit: .seconds(600))

      let first = try #require(dataset.episodes.first)
      let recorded = try RecordedRig(dataset.read(first).session, log: first.file)
      defer { recorded.remove() }
      let plan = try ControlPlan(recorded.rig, leaderMirrors: false)
      let settings = plan.settings
      var input = Data()
      for size in [MemoryLayout<Envelope>.size, MemoryLayout<LeaderFollowerMap>.size, MemoryLayout<TickRecord>.stride] {
        input += Self.bytes(Int32(size))
      }
      input += Self.bytes(plan.envelope) + Self.bytes(plan.map)
      for number in [
        settings.slowStep, settings.slowStepChange, settings.yieldStep, settings.yieldStepChange,
        settings.guidingStep_m, settings.clutchStep, settings.clutchShare,
      ] { input += Self.bytes(number) }

      var expected: [String] = []
      var sources: Set<Source> = []
      func add(_ records: [TickRecord]) {
        var verifier = Verifier(map: plan.map, envelope: plan.envelope, settings: settings, policy: nil)
        input += Self.bytes(Int32(records.count))
        for record in records {
          verifier.check(record)
          sources.insert(record.source)
          input += Self.bytes(record, MemoryLayout<TickRecord>.stride)
        }
        let difference = verifier.difference.map { Int64($0.tick) } ?? -1
        expected.append("\(verifier.commands) \(verifier.wishes) \(verifier.taken) \(difference)")
      }
      var spoiled: [TickRecord] = []
      for entry in dataset.episodes {
        var records: [TickRecord] = []
        try dataset.read(entry).forEach { records.append($0) }
        add(records)
        spoiled = records
      }
      #expect(expected.count == dataset.episodes.count && expected.allSatisfy { $0.hasSuffix(" -1") }, "\(expected)")
      #expect(sources.isSuperset(of: [.person, .policy, .hold]))
      // One bit in the last place of one command is a difference there too.
      spoiled[spoiled.count / 2].command[1] = spoiled[spoiled.count / 2].command[1].nextUp
      add(spoiled)
      #expect(expected.last?.hasSuffix(" \(spoiled[spoiled.count / 2].tick)") == true)
      let ran = try Self.run(Self.emulator, [program], input: input)
      #expect(ran.code == 0)
      #expect(ran.text.split(separator: "\n").map(String.init) == expected)
    }
  }
}
