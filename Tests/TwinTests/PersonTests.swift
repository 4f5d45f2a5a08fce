import RealTime
import Testing

@testable import Twin

@Suite struct PersonTests {
  @Test(arguments: [Disturbance.none, .noise, .noise(0.006), .drift(0.003), .bump])
  func `the person's demonstrations succeed`(_ disturbance: Disturbance) throws {
    var options = TwinOptions()
    options.disturbance = disturbance
    let host = try DirectHost(options)
    let results = (1...25).map { host.demonstrate($0) }
    #expect(results.allSatisfy { $0.success })
    #expect(results.map(\.seconds).reduce(0, +) / 25 < 2)
  }

  @Test(arguments: [Disturbance.none, .noise, .bump])
  func `the person picks and places`(_ disturbance: Disturbance) throws {
    var options = TwinOptions()
    options.task = "pick-place"
    options.disturbance = disturbance
    let host = try DirectHost(options)
    let results = (1...12).map { host.demonstrate($0) }
    #expect(results.allSatisfy { $0.success })
    #expect(results.map(\.seconds).reduce(0, +) / 12 < 4)
  }

  @Test func `the same seed gives the same motion to the bit, another seed another`() throws {
    func path(seed: UInt64) throws -> [SIMD8<Double>] {
      var options = TwinOptions()
      options.seed = seed
      let host = try DirectHost(options)
      _ = host.demonstrate(1)
      return [host.stage.follower.posture, host.stage.leader.posture]
    }
    let once = try path(seed: 3)
    #expect(try path(seed: 3) == once)
    #expect(try path(seed: 4) != once)
  }

  @Test func `without a person nobody presses anything`() throws {
    var options = TwinOptions()
    options.person.isPresent = false
    let host = try DirectHost(options)
    host.say("holding", .run, .reset, 1)
    #expect(host.run(5000) == nil)
  }

  @Test func `for a replay the objects lie where its episode began, and nobody touches anything`() throws {
    let host = try DirectHost(TwinOptions())
    let task = host.stage.task
    func places() -> [Double] { task.features().map(\.value) }
    task.place(episode: 3)
    let wanted = places()
    task.place(episode: 4)
    // The table is clear while the arm comes.
    host.say("autonomous", .replay, .reset, 3)
    let clear = places()
    #expect(host.run(500) == nil && clear != wanted)
    host.say("autonomous", .replay, .running, 3)
    #expect(places() == wanted && host.run(1000) == nil)
    // What the arm shoves aside stays so: the scene is set once.
    task.place(episode: 4)
    host.say("autonomous", .replay, .running, 3)
    #expect(host.run(1000) == nil && places() != wanted)
    host.say("autonomous", .replay, .done, 3)
    #expect(host.run(100) == nil)
  }

  @Test func `the person judges what the scene shows`() throws {
    let host = try DirectHost(TwinOptions())
    #expect(host.reset(.evaluate, 1, start: host.stage.task.startPosture))
    host.say("autonomous", .evaluate, .running, 1)
    // A policy that does nothing runs into the time limit.
    #expect(host.run(2400) == .failure)
  }

  @Test(arguments: OperatorOptions.TakeOver.allCases, Trouble.allCases)
  func `a person gets the arm out of any trouble`(_ takeOver: OperatorOptions.TakeOver, _ trouble: Trouble) throws {
    var options = TwinOptions()
    options.person.takeOver = takeOver
    let host = try DirectHost(options)
    let count = 12
    var mended = 0
    for episode in 1...count {
      #expect(host.reset(.correct, episode, start: host.stage.task.startPosture))
      host.policy = try trouble.policy(seed: UInt64(episode), on: host.stage)
      host.say("autonomous", .correct, .running, episode)
      if host.correct() == .success { mended += 1 }
    }
    #expect(mended == count)
    #expect(host.takeOvers == count)
  }

  @Test(arguments: Mischief.allCases)
  func `a person mends what went wrong with the cube`(_ mischief: Mischief) throws {
    var options = TwinOptions()
    options.task = "pick-place"
    options.person.takeOver = .pedal
    let host = try DirectHost(options)
    let count = 8
    var mended = 0
    for episode in 1...count {
      #expect(host.reset(.correct, episode, start: host.stage.task.startPosture))
      host.policy = try mischief.policy(seed: UInt64(episode), on: host.stage)
      host.say("autonomous", .correct, .running, episode)
      if host.correct() == .success { mended += 1 }
    }
    #expect(mended >= count - 1)
  }

  @Test func `a person may hand back as soon as the arm is well again`() throws {
    var options = TwinOptions()
    options.person.handBack = .margin
    let host = try DirectHost(options)
    #expect(host.reset(.correct, 1, start: host.stage.task.startPosture))
    host.policy = try Trouble.astray.policy(seed: 1, on: host.stage)
    host.say("autonomous", .correct, .running, 1)
    #expect(host.run(5000) == .release)
    #expect(host.takeOvers == 1)
  }
}
