import RealTime
import ServoBus
import Testing
import Twin

@Suite struct EmulatedServoTests {
  @Test func `angles appear as ticks of a 12-bit encoder, half a turn at zero`() throws {
    let rig = try ServoRig()
    for (angle, ticks) in [(0.0, 2048), (.pi / 2, 3072), (-.pi / 2, 1024), (0.001, 2049), (0.0007, 2048)] {
      rig.mechanism.positions[0] = angle
      #expect(rig.read(rig.r.presentPosition) == Int32(ticks))
    }
  }

  @Test func `a reversed servo counts the other way`() throws {
    let rig = try ServoRig { $0[0].scale = EncoderScale(zero_ticks: 2048, reversed: true) }
    rig.mechanism.positions[0] = .pi / 2
    #expect(rig.read(rig.r.presentPosition) == 1024)
  }

  @Test func `present is actual minus homing offset, within one turn`() throws {
    let rig = try ServoRig { $0[0].scale.zero_ticks = 1000 }
    #expect(rig.read(rig.r.presentPosition) == 1000)
    rig.write(-1047, to: rig.r.homingOffset)
    #expect(rig.read(rig.r.presentPosition) == 2047)
    rig.write(1500, to: rig.r.homingOffset)
    #expect(rig.read(rig.r.presentPosition) == 3596)
  }

  @Test func `goals are in the same ticks as readings`() throws {
    let rig = try ServoRig { $0[0].scale.zero_ticks = 1000 }
    rig.write(-1047, to: rig.r.homingOffset)
    rig.write(3071, to: rig.r.goalPosition)
    rig.write(1, to: rig.r.torqueEnable)
    rig.run(seconds: 1)
    #expect(rig.read(rig.r.presentPosition) == 3071)
    #expect(abs(rig.mechanism.positions[0] - .pi / 2) < 1e-3)
  }

  @Test func `a limp servo drives nothing, and at power-on its goal is where it is`() throws {
    let rig = try ServoRig()
    rig.write(3000, to: rig.r.goalPosition)
    rig.run(seconds: 0.1)
    #expect(rig.mechanism.goals[0] == nil && rig.mechanism.positions[0] == 0)
    rig.mechanism.positions[0] = 0.5
    rig.bus.cyclePower()
    #expect(rig.read(rig.r.goalPosition) == 2374)
    #expect(rig.read(rig.r.torqueEnable) == 0)
  }

  @Test func `goals beyond the servo's own limits stop there`() throws {
    let rig = try ServoRig { $0[0].limits = 1500...2500 }
    rig.write(1, to: rig.r.torqueEnable)
    rig.write(4000, to: rig.r.goalPosition)
    rig.run(seconds: 2)
    #expect(rig.read(rig.r.presentPosition) == 2500)
    #expect(rig.read(rig.r.goalPosition) == 4000)
  }

  @Test func `goal velocity and acceleration shape the way to the goal`() throws {
    let rig = try ServoRig()
    rig.write(1000, to: rig.r.goalVelocity)
    rig.write(50, to: rig.r.acceleration)
    rig.write(1, to: rig.r.torqueEnable)
    rig.write(3548, to: rig.r.goalPosition)
    var before = 0.0
    var speedBefore = 0.0
    var fastest = 0.0
    var steepest = 0.0
    var highest = 0.0
    rig.run(seconds: 2.2) {
      let ticks = rig.mechanism.positions[0] * 4096 / (2 * .pi)
      let speed = (ticks - before) / 0.002
      fastest = max(fastest, speed)
      steepest = max(steepest, abs(speed - speedBefore) / 0.002)
      highest = max(highest, ticks)
      (before, speedBefore) = (ticks, speed)
    }
    #expect(abs(before - 1500) < 0.01)
    #expect(highest < 1500.01, "no overshoot")
    #expect(fastest > 990 && fastest < 1000.1)
    // The last step of all may be a little shorter than a whole one.
    #expect(steepest > 4900 && steepest < 10_100)
  }

  @Test func `writes to EEPROM last only while the lock is open`() throws {
    let rig = try ServoRig()
    rig.write(300, to: rig.r.homingOffset)
    #expect(rig.read(rig.r.homingOffset) == 300)
    rig.bus.cyclePower()
    #expect(rig.read(rig.r.homingOffset) == 0)
    rig.write(0, to: rig.r.lock)
    rig.write(300, to: rig.r.homingOffset)
    rig.bus.cyclePower()
    #expect(rig.read(rig.r.homingOffset) == 300)
    #expect(rig.read(rig.r.lock) == 1)
  }

  @Test func `what may only be read stays as it is`() throws {
    let rig = try ServoRig()
    rig.say([0xFF, 0xFF, 0x01, 0x05, 0x03, 0x03, 0x01, 0x01, 0xF1])
    #expect(rig.read(rig.r.modelNumber) == 777)
  }

  @Test func `the torque limit starts as the EEPROM's maximum and reaches the motor`() throws {
    let rig = try ServoRig()
    rig.write(0, to: rig.r.lock)
    rig.write(500, to: rig.r.maxTorque)
    rig.bus.cyclePower()
    #expect(rig.read(rig.r.torqueLimit) == 500)
    rig.write(120, to: rig.r.torqueLimit)
    rig.write(1, to: rig.r.torqueEnable)
    rig.run(seconds: 0.01)
    #expect(rig.mechanism.shares[0] == 0.12)
  }

  @Test func `load is the motor's duty: nothing while limp, with the joint's sign while driving`() throws {
    let rig = try ServoRig()
    rig.mechanism.duties[0] = -0.25
    #expect(rig.read(rig.r.presentLoad) == 0)
    rig.write(1, to: rig.r.torqueEnable)
    #expect(rig.read(rig.r.presentLoad) == -250)
    #expect(rig.read(rig.r.presentCurrent) == 104)
  }

  @Test func `an overloaded servo says so, keeps a fifth of its torque, and recovers when torque is switched`() throws {
    let rig = try ServoRig()
    rig.mechanism.isBlocked = true
    rig.write(1, to: rig.r.torqueEnable)
    rig.write(2500, to: rig.r.goalPosition)
    rig.mechanism.duties[0] = 1
    rig.run(seconds: 1.9)
    #expect(rig.read(rig.r.status) == 0 && rig.mechanism.shares[0] == 1)
    rig.run(seconds: 0.2)
    #expect(rig.say(.ping(1))[4] == 0b10_0000)
    #expect(rig.mechanism.shares[0] == 0.2)
    rig.mechanism.duties[0] = 0.2
    rig.write(2600, to: rig.r.goalPosition)
    rig.run(seconds: 0.1)
    #expect(rig.mechanism.shares[0] == 0.2)
    rig.write(1500, to: rig.r.goalPosition)
    rig.run(seconds: 0.1)
    #expect(rig.say(.ping(1))[4] == 0 && rig.mechanism.shares[0] == 1)
  }

  @Test func `a hot servo lets go and stays limp until torque is switched anew`() throws {
    let rig = try ServoRig()
    rig.write(1, to: rig.r.torqueEnable)
    rig.servo(1).temperature_degC = 70.5
    rig.run(seconds: 0.01)
    #expect(rig.say(.ping(1))[4] == 0b100)
    #expect(rig.mechanism.goals[0] == nil)
    rig.servo(1).temperature_degC = 40
    rig.run(seconds: 0.01)
    #expect(rig.say(.ping(1))[4] == 0 && rig.mechanism.goals[0] == nil)
    rig.write(1, to: rig.r.torqueEnable)
    rig.run(seconds: 0.01)
    #expect(rig.mechanism.goals[0] == nil, "it had not been off")
    rig.write(0, to: rig.r.torqueEnable)
    rig.write(1, to: rig.r.torqueEnable)
    rig.run(seconds: 0.01)
    #expect(rig.mechanism.goals[0] != nil)
  }

  @Test func `a servo that let go for heat says so until it has cooled a little`() throws {
    let rig = try ServoRig()
    rig.write(1, to: rig.r.torqueEnable)
    rig.servo(1).temperature_degC = 70
    rig.run(seconds: 1)
    #expect(rig.servo(1).temperature_degC < 70, "the current is gone")
    #expect(rig.say(.ping(1))[4] == 0b100)
    rig.servo(1).temperature_degC = 67.9
    rig.run(seconds: 0.01)
    #expect(rig.say(.ping(1))[4] == 0 && rig.mechanism.goals[0] == nil)
  }

  @Test func `a servo that let go for current says so until torque is switched, whatever its goal`() throws {
    let rig = try ServoRig()
    rig.mechanism.isBlocked = true
    rig.write(100, to: rig.r.protectionCurrent)
    rig.write(1, to: rig.r.torqueEnable)
    rig.write(2500, to: rig.r.goalPosition)
    rig.mechanism.duties[0] = 0.5
    rig.run(seconds: 2.1)
    #expect(rig.say(.ping(1))[4] == 0b1000 && rig.mechanism.goals[0] == nil)
    rig.write(1500, to: rig.r.goalPosition)
    rig.run(seconds: 3)
    #expect(rig.say(.ping(1))[4] == 0b1000 && rig.mechanism.goals[0] == nil)
    #expect(rig.read(rig.r.torqueEnable) == 1, "this register does not tell")
    rig.write(0, to: rig.r.torqueEnable)
    rig.run(seconds: 0.01)
    #expect(rig.say(.ping(1))[4] == 0)
  }

  @Test func `holding at stall heats a servo beyond its limit within minutes`() throws {
    let rig = try ServoRig()
    rig.write(254, to: rig.r.overloadTorque)
    rig.write(1, to: rig.r.torqueEnable)
    rig.mechanism.duties[0] = 1
    rig.run(seconds: 30)
    #expect(rig.mechanism.goals[0] != nil)
    rig.run(seconds: 150)
    #expect(rig.mechanism.goals[0] == nil)
  }

  @Test func `a supply outside the limits is a status bit and a reading`() throws {
    let rig = try ServoRig()
    rig.bus.supply_V = 15
    rig.run(seconds: 0.01)
    #expect(rig.read(rig.r.presentVoltage) == 150 && rig.say(.ping(1))[4] == 1)
  }

  @Test func `torque enable 128 makes here the middle, for good`() throws {
    let rig = try ServoRig { $0[0].scale.zero_ticks = 300 }
    rig.write(128, to: rig.r.torqueEnable)
    #expect(rig.read(rig.r.presentPosition) == 2048 && rig.read(rig.r.torqueEnable) == 0)
    rig.bus.cyclePower()
    #expect(rig.read(rig.r.presentPosition) == 2048)
  }

  @Test func `a factory reset keeps only the id`() throws {
    let rig = try ServoRig { $0[3].homingOffset = 77 }
    #expect(rig.say(.factoryReset(4)) == [0xFF, 0xFF, 0x04, 0x02, 0x00, 0xF9])
    #expect(rig.read(rig.r.homingOffset, of: 4) == 0 && rig.read(rig.r.id, of: 4) == 4)
    #expect(rig.read(rig.r.returnDelay, of: 4) == 250)
  }
}
