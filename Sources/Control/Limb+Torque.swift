// A limb's way to torque and back: one write a tick; `Limb` shows the order.

public import Arm
internal import ServoBus

extension Limb {
  /// One write towards `powered`, or the goal once torque is on. With a `share` of full torque as its limit, the limit
  /// rises from nothing to it over `rampTicks`. A servo that has shown one of its `alarms` since torque last came, or does
  /// nothing, is switched off for a tick before that.
  public mutating func act(
    goal: JointVector, powered: Bool, share: Float? = nil, rampTicks: Int32 = 1, alarms: SIMD8<UInt8> = .zero
  ) {
    if powered, torque != .on { tries += 1 }
    switch torque {
    case .off where powered, .doubted where powered: if !bind(), share != nil || !clear() { align() }
    case .clearing where powered:
      if confirmed {
        raised.replace(with: 0, where: SIMD8<UInt8>(truncatingIfNeeded: readsOn &- expected) .!= 0)
        readsOn = expected
      }
      torque = .doubted
    case .aligned where powered && !confirmed: torque = .doubted
    case .aligned where powered && share != nil:
      bus.syncWrite(SIMD8(repeating: 0), to: registers.torqueLimit)
      torque = .limited
    case .aligned where powered && any(raised & alarms .!= 0):
      let isClear = SIMD8<Int32>(truncatingIfNeeded: raised & alarms) .== 0
      bus.syncWrite(SIMD8(repeating: 0).replacing(with: 1, where: isClear), to: registers.torqueEnable)
      raised = .zero
      torque = .renewing
    case .aligned where powered, .renewing where powered, .limited where powered: switchTorque(on: true)
    case .enabling where powered:
      if confirmed { torque = .on } else { switchTorque(on: true) }
    case .on where powered:
      tries = 0
      follow(goal, share: share, rampTicks: rampTicks)
    case .releasing where powered: torque = .doubted
    case .off:
      tries = 0
      bound = 0
    case .doubted, .clearing, .aligned, .renewing, .limited, .enabling, .on:
      tries = 0
      switchTorque(on: false)
    case .releasing:
      // A servo that never confirms is silent: the next session's check names it.
      tries += 1
      if confirmed || isLost || tries > Self.mostTries { torque = .off } else { switchTorque(on: false) }
    }
  }

  /// Writes the next of the servos' own limits; false: all stand.
  private mutating func bind() -> Bool {
    guard let bounds, bound < 3 else { return false }
    if bound == 0 { readsOn = .zero }
    switch bound {
    case 0: bus.syncWrite(bounds.acceleration, to: registers.acceleration)
    case 1: bus.syncWrite(bounds.velocity, to: registers.goalVelocity)
    default: bus.syncWrite(bounds.torque, to: registers.torqueLimit)
    }
    bound += 1
    return true
  }

  /// Switches off who reads on and does nothing, and nobody else; false: there is nobody like that.
  private mutating func clear() -> Bool {
    let hasLetGo = (reading.load .== 0) .& (readsOn .!= 0)
    guard any(hasLetGo) else { return false }
    guard all(age .== 0) else { return true }
    expected = readsOn.replacing(with: 0, where: hasLetGo)
    bus.syncWrite(expected, to: registers.torqueEnable)
    torque = .clearing
    return true
  }

  /// Goal = present; where not every joint has just been read, the arm has to wait for a tick in which it was.
  private mutating func align() {
    guard all(age .== 0), let ticks = scale.ticks(reading.position) else { return }
    bus.syncWrite(ticks, to: registers.goalPosition)
    newest = ticks
    expected = ticks
    torque = .aligned
    ramp = 0
  }

  private mutating func switchTorque(on: Bool) {
    expected = SIMD8(repeating: on ? 1 : 0)
    bus.syncWrite(expected, to: registers.torqueEnable)
    torque = on ? .enabling : .releasing
  }

  private mutating func follow(_ goal: JointVector, share: Float?, rampTicks: Int32) {
    // While the limit rises, every other write raises it.
    if let share, ramp < rampTicks {
      ramp += 1
      if ramp % 2 == 0 || ramp == rampTicks {
        let limit = share * Float(fullTorque) * Float(ramp) / Float(rampTicks)
        bus.syncWrite(SIMD8(repeating: Int32(limit)), to: registers.torqueLimit)
        return
      }
    }
    guard let ticks = scale.ticks(goal) else { return }
    newest = ticks
    bus.syncWrite(ticks, to: registers.goalPosition)
  }
}
