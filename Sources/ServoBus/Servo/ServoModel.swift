/// A kind of servo, as its file under `hardware/servos` describes it: the control table as data.
///
///     let model = try ServoModel.load(path: "hardware/servos/sts3215.yaml")
///     model.registers.presentPosition        // the ones that the program itself uses, by name
///     model.entry(named: "protection_time")  // any other
///
/// A new servo of the same protocol is a new file, not new code.
public struct ServoModel: Sendable {
  /// The language that a servo speaks on the wire.
  public enum WireProtocol: String, Sendable, CaseIterable {
    /// Feetech's STS and SMS series: FF FF id length … checksum, low byte first.
    case feetechSTS = "feetech-sts"
  }

  /// A register with what people need to know of it.
  public struct Entry: Sendable {
    /// The name in the servo's file.
    public let name: String
    /// Where it stands and how it reads.
    public let register: Register
    /// The unit of `raw × scale`: SI, `tick`, or `share` (1.0 = 100 %); empty for codes and flags.
    public let unit: String
    /// What one raw step is worth in `unit`.
    public let scale: Double
    /// What a new servo holds, where the maker says so.
    public let factory: Int32?
  }

  /// A bit of the error byte that comes with every reply.
  public struct StatusBit: Sendable {
    /// Its position, 0…7.
    public let bit: Int
    /// Its name, such as `overheat`.
    public let name: String
    /// What it means and what to do.
    public let sentence: String
  }

  /// The registers that the program itself uses. A servo file without one of them is refused.
  public struct Registers: Sendable {
    /// What the servo is: model number and firmware.
    public let modelNumber, firmwareMajor, firmwareMinor: Register
    /// How it is reached: id, baud rate code, delay before a reply, which instructions are answered.
    public let id, baudRate, returnDelay, responseLevel: Register
    /// Its own limits, in ticks after the homing offset; and that offset: present = actual − offset.
    public let minPosition, maxPosition, homingOffset: Register
    /// Limits of supply, heat and torque that it watches itself.
    public let maxTemperature, maxVoltage, minVoltage, maxTorque: Register
    /// How it controls: mode (0 position), special functions, position loop gains.
    public let operatingMode, phase, positionP, positionI, positionD: Register
    /// Overload protection: above `overloadTorque` for `protectionTime` it falls back to `protectiveTorque`.
    public let protectiveTorque, protectionTime, overloadTorque, protectionCurrent, unloadingCondition: Register
    /// Commands. Torque enable 0 is limp.
    public let torqueEnable, acceleration, goalPosition, goalVelocity, torqueLimit, lock: Register
    /// Readings.
    public let presentPosition, presentVelocity, presentLoad, presentVoltage, presentTemperature: Register
    /// More readings: the status byte, whether the servo moves, the motor's current.
    public let status, moving, presentCurrent: Register
    /// Factory bounds on speed and acceleration, and the speed above which `moving` is 1.
    public let maximumVelocity, maximumAcceleration, movingVelocity: Register
  }

  /// The maker's name for it, such as STS3215.
  public let name: String
  /// What it speaks.
  public let wireProtocol: WireProtocol
  /// What its `model_number` register reads.
  public let modelNumber: Int32
  /// Encoder steps in one turn.
  public let ticksPerTurn: Int32
  /// Bits a second → the code in its `baud_rate` register.
  public let baudCodes: [Int: Int32]
  /// The registers that the program itself uses.
  public let registers: Registers
  /// The whole table, by address.
  public let entries: [Entry]
  /// What the bits of the error byte mean.
  public let statusBits: [StatusBit]

  /// The table's entry of that name, or nil.
  public func entry(named name: String) -> Entry? { entries.first { $0.name == name } }

  /// The name of the register at an address, for messages.
  public func name(of register: Register) -> String {
    entries.first { $0.register.address == register.address }?.name ?? "address \(register.address)"
  }

  /// The meanings of the bits that are set in an error byte, lowest first.
  public func meanings(ofStatus bits: UInt8) -> [StatusBit] { statusBits.filter { bits & (1 << UInt8($0.bit)) != 0 } }
}
