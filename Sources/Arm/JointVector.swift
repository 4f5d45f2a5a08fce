/// One value a joint, up to eight joints an arm, in the order of the arm file; radians unless a name says otherwise.
///
/// Lanes beyond the arm's joints are zero.
public typealias JointVector = SIMD8<Float>
