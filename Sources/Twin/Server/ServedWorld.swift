public import RealTime

/// Where a datagram of the twin goes.
public enum TwinChannel: Sendable, CaseIterable {
  /// What the camera sees: features of the scene.
  case environment
  /// What the person presses.
  case pedal
}

/// What a server needs of a world: two arms' servos, time, and talk. `TwinWorld` is one; tests have smaller ones.
///
/// Single-threaded: all calls come from the thread that serves.
public protocol ServedWorld: AnyObject {
  /// The servos of the arm that works.
  var follower: EmulatedBus { get }
  /// The servos of the arm that the person holds.
  var leader: EmulatedBus { get }
  /// The server's clock shows this at the world's present moment: called before anything else, and again after a pause
  /// (the process was stopped, the machine slept) that the world shall not make up for.
  func begin(at time: Nanoseconds)
  /// Physics, servos, camera and person up to this moment of the server's clock.
  func advance(to time: Nanoseconds)
  /// A datagram from the host: what it is doing.
  func hear(_ announcement: UnsafeRawBufferPointer)
  /// Hands over the datagrams that camera and person have left.
  func drain(_ body: (TwinChannel, UnsafeRawBufferPointer) -> Void)
}
