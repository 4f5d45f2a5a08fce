import Arm
import Foundation
import Testing

/// LeRobot 0.6.1's own normalisation, captured (`Tests/Peers/lerobot_setup.py --capture`), against ours, to the last bit.
@Suite struct LeRobotUnitsTests {
  private struct Case: Decodable {
    let mode: String
    let drive_mode: Int
    let range_min: Int
    let range_max: Int
    let tick: Int
    let normalized: Double
    let value: Double
    let ticks: Int
  }

  @Test func `ticks become LeRobot's values and values LeRobot's ticks, in every mode and both drive modes`() throws {
    let file = root.appending(path: "Tests/Captures/lerobot-normalization.json")
    let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
    #expect(cases.count == 600)
    #expect(Set(cases.map { "\($0.mode) \($0.drive_mode)" }).count == 6)
    for item in cases {
      let mode = try #require(Normalization(rawValue: item.mode), "\(item.mode)")
      let joint = Calibration.Joint(
        name: "gripper", id: 6, driveMode: item.drive_mode, homingOffset: 0, rangeMin: item.range_min,
        rangeMax: item.range_max)
      #expect(mode.normalize(item.tick, joint) == item.normalized, "\(item)")
      #expect(mode.ticks(item.value, joint) == item.ticks, "\(item)")
    }
  }
}
