import RealTime
import ServoBus
import Testing
import Twin

/// The host's bus against emulated servos over a memory link, on virtual time.
@Suite struct ServoBusTests {
  @Test func `six positions are asked and collected in the time that their bytes take`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    arm.mechanism.positions = [0, 0.5, -0.5, 1, -1, 0.1]
    var bus = arm.bus(model)
    bus.post(RegisterBlock(model.registers.presentPosition))
    bus.collect(until: arm.time.now + .milliseconds(3))
    let ticks = (0..<6).map { bus.reply($0).value(of: model.registers.presentPosition) }
    #expect(ticks == [2048, 2374, 1722, 2700, 1396, 2113])
    #expect(bus.statistics.replies == 6 && bus.statistics.strayBytes == 0)
    // 14 bytes out, six times a turnaround of one byte and 8 bytes back, 10 µs each.
    #expect(arm.time.now == .microseconds(10 * (14 + 6 * 9)))
  }

  @Test func `a block of registers comes in one reply each`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    arm.mechanism.velocities[2] = -0.3
    var bus = arm.bus(model)
    bus.post(RegisterBlock(from: model.registers.presentPosition, through: model.registers.presentTemperature))
    bus.collect(until: arm.time.now + .milliseconds(3))
    #expect(bus.reply(2).value(of: model.registers.presentVelocity) == -196)
    #expect(bus.reply(2).value(of: model.registers.presentVoltage) == 120)
    #expect(bus.reply(2).value(of: model.registers.goalPosition) == nil)
    #expect(bus.reply(2).sequence == bus.newestSequence)
  }

  @Test func `before the first reply there is none`() throws {
    let model = try sts3215()
    let bus = VirtualArm(model).bus(model)
    #expect(bus.reply(0).receivedAt == .never && bus.reply(0).sequence == 0)
    #expect(bus.reply(0).value(of: model.registers.presentPosition) == nil)
  }

  @Test func `a sync write sets all goals and asks for no answer`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    var bus = arm.bus(model)
    bus.syncWrite([1000, 1001, 1002, 1003, 1004, 1005, 0, 0], to: model.registers.goalPosition)
    #expect(arm.servos.servos.map { $0.value(model.registers.goalPosition) } == [1000, 1001, 1002, 1003, 1004, 1005])
    #expect(arm.servos.nextByte == nil)
  }

  @Test func `a silent servo costs its own reading and no other`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    arm.servos.faults.silent = 0b000100
    var bus = arm.bus(model)
    bus.post(RegisterBlock(model.registers.presentPosition))
    bus.collect(until: arm.time.now + .milliseconds(3))
    #expect((0..<6).map { bus.reply($0).sequence } == [1, 1, 0, 1, 1, 1])
    #expect(bus.statistics.timeouts == [0, 0, 1, 0, 0, 0, 0, 0])
    #expect(arm.time.now == .milliseconds(3))
  }

  @Test func `set-up reads, writes, verifies and finds servos`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    var bus = arm.bus(model)
    #expect(try bus.ping(4) == 0)
    #expect(try bus.read(model.registers.modelNumber, of: 4) == 777)
    try bus.writeVerified(-1047, to: model.registers.homingOffset, of: 4)
    #expect(try bus.readAll(model.registers.id) == [1, 2, 3, 4, 5, 6])
    #expect(try bus.discover() == [1, 2, 3, 4, 5, 6])
    #expect(try bus.scan(4...9) == [4, 5, 6])
    #expect(try bus.readBytes(address: 0, count: 71, of: 2).count == 71)
  }

  @Test func `registered writes wait for the action`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    var bus = arm.bus(model)
    try bus.writeRegistered(1234, to: model.registers.goalPosition, of: 2)
    #expect(arm.servos.servos[1].value(model.registers.goalPosition) == 2048)
    bus.action()
    #expect(arm.servos.servos[1].value(model.registers.goalPosition) == 1234)
  }

  @Test func `an adapter that hears itself changes nothing`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    arm.servos.faults.echoes = true
    var bus = arm.bus(model)
    #expect(try bus.ping(1) == 0)
    #expect(try bus.read(model.registers.presentPosition, of: 1) == 2048)
    bus.post(RegisterBlock(model.registers.presentPosition))
    bus.collect(until: arm.time.now + .milliseconds(3))
    #expect(bus.statistics.replies == 8 && bus.statistics.echoes == 2)
  }

  @Test func `who does not answer is named, with what to do`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    var bus = arm.bus(model)
    let absent = BusError.noReply(port: "virtual", id: 9, attempts: 3, strayBytes: 0)
    var caught: BusError?
    do throws(BusError) { try bus.ping(9) } catch { caught = error }
    #expect(caught == absent)
    #expect(absent.description.contains("understudy ports"))
    do throws(BusError) { try bus.write(5, to: model.registers.presentPosition, of: 1) } catch { caught = error }
    #expect(caught == .readOnly(port: "virtual", id: 1, register: "present_position"))
    do throws(BusError) { try bus.write(9000, to: model.registers.homingOffset, of: 1) } catch { caught = error }
    #expect(caught == .outOfRange(register: "homing_offset", value: 9000, range: -2047...2047))
  }

  @Test func `an unplugged adapter is a flag in the tick and an error in set-up`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    var bus = arm.bus(model)
    arm.link.isConnected = false
    bus.post(RegisterBlock(model.registers.presentPosition))
    bus.collect(until: arm.time.now + .milliseconds(3))
    bus.syncWrite(.zero, to: model.registers.goalPosition)
    let isLost = bus.isLost
    #expect(isLost)
    var caught: BusError?
    do throws(BusError) { try bus.ping(1) } catch { caught = error }
    #expect(caught == .lost(port: "virtual"))
  }

  @Test func `every reply's error byte is kept`() throws {
    let model = try sts3215()
    let arm = VirtualArm(model)
    arm.servos.supply_V = 3.5
    arm.servos.update(at: .zero)
    var bus = arm.bus(model)
    bus.post(RegisterBlock(model.registers.presentPosition))
    bus.collect(until: arm.time.now + .milliseconds(3))
    #expect(model.meanings(ofStatus: bus.reply(5).statusBits).map(\.name) == ["input_voltage"])
  }

  @Test(arguments: [UInt64(1), 2, 3])
  func `a minute at 200 Hz with 5 % dropped, 2 % damaged, late and noisy replies: no wrong value`(seed: UInt64) throws {
    let model = try sts3215()
    let arm = VirtualArm(model, seed: seed)
    arm.servos.faults.dropReply = 0.05
    arm.servos.faults.flipBit = 0.02
    arm.servos.faults.noise = 0.02
    arm.servos.faults.delayReply = 0.002
    var bus = arm.bus(model)
    let block = RegisterBlock(model.registers.presentPosition)
    var wrong = 0
    var fresh = 0
    var longestGap: UInt32 = 0
    for tick in 0..<12_000 {
      let start = Nanoseconds(Int64(tick) * 5_000_000)
      arm.time.advance(to: start)
      for joint in 0..<6 { arm.mechanism.positions[joint] = Double((tick + joint) % 1000) * 0.001 }
      bus.post(block)
      bus.collect(until: start + .milliseconds(3))
      for joint in 0..<6 {
        let reply = bus.reply(joint)
        longestGap = max(longestGap, bus.newestSequence - reply.sequence)
        guard reply.sequence == bus.newestSequence else { continue }
        fresh += 1
        let expected = Int32((2048 + arm.mechanism.positions[joint] * 4096 / (2 * .pi)).rounded())
        if reply.value(of: model.registers.presentPosition) != expected { wrong += 1 }
      }
    }
    #expect(wrong == 0)
    #expect(Double(fresh) / 72_000 > 0.9)
    #expect(longestGap <= 8)
    let missing = (0..<6).reduce(0) { $0 + Int(bus.statistics.timeouts[$1]) }
    #expect(fresh + missing == 72_000)
  }
}
