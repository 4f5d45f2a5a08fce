// swift-tools-version: 6.3
// Understudy: the host program of a physical robot arm, and its twin for people who have none yet.
//
// Targets stand in layers; a module may import any module of a lower layer (Tests/ArchitectureTests reads the
// imports and fails on any other). `swift build --product understudy` needs no MuJoCo.
import PackageDescription

/// What `make deps` installs stands here, beside the sources, so that a plain `swift build` finds it too.
let deps = "\(Context.packageDirectory)/.deps"

/// Every Swift target of ours: Swift 6 mode, and no warning survives.
let ours: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  // Tests are run in release, where properties over millions of ticks take seconds; they look inside with @testable.
  .unsafeFlags(["-enable-testing"], .when(configuration: .release)),
]

/// MuJoCo's headers come from the wheel that `make deps` unpacks; clang meets them through the Swift importer.
let mujoco: [SwiftSetting] = [.unsafeFlags(["-Xcc", "-I\(deps)/include"])]

/// The run path holds from `.build/<triple>/<configuration>/`, so nobody has to set LD_LIBRARY_PATH.
let mujocoLink: [LinkerSetting] = [
  .unsafeFlags(["-L\(deps)/lib", "-Xlinker", "-rpath=$ORIGIN/../../../.deps/lib"])
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let flyingSocks: Target.Dependency = .product(name: "FlyingSocks", package: "FlyingFox")

let targets: [Target] = [
  // Layer 0: system libraries (module maps only) and the C that Swift cannot say.
  .systemLibrary(name: "CSerialPort", pkgConfig: "libserialport", providers: [.apt(["libserialport-dev"])]),
  .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
  .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
  .systemLibrary(name: "CMuJoCo"),
  .target(name: "CRealtime", cSettings: [.treatAllWarnings(as: .error)]),
  // One lane owns one output and every fma is written out, so the compiler must contract nothing by itself. A square
  // root that need not set errno becomes a vector instruction; its bits are the same.
  .target(
    name: "CKernels",
    cSettings: [.treatAllWarnings(as: .error), .unsafeFlags(["-ffp-contract=off", "-fno-math-errno", "-O3"])]),

  // Layers 1 to 4.
  .target(name: "RealTime", dependencies: ["CRealtime", "CKernels"], swiftSettings: ours),
  .target(name: "ServoBus", dependencies: ["RealTime", "CRealtime", "CSerialPort", yams], swiftSettings: ours),
  .target(name: "Arm", dependencies: ["RealTime", "ServoBus", "CRealtime", "CKernels", yams], swiftSettings: ours),
  .target(name: "Policy", dependencies: ["RealTime", "CKernels", "CRealtime"], swiftSettings: ours),
  .target(name: "Episodes", dependencies: ["RealTime", "Arm", "CRealtime", "CZstd"], swiftSettings: ours),

  // Layer 5.
  .target(
    name: "Learning", dependencies: ["RealTime", "Arm", "Policy", "Episodes", "COpenBLAS", "CKernels"],
    swiftSettings: ours),
  .target(
    name: "Control", dependencies: ["RealTime", "ServoBus", "Arm", "Policy", "Episodes", "CRealtime", "CKernels"],
    swiftSettings: ours),
  .target(
    name: "Twin", dependencies: ["RealTime", "ServoBus", "Arm", "Episodes", "CMuJoCo", "CRealtime", yams],
    swiftSettings: ours + mujoco, linkerSettings: mujocoLink),

  // Layers 6 to 8.
  .target(
    name: "Session",
    dependencies: ["RealTime", "ServoBus", "Arm", "Policy", "Episodes", "Learning", "Control", "CRealtime"],
    swiftSettings: ours),
  // The page is one program with everything in it: its files become constants.
  .target(
    name: "Dashboard", dependencies: ["RealTime", "Control", flyingSocks],
    resources: [.embedInCode("Page/page.html"), .embedInCode("Page/page.css"), .embedInCode("Page/page.js")],
    swiftSettings: ours),
  .target(
    name: "Rehearsal",
    dependencies: [
      "RealTime", "ServoBus", "Arm", "Policy", "Episodes", "Learning", "Control", "Twin", "Session",
    ],
    swiftSettings: ours + mujoco),
  .executableTarget(
    name: "understudy",
    dependencies: [
      argumentParser, "RealTime", "ServoBus", "Arm", "Policy", "Episodes", "Learning", "Control", "Session",
      "Dashboard", "COpenBLAS", "CRealtime",
    ],
    swiftSettings: ours),
  .executableTarget(
    name: "understudy-twin",
    dependencies: [
      argumentParser, "RealTime", "ServoBus", "Arm", "Policy", "Episodes", "Learning", "Control", "Twin", "Session",
      "Rehearsal",
    ],
    swiftSettings: ours + mujoco),

  // Tests mirror the sources. These C targets exist for tests only: a counter of allocations (it stands in for the
  // malloc family, which the thread sanitizer wants for itself) and a library that is preloaded into a child.
  .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
  .target(name: "CSerialShim", path: "Tests/CSerialShim"),
  // Seeded layers through any CPU's kernels; its main.c is for CPUs that these tests do not run on.
  .target(
    name: "KernelDigest", dependencies: ["CKernels"], path: "Tests/KernelDigest", exclude: ["main.c"],
    cSettings: [.unsafeFlags(["-ffp-contract=off"])]),
  // What tests share: how hard to try (`make fuzz`).
  .target(name: "TestSupport", path: "Tests/Support", swiftSettings: ours),
  .testTarget(name: "ArchitectureTests", swiftSettings: ours),
  .testTarget(name: "RealTimeTests", dependencies: ["RealTime"], swiftSettings: ours),
  .testTarget(
    name: "ServoBusTests", dependencies: ["ServoBus", "RealTime", "Twin", "TestSupport", "CAllocationCounter"],
    swiftSettings: ours + mujoco),
  .testTarget(
    name: "ArmTests", dependencies: ["Arm", "RealTime", "CKernels", "ServoBus", "Twin", "TestSupport"],
    swiftSettings: ours + mujoco),
  .testTarget(
    name: "PolicyTests", dependencies: ["Policy", "CKernels", "RealTime", "TestSupport", "KernelDigest"],
    swiftSettings: ours),
  .testTarget(
    name: "EpisodesTests", dependencies: ["Episodes", "Arm", "RealTime", "TestSupport"], swiftSettings: ours),
  .testTarget(
    name: "LearningTests", dependencies: ["Learning", "Policy", "Arm", "Episodes", "RealTime", "CKernels"],
    swiftSettings: ours),
  .testTarget(
    name: "ControlTests",
    dependencies: [
      "Control", "RealTime", "ServoBus", "Arm", "Policy", "Episodes", "CKernels", "CAllocationCounter",
      "TestSupport",
    ],
    swiftSettings: ours),
  .testTarget(
    name: "TwinTests", dependencies: ["Twin", "RealTime", "ServoBus", "Arm", "Episodes"], swiftSettings: ours + mujoco),
  .testTarget(
    name: "RehearsalTests",
    dependencies: [
      "Rehearsal", "RealTime", "ServoBus", "Arm", "Policy", "Episodes", "Learning", "Control", "Twin", "Session",
      "CAllocationCounter", "TestSupport",
    ],
    swiftSettings: ours + mujoco),
  .testTarget(
    name: "SessionTests",
    dependencies: ["Session", "RealTime", "ServoBus", "Arm", "Policy", "Episodes", "Control", "Twin"],
    swiftSettings: ours + mujoco),
  .testTarget(
    name: "DashboardTests", dependencies: ["Dashboard", "Control", "RealTime", flyingSocks], swiftSettings: ours),
  .testTarget(
    name: "EndToEnd", dependencies: ["RealTime", "ServoBus", "Arm", "Policy", "Episodes"], swiftSettings: ours),
]

let package = Package(
  name: "understudy",
  // Executables need no mention. A library of its own file is only what a test preloads into a child process.
  products: [.library(name: "SerialShim", type: .dynamic, targets: ["CSerialShim"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/swhitty/FlyingFox", exact: "0.27.1"),
  ],
  targets: targets
)
