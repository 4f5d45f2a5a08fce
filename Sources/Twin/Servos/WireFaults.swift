public import RealTime

/// What goes wrong on a bus, by chance or always. Nothing, unless set.
public struct WireFaults: BitwiseCopyable, Sendable {
  /// How often a reply never comes, 0…1.
  public var dropReply = 0.0
  /// How often one bit of a reply is flipped, 0…1.
  public var flipBit = 0.0
  /// How often a reply comes late, and by how much.
  public var delayReply = 0.0
  /// How late a late reply is.
  public var delay = Nanoseconds.milliseconds(3)
  /// How often up to eight bytes of noise precede a reply, 0…1.
  public var noise = 0.0
  /// How often a reply comes twice, 0…1.
  public var repeatReply = 0.0
  /// How often a request is not understood by anybody, 0…1.
  public var dropRequest = 0.0
  /// Servos that neither hear nor speak: bit n for the servo of joint n.
  public var silent: UInt8 = 0
  /// In a sync read servos stay silent once the one before them did not answer, as some firmware does.
  public var breaksChains = false
  /// The adapter hears itself: every request comes back.
  public var echoes = false

  /// A perfect wire.
  public init() {}

  /// Reads `drop=0.05,flip=0.02,delay=0.01,noise=0.02,deaf=0.01,silent=3`: shares of replies that are dropped, damaged,
  /// late, preceded by noise; of requests that nobody understands; and a servo (by its place, from 1) that is silent.
  /// Throws the part that cannot be read.
  public init(_ text: String) throws(Unreadable) {
    for part in text.split(separator: ",") {
      let sides = part.split(separator: "=", maxSplits: 1)
      guard sides.count == 2, let number = Double(sides[1]), number >= 0 else { throw Unreadable(part: String(part)) }
      if sides[0] == "silent", let place = UInt8(exactly: number), (1...8).contains(place) {
        silent |= 1 << (place - 1)
        continue
      }
      guard let field = Self.shares[String(sides[0])], number <= 1 else { throw Unreadable(part: String(part)) }
      self[keyPath: field] = number
    }
  }

  /// A part of a text that names no fault.
  public struct Unreadable: Error, Equatable, CustomStringConvertible {
    /// The part.
    public let part: String
    /// What was expected.
    public var description: String {
      "\"\(part)\" is no fault; write for example drop=0.05,flip=0.02,silent=3 "
        + "(known: \(WireFaults.shares.keys.sorted().joined(separator: ", ")), silent; shares are 0…1, servos 1…8)."
    }
  }

  private static var shares: [String: WritableKeyPath<WireFaults, Double>] {
    [
      "drop": \.dropReply, "flip": \.flipBit, "delay": \.delayReply, "noise": \.noise, "deaf": \.dropRequest,
    ]
  }
}
