internal import CMuJoCo
internal import Glibc

/// Where MuJoCo keeps a joint of one degree of freedom, and how far it turns.
struct JointIndex: Sendable {
  let position: Int
  let velocity: Int
  let range: ClosedRange<Double>
}

/// A compiled MuJoCo scene. Every `Simulation` of it has a state of its own.
///
/// All of the module's unsafe code stands in this file: a model and a state are freed exactly once, by the deinit of the
/// class that owns them, and every index that reaches a pointer was looked up by name in this very model.
final class SceneModel {
  fileprivate let model: UnsafeMutablePointer<mjModel>
  /// The file it came from.
  let path: String

  /// Compiles the MJCF file at `path`.
  init(path: String) throws(TwinError) {
    Self.quietLog
    var reason = [CChar](repeating: 0, count: 1000)
    guard let model = mj_loadXML(path, nil, &reason, Int32(reason.count)) else {
      let text = String(decoding: reason.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      throw .scene(path: path, reason: text)
    }
    self.model = model
    self.path = path
  }

  deinit { mj_deleteModel(model) }

  /// MuJoCo would write its warnings into a file in the working directory; `Simulation.isBroken` reports what matters.
  private static let quietLog: Void = {
    mju_setLogHandler { message in
      guard let message, message.pointee.level == Int32(mjLOG_ERROR.rawValue) else { return }
      withUnsafeBytes(of: message.pointee.subject) { text in
        _ = write(STDERR_FILENO, text.baseAddress, text.firstIndex(of: 0) ?? text.count)
      }
    }
  }()

  /// One physics step in seconds.
  var timestep_s: Double { model.pointee.opt.timestep }

  private func id(_ type: mjtObj, _ kind: String, _ name: String) throws(TwinError) -> Int {
    let id = mj_name2id(model, Int32(type.rawValue), name)
    guard id >= 0 else { throw .missing(kind: kind, name: name, path: path) }
    return Int(id)
  }

  /// The joint of this name.
  func joint(_ name: String) throws(TwinError) -> JointIndex {
    let id = try id(mjOBJ_JOINT, "joint", name)
    let range = model.pointee.jnt_range + 2 * id
    let isFree = model.pointee.jnt_type[id] == Int32(mjJNT_FREE.rawValue)
    return JointIndex(
      position: Int(model.pointee.jnt_qposadr[id]), velocity: Int(model.pointee.jnt_dofadr[id]),
      range: isFree ? 0...0 : range[0]...range[1])
  }

  /// The actuator of this name and the largest force that it has.
  func actuator(_ name: String) throws(TwinError) -> (index: Int, stall_Nm: Double) {
    let id = try id(mjOBJ_ACTUATOR, "actuator", name)
    return (id, model.pointee.actuator_forcerange[2 * id + 1])
  }

  /// The site of this name.
  func site(_ name: String) throws(TwinError) -> Int { try id(mjOBJ_SITE, "site", name) }

  /// The geom of this name.
  func geom(_ name: String) throws(TwinError) -> Int { try id(mjOBJ_GEOM, "geom", name) }

  /// Multiplies the friction of the geom of this name, and that of the contact pairs it is part of; a scene without such a
  /// geom stays as it is.
  func scaleFriction(of name: String, by factor: Double) {
    let id = mj_name2id(model, Int32(mjOBJ_GEOM.rawValue), name)
    guard id >= 0 else { return }
    for i in 0..<3 { model.pointee.geom_friction[3 * Int(id) + i] *= factor }
    for pair in 0..<Int(model.pointee.npair)
    where model.pointee.pair_geom1[pair] == id || model.pointee.pair_geom2[pair] == id {
      for i in 0..<5 { model.pointee.pair_friction[5 * pair + i] *= factor }
    }
  }

  /// The slot of the body of this name among those that are moved by hand (MuJoCo's mocap bodies).
  func placeable(_ name: String) throws(TwinError) -> Int {
    let slot = model.pointee.body_mocapid[try id(mjOBJ_BODY, "body", name)]
    guard slot >= 0 else { throw .missing(kind: "mocap body", name: name, path: path) }
    return Int(slot)
  }
}

/// Two shapes that touch.
struct Contact {
  let geoms: (Int, Int)
  let position: SIMD3<Double>
  /// The direction in which they press on each other, sign aside.
  let normal: SIMD3<Double>
  /// How hard they press on each other, in N.
  let normalForce_N: Double
}

/// The state of a scene, and its steps. Deterministic: the same calls give the same bits.
final class Simulation {
  let scene: SceneModel
  private let data: UnsafeMutablePointer<mjData>

  /// A state of `scene` in its initial posture.
  init(_ scene: SceneModel) throws(TwinError) {
    guard let data = mj_makeData(scene.model) else { throw .scene(path: scene.path, reason: "out of memory") }
    self.scene = scene
    self.data = data
    mj_forward(scene.model, data)
  }

  deinit { mj_deleteData(data) }

  /// Forgets what the solver would begin from: the same state then goes on alike, whatever came before.
  func forget() {
    for i in 0..<Int(scene.model.pointee.nv) { data.pointee.qacc_warmstart[i] = 0 }
  }

  /// One time step.
  func step() { mj_step(scene.model, data) }

  /// Makes everything that follows from the positions true again after they were set.
  func settlePositions() { mj_forward(scene.model, data) }

  /// The same for body poses only, which is all that kinematics and Jacobians need.
  func settleKinematics() {
    mj_kinematics(scene.model, data)
    mj_comPos(scene.model, data)
  }

  /// True once a state was not finite or ran away; MuJoCo then restarted it from the initial posture.
  var isBroken: Bool {
    withUnsafePointer(to: &data.pointee.warning) { tuple in
      tuple.withMemoryRebound(to: mjWarningStat.self, capacity: Int(mjNWARNING.rawValue)) { warnings in
        [mjWARN_BADQPOS, mjWARN_BADQVEL, mjWARN_BADQACC].contains { warnings[Int($0.rawValue)].number > 0 }
      }
    }
  }

  func position(_ joint: JointIndex) -> Double { data.pointee.qpos[joint.position] }
  func velocity(_ joint: JointIndex) -> Double { data.pointee.qvel[joint.velocity] }

  func set(_ joint: JointIndex, position: Double, velocity: Double = 0) {
    data.pointee.qpos[joint.position] = position
    data.pointee.qvel[joint.velocity] = velocity
  }

  /// A torque from outside (a hand, a kick) on one joint; it lasts until it is set anew.
  func push(_ joint: JointIndex, torque_Nm: Double) { data.pointee.qfrc_applied[joint.velocity] = torque_Nm }

  /// The position goal of an actuator and the force that it may use for it.
  func control(_ actuator: Int, goal: Double, limit_Nm: Double) {
    data.pointee.ctrl[actuator] = goal
    scene.model.pointee.actuator_forcerange[2 * actuator] = -limit_Nm
    scene.model.pointee.actuator_forcerange[2 * actuator + 1] = limit_Nm
  }

  /// The force an actuator exerted in the last step.
  func force_Nm(_ actuator: Int) -> Double { data.pointee.actuator_force[actuator] }

  /// Where a free body is: position and unit quaternion (w x y z).
  func pose(_ joint: JointIndex) -> (position: SIMD3<Double>, orientation: SIMD4<Double>) {
    let q = data.pointee.qpos + joint.position
    return (SIMD3(q[0], q[1], q[2]), SIMD4(q[3], q[4], q[5], q[6]))
  }

  /// How fast a free body moves, in m/s.
  func speed(_ joint: JointIndex) -> SIMD3<Double> {
    let v = data.pointee.qvel + joint.velocity
    return SIMD3(v[0], v[1], v[2])
  }

  /// Puts a free body somewhere, at rest.
  func place(_ joint: JointIndex, at position: SIMD3<Double>, orientation: SIMD4<Double>) {
    for i in 0..<3 { data.pointee.qpos[joint.position + i] = position[i] }
    for i in 0..<4 { data.pointee.qpos[joint.position + 3 + i] = orientation[i] }
    for i in 0..<6 { data.pointee.qvel[joint.velocity + i] = 0 }
  }

  /// Where a body stands that is moved by hand.
  func placement(_ slot: Int) -> SIMD3<Double> {
    let p = data.pointee.mocap_pos + 3 * slot
    return SIMD3(p[0], p[1], p[2])
  }

  /// Puts a body somewhere that is moved by hand.
  func place(_ slot: Int, at position: SIMD3<Double>) {
    for i in 0..<3 { data.pointee.mocap_pos[3 * slot + i] = position[i] }
  }

  /// Where a site is, in the world.
  func position(site: Int) -> SIMD3<Double> {
    let p = data.pointee.site_xpos + 3 * site
    return SIMD3(p[0], p[1], p[2])
  }

  /// A site's axis (0 x, 1 y, 2 z), in the world.
  func axis(_ axis: Int, site: Int) -> SIMD3<Double> {
    let m = data.pointee.site_xmat + 9 * site
    return SIMD3(m[axis], m[3 + axis], m[6 + axis])
  }

  /// How a site moves and turns with each joint: columns of the Jacobian.
  func jacobian(site: Int, joints: [JointIndex], linear: inout [SIMD3<Double>], angular: inout [SIMD3<Double>]) {
    let count = Int(scene.model.pointee.nv)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 6 * count) { buffer in
      guard let rows = buffer.baseAddress else { return }
      mj_jacSite(scene.model, data, rows, rows + 3 * count, Int32(site))
      for (i, joint) in joints.enumerated() {
        let j = joint.velocity
        linear[i] = SIMD3(rows[j], rows[count + j], rows[2 * count + j])
        angular[i] = SIMD3(rows[3 * count + j], rows[4 * count + j], rows[5 * count + j])
      }
    }
  }

  /// How many contacts the last step found.
  var contactCount: Int { Int(data.pointee.ncon) }

  /// One of them.
  func contact(_ index: Int) -> Contact {
    let contact = data.pointee.contact + index
    var force: (Double, Double, Double, Double, Double, Double) = (0, 0, 0, 0, 0, 0)
    withUnsafeMutablePointer(to: &force) {
      $0.withMemoryRebound(to: Double.self, capacity: 6) { mj_contactForce(scene.model, data, Int32(index), $0) }
    }
    let (p, n) = (contact.pointee.pos, contact.pointee.frame)
    return Contact(
      geoms: (Int(contact.pointee.geom.0), Int(contact.pointee.geom.1)), position: SIMD3(p.0, p.1, p.2),
      normal: SIMD3(n.0, n.1, n.2), normalForce_N: force.0)
  }
}
