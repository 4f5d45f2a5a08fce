internal import Arm
internal import Foundation
internal import Glibc
internal import RealTime

/// The sockets of a rig: what the environment and the pedal send, and where announcements go.
final class LiveSockets {
  private let environmentSocket: DatagramSocket?
  private let pedalSocket: DatagramSocket?
  private let pedal: PedalDevice?
  private let isHeldToRun: Bool
  private let sender: DatagramSocket
  private let announcePath: String?
  private let encoder = JSONEncoder()
  private var descriptors: [pollfd]

  init(_ rig: Rig) throws(HostError) {
    var descriptors: [pollfd] = []
    func receiver(_ path: String?) throws(HostError) -> DatagramSocket? {
      guard let path else { return nil }
      let socket: DatagramSocket
      do throws(DatagramError) { socket = try DatagramSocket(receivingAt: path) } catch { throw .socket(error) }
      descriptors.append(pollfd(fd: socket.fileDescriptor, events: Int16(POLLIN), revents: 0))
      return socket
    }
    environmentSocket = try receiver(rig.environment?.socket)
    pedalSocket = try receiver(rig.pedalSocket)
    do throws(DatagramError) { sender = try DatagramSocket() } catch { throw .socket(error) }
    do throws(PedalError) {
      pedal = try rig.pedalDevice.map { (path) throws(PedalError) in try PedalDevice(path) }
    } catch {
      throw .pedal(error)
    }
    isHeldToRun = rig.holdToRun_ms != nil
    descriptors.append(pollfd(fd: pedal?.descriptor ?? -1, events: Int16(POLLIN), revents: 0))
    announcePath = rig.announceSocket
    self.descriptors = descriptors
  }

  /// Sleeps until something comes, but no longer than this.
  func wait(milliseconds: Int32) { _ = poll(&descriptors, nfds_t(descriptors.count), milliseconds) }

  /// What the environment sent since the last call.
  func environment() -> [Data] {
    var all: [Data] = []
    while let data = environmentSocket?.receive() { all.append(data) }
    return all
  }

  /// Whether the pedal's device was there and is gone.
  var hasLostPedal: Bool { pedal?.isLost == true }

  /// What the pedals said since the last call. A foot switch is held to run where the rig asks for that; elsewhere each
  /// press takes over, or (`correcting`) gives back.
  func pedals(correcting: Bool, at now: Nanoseconds) -> [PersonSignal] {
    var all: [PersonSignal] = []
    if let pedal {
      let presses = pedal.presses(at: now)
      descriptors[descriptors.count - 1].fd = pedal.descriptor
      if isHeldToRun {
        if pedal.isDown { all.append(.run) }
      } else if presses % 2 == 1 {
        all.append(correcting ? .release : .takeOver)
      }
    }
    while let data = pedalSocket?.receive() {
      if let signal = PersonSignal(datagram: data) { all.append(signal) }
    }
    return all
  }

  /// Sends an announcement to whoever listens.
  func announce(_ announcement: Announcement) {
    guard let announcePath, let data = try? encoder.encode(announcement) else { return }
    sender.send(data, to: announcePath)
  }
}
