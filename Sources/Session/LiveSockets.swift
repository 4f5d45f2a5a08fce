internal import Arm
internal import Foundation
internal import Glibc
internal import RealTime

/// The sockets of a rig: what the environment and the pedal send, and where announcements go.
final class LiveSockets {
  private let environmentSocket: DatagramSocket?
  private let pedalSocket: DatagramSocket?
  private let sender: DatagramSocket
  private let announcePath: String?
  private let encoder = JSONEncoder()
  private var descriptors: [pollfd]

  init(_ rig: Rig) throws(DatagramError) {
    var descriptors: [pollfd] = []
    func receiver(_ path: String?) throws(DatagramError) -> DatagramSocket? {
      guard let path else { return nil }
      let socket = try DatagramSocket(receivingAt: path)
      descriptors.append(pollfd(fd: socket.fileDescriptor, events: Int16(POLLIN), revents: 0))
      return socket
    }
    environmentSocket = try receiver(rig.environment?.socket)
    pedalSocket = try receiver(rig.pedalSocket)
    sender = try DatagramSocket()
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

  /// What the pedal sent since the last call.
  func pedals() -> [PersonSignal] {
    var all: [PersonSignal] = []
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
