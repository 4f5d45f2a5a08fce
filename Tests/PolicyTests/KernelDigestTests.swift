import CKernels
import Foundation
import KernelDigest
import Testing

@testable import Policy

/// One number stands for the bits of 400 seeded layers; every kernel on every CPU must give it.
@Suite(.serialized) struct KernelDigestTests {
  static let layers: Int32 = 400

  static func expected() throws -> String {
    let scalar = try #require(Kernels.available.last)
    return String(us_kernel_digest(scalar.pointer, layers), radix: 16)
  }

  @Test func `every kernel of this CPU gives the bits of the scalar one`() throws {
    let expected = try Self.expected()
    for kernels in Kernels.available {
      #expect(String(us_kernel_digest(kernels.pointer, Self.layers), radix: 16) == expected, "\(kernels.name)")
    }
  }

  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let compiler = "/usr/bin/aarch64-linux-gnu-gcc"
  static let emulator = "/usr/bin/qemu-aarch64"

  static func files(_ folder: String) throws -> [String] {
    let folder = root.appending(path: folder)
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".c") }.sorted()
      .map { folder.appending(path: $0).path }
  }

  static func run(_ program: String, _ arguments: [String]) throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(program) \(arguments.joined(separator: " "))")
    return String(decoding: data, as: UTF8.self)
  }

  @Test(
    .enabled(
      if: FileManager.default.isExecutableFile(atPath: compiler)
        && FileManager.default.isExecutableFile(atPath: emulator),
      "make deps installs gcc-aarch64-linux-gnu and qemu-user"))
  func `the arm64 kernels, with and without dot products, give the same bits under qemu`() throws {
    let program = FileManager.default.temporaryDirectory.appending(path: "digest-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: program) }
    _ = try Self.run(
      Self.compiler,
      ["-O2", "-ffp-contract=off", "-fno-math-errno", "-static", "-Wno-attributes", "-o", program]
        + ["Sources/CKernels/include", "Tests/KernelDigest/include"].map { "-I\(Self.root.appending(path: $0).path)" }
        + Self.files("Sources/CKernels") + Self.files("Tests/KernelDigest") + ["-lm"])
    let expected = try Self.expected()
    // A Cortex-A53 has no dot products, `max` has everything.
    for (cpu, kernels) in [("max", ["dotprod", "neon", "scalar"]), ("cortex-a53", ["neon", "scalar"])] {
      let lines = try Self.run(Self.emulator, ["-cpu", cpu, program, "\(Self.layers)"]).split(separator: "\n")
      #expect(lines.map { $0.split(separator: " ").last.map(String.init) ?? "" } == kernels, "\(cpu)")
      for line in lines {
        #expect(line.hasPrefix(String(repeating: "0", count: 16 - expected.count) + expected), "\(cpu): \(line)")
      }
    }
  }
}
