import Foundation
import ServoBus
import Testing

@Suite struct ServoFileTests {
  @Test func `every servo file of the repository loads`() throws {
    let folder = repository.appending(path: "hardware/servos")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(files.count >= 2)
    for file in files {
      let model = try ServoModel.load(path: file.path)
      #expect(model.entry(named: "model_number")?.factory == model.modelNumber)
      #expect(model.statusBits.count == 6)
    }
  }

  @Test func `the STS3215 is what LeRobot's table says`() throws {
    let model = try sts3215()
    #expect(model.name == "STS3215" && model.modelNumber == 777 && model.ticksPerTurn == 4096)
    #expect(model.baudCodes[1_000_000] == 0 && model.baudCodes[115_200] == 4)
    #expect(model.registers.presentPosition.address == 56)
    #expect(model.registers.homingOffset.sign == .magnitude(bit: 11))
    #expect(model.registers.homingOffset.isPersistent && !model.registers.goalPosition.isPersistent)
    #expect(!model.registers.presentPosition.isWritable)
    #expect(model.meanings(ofStatus: 0b10_0100).map(\.name) == ["overheat", "overload"])
    #expect(model.name(of: model.registers.torqueEnable) == "torque_enable")
  }

  /// The real file with one text replaced, and what must be said of it.
  @Test(arguments: [
    ("{name: id,                       at: 5,  bytes: 1", "{name: id,                       at: 5,  bytes: 3", "bytes"),
    ("store: eeprom, access: r,  factory: 3}", "store: flash, access: r,  factory: 3}", "store"),
    ("model_number: 777", "model_number: seven", "model_number"),
    ("ticks_per_turn: 4096", "ticks_per_tern: 4096", "ticks_per_tern"),
    ("protocol: feetech-sts", "protocol: morse", "protocol"),
    ("sign: {magnitude_bit: 11}", "sign: {magnitude_bit: 16}", "magnitude_bit"),
    ("- {name: status, ", "- {name: statu, ", "status"),
    ("- {name: moving,                   at: 66,", "- {name: moving,                   at: 65,", "moving"),
    ("factory: 4095", "factory: 99999", "factory"),
    ("servo: STS3215", "servo: [", ":"),
  ])
  func `a mistake in a servo file is named with line and key`(good: String, bad: String, key: String) throws {
    let path = repository.appending(path: "hardware/servos/sts3215.yaml").path
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try #require(text.contains(good))
    let wrong = text.replacingOccurrences(of: good, with: bad)
    let error = try #require(throws: ServoFileError.self) { try ServoModel.parse(wrong, path: "x.yaml") }
    #expect(error.description.contains(key))
    #expect(try #/^x.yaml:\d+: /#.firstMatch(in: error.description) != nil)
  }

  @Test func `the line is the line of the mistake`() throws {
    let text = "servo: A\nprotocol: feetech-sts\nmodel_number: -4\n"
    let expected = ServoFileError.wrongValue(
      path: "x.yaml", line: 3, key: "model_number", expected: "a whole number 0…65535", found: "`-4`")
    let whole = text + "ticks_per_turn: 4096\nbaud_codes: {1000000: 0}\nregisters: []\nstatus_bits: {}\n"
    #expect(throws: expected) { try ServoModel.parse(whole, path: "x.yaml") }
  }

  @Test func `a missing file says where servo files stand`() {
    let error = #expect(throws: ServoFileError.self) { try ServoModel.load(path: "/nowhere/sts.yaml") }
    #expect(error?.description.contains("hardware/servos") == true)
  }
}
