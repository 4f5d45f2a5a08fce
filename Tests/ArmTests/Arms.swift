import Arm
import Foundation
import RealTime
import Testing

/// The clone's top folder, wherever the tests run.
let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
let hardware = Hardware(root: root.appending(path: "hardware"))

/// A pose within the limits of the arm, seeded.
func randomPose(_ arm: ArmDescription, _ random: inout SplitMix64) -> JointVector {
  var pose = JointVector.zero
  for (index, joint) in arm.joints.enumerated() {
    pose[index] = Float(random.uniform(joint.lower_rad...joint.upper_rad))
  }
  return pose
}

/// A new empty folder, removed when the test ends.
struct Scratch: ~Copyable {
  let folder: URL
  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "arm-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(at: folder) }
}

/// The largest component of a vector's size.
func largest(_ v: SIMD3<Float>) -> Float { max(abs(v.x), abs(v.y), abs(v.z)) }
