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
  /// How often a request is not understood by anybody, 0…1.
  public var dropRequest = 0.0
  /// Servos that neither hear nor speak: bit n for the servo of joint n.
  public var silent: UInt8 = 0
  /// The adapter hears itself: every request comes back.
  public var echoes = false

  /// A perfect wire.
  public init() {}
}
