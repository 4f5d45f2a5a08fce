internal import Arm
internal import RealTime
internal import ServoBus

/// The arms of a rig: ports, servos, calibration, supply, and how long the wire takes.
struct RigCheck {
  let rig: Rig

  /// How many cycles tell the wire's time.
  private static let cycles = 200

  func findings() -> [Finding] {
    rig.pairs.flatMap { pair in
      [("follower", pair.follower)] + (pair.leader.map { [("leader", $0)] } ?? [])
    }.flatMap { name, side in
      do throws(HostError) {
        return try arm(name, side)
      } catch {
        return [Finding(name, .fail, "\(error)")]
      }
    }
  }

  private func arm(_ name: String, _ side: Rig.Side) throws(HostError) -> [Finding] {
    let model = try ArmHost.servos(side, rig)
    let port: SerialPort
    do throws(PortError) { port = try SerialPort.open(side.port) } catch { throw .port(error) }
    var bus = ServoBus(port: port, model: model, ids: side.arm.servoIDs, clock: .monotonic)
    try ArmHost.bringUp(name, side, rig, &bus)
    let servos = Finding(
      name, .ok, "\(side.arm.name) on \(side.port): \(bus.ids.count) \(model.name), calibrated, \(supply(&bus))")
    return [servos, wire(name, &bus)]
  }

  private func supply(_ bus: inout ServoBus) -> String {
    let registers = bus.model.registers
    let entry = bus.model.entries.first { $0.register == registers.presentVoltage }
    guard let raw = try? bus.readAll(registers.presentVoltage), let low = raw.min(), let high = raw.max() else {
      return "supply unknown"
    }
    let scale = entry?.scale ?? 0.1
    return "supply \(Figures.fixed(Double(low) * scale, 1))–\(Figures.fixed(Double(high) * scale, 1)) V"
  }

  /// The tick's own question, asked again and again: its time has to fit into the period, with room for the answer.
  private func wire(_ name: String, _ bus: inout ServoBus) -> Finding {
    let registers = bus.model.registers
    let block = RegisterBlock(from: registers.presentPosition, through: registers.presentLoad)
    let histogram = Histogram()
    let before = bus.statistics.timeouts.wrappedSum()
    for _ in 0..<Self.cycles {
      let began = TickClock.monotonic.now
      bus.post(block)
      bus.collect(until: began + .milliseconds(50))
      histogram.add(TickClock.monotonic.now - began)
    }
    let lost = bus.statistics.timeouts.wrappedSum() - before
    let p50_ms = histogram.percentile(0.5).milliseconds
    let p99_ms = histogram.percentile(0.99).milliseconds
    let budget_ms = 600 / Double(rig.loop_Hz)
    let fits = p99_ms <= budget_ms
    let detail =
      "a cycle takes p50 \(Figures.short(p50_ms)), p99 \(Figures.short(p99_ms)) ms of the \(Figures.short(budget_ms)) ms "
      + "that \(rig.loop_Hz) Hz leave; \(lost) of \(Self.cycles * bus.ids.count) replies lost"
    return Finding(
      "\(name)'s bus", p50_ms > budget_ms ? .fail : !fits || lost > 0 ? .warn : .ok, detail,
      mend: fits
        ? "look at the cable chain: a plug half out, a cable beside a motor's supply"
        : "lower loop_Hz in \(rig.file), set return_delay to 0 with `understudy setup-motors`, or the adapter's latency timer to 1 ms"
    )
  }
}
