/// What servo firmware needs of the mechanism it drives. Angles in rad (the arm's convention), duty −1…1.
public protocol Mechanism: AnyObject {
  /// How many joints.
  var jointCount: Int { get }
  /// Where the joint is, in rad.
  func position(_ joint: Int) -> Double
  /// How fast it turns, in rad/s.
  func velocity(_ joint: Int) -> Double
  /// The motor's torque as a share of its stall torque.
  func duty(_ joint: Int) -> Double
  /// Drives the joint toward `goal` (rad; nil: limp) with at most `torqueShare` (0…1) of the stall torque.
  func drive(_ joint: Int, toward goal: Double?, torqueShare: Double)
}
