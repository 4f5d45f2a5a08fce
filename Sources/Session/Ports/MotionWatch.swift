internal import Arm
internal import RealTime
internal import ServoBus

/// Watches several arms at once to see which one a person moves. Reads only: an arm with torque on stays as it is.
struct MotionWatch {
  private let arms: [OpenArm]
  /// A joint that moved so far was moved, not bumped.
  private static let moved_ticks = 200
  private static let patience_ms = 30_000
  private static let pause_ms = 50

  /// One arm and how far its joints were seen to move.
  private final class OpenArm {
    var bus: ServoBus
    var ranges: [RangeOfMotion]

    init(_ port: PortSurvey.Port, _ model: ServoModel) throws(SetUpError) {
      let ids = Array(port.servos.map(\.id).prefix(8))
      do throws(PortError) {
        bus = ServoBus(port: try SerialPort.open(port.path), model: model, ids: ids, clock: .monotonic)
      } catch { throw .port(error) }
      ranges = []
      ranges = try positions().map { RangeOfMotion(at: $0) }
    }

    /// Looks once more; whether a joint has been moved by now.
    func hasMoved() throws(SetUpError) -> Bool {
      for (joint, tick) in try positions().enumerated() { ranges[joint].add(tick) }
      return ranges.contains { $0.width >= MotionWatch.moved_ticks }
    }

    private func positions() throws(SetUpError) -> [Int] {
      do throws(BusError) { return try bus.readAll(bus.model.registers.presentPosition).map { Int($0) } } catch {
        throw .bus(error)
      }
    }
  }

  /// Opens the arms' ports.
  init(_ ports: [PortSurvey.Port], _ model: ServoModel) throws(SetUpError) {
    var arms: [OpenArm] = []
    for port in ports { arms.append(try OpenArm(port, model)) }
    self.arms = arms
  }

  /// The first arm of which a joint moves; asks for it first.
  func whichMoves(asking dialogue: any Dialogue, _ request: String) throws(SetUpError) -> Int {
    dialogue.say("\(request) (for half a minute; q ends).")
    for _ in 0..<Self.patience_ms / Self.pause_ms {
      for (index, arm) in arms.enumerated() where try arm.hasMoved() { return index }
      if case .line(let line) = dialogue.listen(milliseconds: Self.pause_ms), line.lowercased() == "q" {
        throw .stopped("Stopped; nothing was written.")
      }
    }
    throw .refused(
      "No arm was moved. Is its torque on (`understudy relax`)? Otherwise tell them apart with `understudy ports --unplug`."
    )
  }
}
