// What files, policies and the rest of a host give to the pure part of a tick, for a freestanding build of it: types of the
// same names, as far as its sources mention them.

/// Geometry comes in as bytes here, within the envelope.
struct ArmDescription {
  struct Joint {
    var position_m: SIMD3<Double>
    var quaternion_wxyz: SIMD4<Double>
  }
  struct Tool {
    var joint: Int
    var position_m: SIMD3<Double>
    var quaternion_wxyz: SIMD4<Double>
  }
  var joints: [Joint]
  var tool: Tool
  var mountHeight_m: Double
}

enum Rig {
  struct EnvelopeSettings {
    var box_m: (lower: SIMD3<Float>, upper: SIMD3<Float>)?
    var floor_m: Double?
  }
}

struct ArmScale {
  var rangeLower: JointVector
  var rangeUpper: JointVector
}

/// The numbers that verifying needs.
struct ControlSettings: BitwiseCopyable {
  var slowStep: Float = 0
  var slowStepChange: Float = 0
  var yieldStep: Float = 0
  var yieldStepChange: Float = 0
  var guidingStep_m: Float = 0
  var clutchStep: Float = 0
  var clutchShare: Float = 0
  var decisionTicks = 1
}

/// Never there: the policies' own kernels run on arm64 in `KernelDigestTests`.
final class PolicySource {
  final class Loaded {}
  let decides = false
  let looksBack = true
  init(ticks: Int) {}
  func load(_ policy: Unmanaged<Loaded>) {}
  func forget() {}
  func wish(
    position: JointVector, environment: EnvironmentReading, command: JointVector, step: JointVector
  ) -> JointVector {
    command
  }
}
