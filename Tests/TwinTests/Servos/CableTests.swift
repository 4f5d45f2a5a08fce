import RealTime
import ServoBus
import Testing
import Twin

/// Servos on one wire that share an id, and servos whose cable goes in and out.
@Suite struct CableTests {
  @Test func `servos that share an id answer as one where they agree, and garble each other where not`() throws {
    let rig = try ServoRig { for index in $0.indices { $0[index].id = 1 } }
    #expect(rig.say(.ping(1)) == [0xFF, 0xFF, 0x01, 0x02, 0x00, 0xFC])
    #expect(rig.say(.ping(FeetechPacket.broadcast)) == [0xFF, 0xFF, 0x01, 0x02, 0x00, 0xFC])
    rig.mechanism.positions = [0, 0.1, 0.2, 0.3, 0.4, 0.5]
    let heard = rig.say(.read(address: rig.r.presentPosition.address, count: 2, of: 1))
    #expect(heard.count == 8)
    let sum = heard[2..<7].reduce(UInt8(0)) { $0 &+ $1 }
    #expect(heard[7] != ~sum, "the checksum does not fit")
  }

  @Test func `a new id is acknowledged from the old one, and answers from then on`() throws {
    let rig = try ServoRig()
    #expect(rig.say(.write(9, to: rig.r.id, of: 6)) == [0xFF, 0xFF, 0x06, 0x02, 0x00, 0xF7])
    #expect(rig.say(.ping(9)).count == 6)
  }

  @Test func `a servo whose cable is out is silent and limp, and comes back as after a power cut`() throws {
    let rig = try ServoRig()
    rig.write(1, to: rig.r.torqueEnable)
    rig.write(7, to: rig.r.acceleration)
    rig.servo(1).connect(false)
    rig.run(seconds: 0.01)
    #expect(rig.say(.ping(1)).isEmpty && rig.say(.ping(2)).count == 6)
    #expect(rig.mechanism.goals[0] == nil)
    rig.servo(1).connect(true)
    #expect(rig.read(rig.r.torqueEnable) == 0 && rig.read(rig.r.acceleration) == 0)
    rig.write(5, to: rig.r.acceleration)
    rig.servo(1).connect(true)
    #expect(rig.read(rig.r.acceleration) == 5, "it was in already")
  }

  @Test func `a sealed servo keeps lock and EEPROM whatever is written`() throws {
    let rig = try ServoRig { $0[0].isSealed = true }
    rig.write(0, to: rig.r.lock)
    rig.write(9, to: rig.r.id)
    rig.write(3, to: rig.r.acceleration)
    #expect(rig.read(rig.r.lock) == 1 && rig.read(rig.r.id) == 1 && rig.read(rig.r.acceleration) == 3)
  }
}

@Suite struct WorkbenchTests {
  @Test func `fresh servos wait in their box with factory values`() throws {
    var options = WorkbenchOptions()
    options.isFresh = true
    options.freshBitsPerSecond = 115_200
    let bench = try Workbench(options)
    #expect(bench.follower.servos.allSatisfy { !$0.isConnected && $0.id == 1 })
    var command = HandCommand(arm: "follower")
    command.plug = ["elbow_flex"]
    bench.obey(command)
    #expect(bench.follower.servos.map(\.isConnected) == [false, false, true, false, false, false])
    #expect(bench.leader.servos.allSatisfy { !$0.isConnected })
    var said: [String] = []
    bench.drain { said.append(String(decoding: $1, as: UTF8.self)) }
    #expect(said == ["{\"done\": \"follower\"}"])
  }

  @Test func `the hand sweeps every joint to both stops, and holds the arm where it is told`() throws {
    let bench = try Workbench(WorkbenchOptions())
    var command = HandCommand(arm: "leader")
    command.sweep = true
    bench.obey(command)
    var lowest = bench.postures.leader, highest = lowest, time = bench.now
    while !bench.isIdle("leader") {
      time += .milliseconds(20)
      bench.advance(to: time)
      lowest = pointwiseMin(lowest, bench.postures.leader)
      highest = pointwiseMax(highest, bench.postures.leader)
    }
    let stops = [1.91986, 1.74533, 1.69, 1.65806, 2.74385, 0.174533]
    for joint in 0..<6 { #expect(abs(lowest[joint] + stops[joint]) < 0.02, "joint \(joint)") }
    #expect(abs(highest[5] - 1.74533) < 0.02 && abs(highest[4] - 2.84121) < 0.02)
    var move = HandCommand(arm: "leader")
    move.move = ["elbow_flex": 0.5]
    bench.obey(move)
    bench.advance(to: time + .milliseconds(5000))
    #expect(abs(bench.postures.leader[2] - 0.5) < 0.01)
    var open = HandCommand(arm: "leader")
    open.letGo = true
    bench.obey(open)
    bench.advance(to: time + .milliseconds(8000))
    #expect(abs(bench.postures.leader[2] - 0.5) > 0.05, "it fell")
  }

  @Test func `what is out of the ordinary is read from its notation only`() {
    #expect(ServoOddity("follower.gripper:id=5")?.value == 5)
    #expect(ServoOddity("leader.wrist_roll:sealed").map { $0.register == nil } == true)
    for text in ["gripper:id=5", "follower.thumb:id=5", "follower.gripper", "follower.gripper:id", "x.gripper:id=1"] {
      #expect(ServoOddity(text) == nil, "\(text)")
    }
  }
}
