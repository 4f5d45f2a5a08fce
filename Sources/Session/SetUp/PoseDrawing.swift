public import Arm

/// An arm in a pose, seen from its right side (x to the right, z up), in characters: what the person is to copy.
///
/// Drawn from the arm file's own lengths, so that it is right for every arm. One column is 12 mm, one row 24 mm.
public struct PoseDrawing: CustomStringConvertible {
  private static let column_m: Float = 0.012
  private static let row_m: Float = 0.024
  private let rows: [String]

  /// The drawing of a pose.
  public init(_ arm: ArmDescription, pose: JointVector) {
    let chain = Kinematics(arm).chain(pose).map { SIMD2($0.position_m.x, $0.position_m.z + Float(arm.mountHeight_m)) }
    // The mount stands below the first joint.
    let points = [SIMD2(chain[0].x, 0)] + chain
    let left = (points.map(\.x).min() ?? 0) - 4 * Self.column_m
    let width = Int(((points.map(\.x).max() ?? 0) - left) / Self.column_m) + 10
    let height = Int((points.map(\.y).max() ?? 0) / Self.row_m) + 2
    var grid = [[Character]](repeating: [Character](repeating: " ", count: width), count: height)
    func plot(_ point: SIMD2<Float>, _ mark: Character) {
      let column = Int(((point.x - left) / Self.column_m).rounded()), row = Int((point.y / Self.row_m).rounded())
      if grid.indices.contains(row), grid[row].indices.contains(column) { grid[row][column] = mark }
    }
    for (from, to) in zip(points, points.dropFirst()) {
      let way = to - from
      let steps = max(1, Int(max(abs(way.x) / Self.column_m, abs(way.y) / Self.row_m).rounded()))
      let mark: Character =
        abs(way.y) > 1.2 * abs(way.x) ? "|" : abs(way.x) > 2 * abs(way.y) ? "=" : way.x * way.y > 0 ? "/" : "\\"
      for step in 0...steps { plot(from + way * (Float(step) / Float(steps)), mark) }
    }
    // The joints that turn in this plane, and the fingertips.
    for point in chain.dropLast().dropFirst() { plot(point, "o") }
    plot(chain[chain.count - 1], ">")
    rows = grid.reversed().map { row in
      let text = String(row)
      return text.lastIndex { $0 != " " }.map { String(text[...$0]) } ?? ""
    }
  }

  /// The rows, the table below them.
  public var description: String {
    var lines = rows
    while lines.first == "" { lines.removeFirst() }
    return (lines + [String(repeating: "-", count: (rows.map(\.count).max() ?? 0) + 2)]).map { "    \($0)" }
      .joined(separator: "\n")
  }
}
