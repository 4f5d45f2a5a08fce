import Arm
import RealTime
import TestSupport
import Testing

@Suite struct KinematicsTests {
  let arm: ArmDescription
  let kinematics: Kinematics

  init() throws {
    arm = try ArmDescription.load("so101-follower", from: hardware)
    kinematics = Kinematics(arm)
  }

  /// Joint angles, and where MuJoCo puts the tool's origin, x axis (out of the gripper) and z axis (fixed to moving finger).
  struct Sample: CustomTestStringConvertible {
    var q: [Float], position: SIMD3<Float>, x: SIMD3<Float>, z: SIMD3<Float>
    init(_ q: [Float], _ position: SIMD3<Float>, _ x: SIMD3<Float>, _ z: SIMD3<Float>) {
      (self.q, self.position, self.x, self.z) = (q, position, x, z)
    }
    var testDescription: String { "\(q)" }
    var joints: JointVector { JointVector(q + [0, 0]) }
  }

  // From an MJCF of the same lengths, run once in MuJoCo's Python binding: seeded uniform poses, rounded to four digits.
  static let mujoco: [Sample] = [
    Sample(
      [0.0000, 0.0000, 0.0000, 0.0000, 0.0000, 0.0000], [0.3913619, -0.0000111, 0.2264688],
      [1.0000000, 0.0000000, 0.0000000], [0.0000000, -0.0486603, 0.9988154]),
    Sample(
      [-0.8444, -0.1356, -1.2786, 0.0750, -0.4586, -0.0370], [0.1041196, 0.0787050, 0.5193491],
      [0.1524502, 0.1715915, 0.9733012], [-0.2018679, -0.9586440, 0.2006265]),
    Sample(
      [-1.5399, 1.6975, 0.6559, -0.1702, 0.8316, 0.3448], [0.0432268, -0.0490511, -0.1518821],
      [-0.0177575, -0.5745616, -0.8182687], [-0.6870979, 0.6015477, -0.4074763]),
    Sample(
      [-0.7607, -1.4893, -1.5123, 1.0196, 1.7985, -0.1650], [-0.1577715, -0.1980512, 0.3126514],
      [-0.2895335, -0.2755736, 0.9166404], [-0.5601771, 0.8253093, 0.0711767]),
    Sample(
      [-0.6525, -1.4344, -0.1083, 0.3903, 0.3338, 0.0828], [0.0347289, -0.0064215, 0.4370768],
      [0.3228296, 0.2466924, 0.9137417], [-0.8675007, -0.3089116, 0.3898926]),
    Sample(
      [0.7773, 0.3943, -0.1101, -0.6728, 2.3854, -0.0143], [0.3025997, -0.2675520, 0.2424859],
      [0.6596630, -0.6490645, 0.3788932], [0.6927173, 0.3295404, -0.6415184]),
    Sample(
      [-1.3640, -0.4239, -0.8138, 0.3854, 1.1353, 1.1768], [0.0780333, 0.1514260, 0.4774812],
      [0.1351562, 0.6442285, 0.7527964], [-0.9381499, -0.1612198, 0.3064032]),
    Sample(
      [1.0516, -1.1336, 0.8325, -0.8421, 0.2498, 0.2501], [0.1068859, -0.1230441, 0.3763016],
      [0.2057593, -0.3600369, 0.9099651], [-0.2689662, 0.8732447, 0.4063261]),
    Sample(
      [1.1987, -1.3687, -0.2338, 0.4434, 1.1513, 0.0086], [0.0258564, 0.0131052, 0.4458671],
      [0.1454874, -0.3727801, 0.9164433], [0.6809688, 0.7096993, 0.1805779]),
    Sample(
      [1.8589, -0.7333, -0.1812, -0.6503, -2.5210, 0.2949], [0.0291651, -0.0476992, 0.4882894],
      [-0.0017038, -0.0057492, 0.9999820], [-0.7578492, -0.6524102, -0.0050421]),
    Sample(
      [-0.6643, 0.2624, -1.4549, 1.4286, -1.6334, 0.8419], [0.2597416, 0.1827502, 0.3087331],
      [0.7655056, 0.5994047, -0.2339126], [0.5922418, -0.7984933, -0.1079728]),
    Sample(
      [-0.5520, -0.4908, 1.3897, 1.2908, 0.6653, 0.3626], [0.0350788, -0.0080964, 0.0007103],
      [-0.4939783, -0.3042217, -0.8145150], [0.2625711, 0.8408577, -0.4733020]),
    Sample(
      [-1.3255, -0.1210, -1.1164, -0.0098, -2.3494, -0.1423], [0.0650153, 0.1265270, 0.5136657],
      [0.0772191, 0.3084597, 0.9480980], [0.8260944, 0.5126236, -0.2340623]),
    Sample(
      [0.1210, -0.3754, 1.6778, -0.4161, 0.2308, 0.5736], [0.1881654, -0.0199941, -0.0253414],
      [0.6276599, -0.0763197, -0.7747376], [0.7782155, 0.0878230, 0.6218261]),
    Sample(
      [1.0508, -0.4275, -0.8210, -0.1424, 1.7430, 0.8277], [0.0688309, -0.0684708, 0.5171198],
      [0.0889050, -0.1552771, 0.9838622], [0.9214411, 0.3878921, -0.0220457]),
    Sample(
      [0.6864, 0.3566, -0.8946, -0.0608, -0.5712, 1.3555], [0.3078717, -0.2149482, 0.3702372],
      [0.6389476, -0.5234909, 0.5636517], [-0.7230566, -0.1586168, 0.6723317]),
    Sample(
      [-0.8869, 1.0930, -0.4810, -0.5591, 2.3924, 1.4959], [0.3060404, 0.3188169, 0.0674984],
      [0.6309341, 0.7740325, -0.0528753], [-0.5782107, 0.4236840, -0.6972548]),
    Sample(
      [0.1551, 1.1358, 1.2403, 0.8935, 0.5282, 1.2423], [-0.0669306, 0.0124724, 0.0686034],
      [-0.9799125, 0.1532150, 0.1276580], [-0.0406313, 0.4733121, -0.8799573]),
    Sample(
      [-1.7082, -0.6031, 0.0726, -1.2483, -1.5845, 0.1719], [0.0215740, 0.0684679, 0.4536705],
      [0.0282856, -0.2045607, 0.9784451], [0.9802930, 0.1971293, 0.0128742]),
    Sample(
      [-0.9984, -0.4492, -0.7110, 1.4119, -2.6056, 0.9111], [0.1504019, 0.1800016, 0.3229303],
      [0.5245809, 0.8141183, -0.2490508], [0.2744215, -0.4386120, -0.8557525]),
  ]

  @Test(arguments: mujoco)
  func `the tool is where MuJoCo puts it`(sample: Sample) {
    let pose = kinematics.pose(sample.joints)
    #expect(largest(pose.position_m - sample.position) < 2e-6)
    #expect(largest(pose.rotation.x - sample.x) < 4e-6)
    #expect(largest(pose.rotation.z - sample.z) < 4e-6)
  }

  @Test func `another tool point moves the origin and keeps the axes`() {
    // The stylus tip of the insert task, with the arm in its L: 26.9 mm further out than the tool of the arm file.
    let tip = Kinematics(arm, tool_m: [-0.005, 0, -0.125]).pose(.zero)
    #expect(largest(tip.position_m - SIMD3(0.4182345, 0.0000655, 0.2293759)) < 2e-6)
    #expect(tip.rotation == kinematics.pose(.zero).rotation)
  }

  @Test func `the Jacobian is what small steps do`() {
    var random = SplitMix64(seed: 11)
    for _ in 0..<200 * effort {
      let q = randomPose(arm, &random)
      let state = kinematics.state(q)
      #expect(state.pose == kinematics.pose(q), "one code path for both")
      for joint in 0..<arm.joints.count {
        let h: Float = 1e-2
        var ahead = q, behind = q
        ahead[joint] += h
        behind[joint] -= h
        let step = Float(ahead[joint] - behind[joint])
        let (a, b) = (kinematics.pose(ahead), kinematics.pose(behind))
        #expect(largest((a.position_m - b.position_m) / step - state.linear[joint]) < 5e-5)
        // d axis/dt = ω × axis.
        let w = state.angular[joint], x = state.pose.rotation.x
        let turned = SIMD3(w.y * x.z - w.z * x.y, w.z * x.x - w.x * x.z, w.x * x.y - w.y * x.x)
        #expect(largest((a.rotation.x - b.rotation.x) / step - turned) < 1e-4)
      }
    }
  }

  @Test func `the gripper does not move the tool`() {
    var open = JointVector.zero
    open[5] = 1.5
    #expect(kinematics.pose(open) == kinematics.pose(.zero))
    #expect(kinematics.state(open).linear[5] == .zero)
  }

  @Test func `the same angles give these bits on every machine`() {
    let pose = kinematics.pose([0.3, -0.7, 0.9, 0.4, -1.1, 0.2, 0, 0])
    #expect(pose.position_m.x.bitPattern == 0x3e8b_4fae)
    #expect(pose.position_m.y.bitPattern == 0xbd84_e58e)
    #expect(pose.position_m.z.bitPattern == 0x3dd9_aeb8)
    #expect(pose.yaw_rad.bitPattern == 0xbfcf_ac35)
  }

  @Test func `an angle that is not a number makes a pose that is not`() {
    var broken = JointVector.zero
    broken[1] = .nan
    #expect(kinematics.pose(broken).position_m.x.isNaN)
  }

  @Test(arguments: ["so101-follower", "so101-leader", "so100-follower", "so100-leader"])
  func `each arm rests with its tool above the table and points forward in its middle`(name: String) throws {
    let arm = try ArmDescription.load(name, from: hardware)
    let kinematics = Kinematics(arm)
    let rest = kinematics.pose(try #require(arm.rest))
    #expect(rest.position_m.z > 0.02 && rest.position_m.x > 0.15)
    let middle = kinematics.pose(.zero)
    #expect(middle.rotation.x.x > 0.999 && (0.2...0.3).contains(middle.position_m.z))
    #expect(arm.servoIDs == [1, 2, 3, 4, 5, 6])
  }
}
