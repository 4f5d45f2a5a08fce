internal import RealTime
internal import ServoBus

extension PortSurvey.Port {
  /// Arms have few servos with low ids; a stranger's id up to 253 answers the broadcast.
  private static let likely: ClosedRange<UInt8> = 0...12

  /// Opens the port for a moment and asks who is there.
  mutating func ask(_ models: [ServoModel]) {
    wasAsked = true
    let port: SerialPort
    do throws(PortError) { port = try SerialPort.open(path) } catch {
      trouble.append("\(error)")
      return
    }
    // The addresses asked for here are the same in every model of the family.
    var bus = ServoBus(port: port, model: models[0], ids: [], clock: .monotonic)
    do throws(BusError) {
      var ids = Set(try bus.discover())
      // On a real wire the answers to a broadcast may fall over each other. An adapter may keep a byte for 16 ms.
      let candidates = Self.likely
      for id in candidates where !ids.contains(id) {
        ids.formUnion(try bus.scan(id...id, timeout: .milliseconds(ids.isEmpty ? 25 : 5)))
      }
      for id in ids.sorted() {
        do throws(BusError) {
          // Two servos with one id say the same of what they are, but not of where they stand.
          let registers = bus.model.registers
          let position = registers.presentPosition.address
          _ = try bus.readBytes(address: position, count: registers.presentTemperature.address - position, of: id)
          servos.append(try Self.servo(id, on: &bus, models))
        } catch {
          guard case .noReply(_, _, _, let stray) = error, stray > 0 else { throw error }
          trouble.append(
            "Servos that share id \(id) talk over each other (new ones all have id 1): `understudy setup-motors` gives each its own."
          )
        }
      }
    } catch {
      trouble.append("\(error)")
    }
    let noise = bus.statistics.strayBytes
    if noise > 0 || bus.statistics.checksumErrors != .zero {
      trouble.append(
        "\(noise) bytes came that belong to no reply: two servos with one id, another baud rate, or a loose cable.")
    }
    if servos.isEmpty, trouble.isEmpty {
      trouble.append("Nothing answered at 1 Mbit/s: is the arm's supply on, and the first cable in the adapter?")
    }
  }

  private static func servo(
    _ id: UInt8, on bus: inout ServoBus, _ models: [ServoModel]
  ) throws(BusError) -> PortSurvey.Servo {
    var servo = PortSurvey.Servo(id: id)
    let number = try bus.read(bus.model.registers.modelNumber, of: id)
    servo.modelNumber = number
    guard let model = models.first(where: { $0.modelNumber == number }) else { return servo }
    let registers = model.registers
    servo.model = model.name
    servo.firmware =
      "\(try bus.read(registers.firmwareMajor, of: id)).\(try bus.read(registers.firmwareMinor, of: id))"
    let volt = model.entries.first { $0.register == registers.presentVoltage }?.scale ?? 0.1
    servo.voltage_V = Double(try bus.read(registers.presentVoltage, of: id)) * volt
    servo.homingOffset = try bus.read(registers.homingOffset, of: id)
    servo.rangeMin = try bus.read(registers.minPosition, of: id)
    servo.rangeMax = try bus.read(registers.maxPosition, of: id)
    return servo
  }
}
