internal import RealTime
internal import Synchronization

/// What the drain keeps between two passes.
struct Drain: ~Copyable, Sendable {
  /// The episode whose ticks are coming; 0 outside any.
  var number: UInt32 = 0
  /// Its file; nil outside any, and where there is no room for it.
  var file: EpisodeFile?
  /// Ticks of this episode that are in no file.
  var lost = 0
  /// How much of the ring's overflow is accounted for.
  var overflow = 0
}

extension Recorder {
  /// Moves everything that is in the ring into files.
  func drainRing() { drain.withLock { drainRing(&$0) } }

  /// The lock makes whoever holds it the ring's one consumer.
  func drainRing(_ drain: inout Drain) {
    let now = TickClock.monotonic.now
    while let record = ring.pop() {
      observer?(record)
      if record.episode != drain.number {
        close(&drain)
        if record.episode != 0 { open(&drain, record.episode) }
      }
      guard drain.number != 0 else { continue }
      guard drain.file != nil else {
        drain.lost += 1
        continue
      }
      drain.file?.append(record)
      if (drain.file?.waiting ?? 0) >= 1 << 18 { flush(&drain) }
    }
    countOverflow(&drain)
    flush(&drain)
    let (number, frames) = (drain.number, drain.file?.frames ?? 0)
    current.withLock { status in
      status.episode = number
      status.frames = frames
      status.lastDrain = now
    }
  }

  /// Ends the open episode though its last tick may not have been the last: the recorder stops.
  func closeEpisode() { drain.withLock { close(&$0) } }

  /// Ticks that the ring refused belong to the episode at hand: the loop pushed them while it was full of its ticks.
  private func countOverflow(_ drain: inout Drain) {
    let overflow = ring.overflow
    if drain.number != 0 { drain.lost += overflow - drain.overflow }
    drain.overflow = overflow
  }

  private func open(_ drain: inout Drain, _ number: UInt32) {
    drain.number = number
    drain.lost = 0
    let info = slots.withLock { slots in
      slots.first { $0.number == number && $0.log == nil }?.info ?? EpisodeInfo(number: number)
    }
    var log: EpisodeSlot.Log
    do throws(LogError) {
      try checkRoom()
      let file = try create(info)
      log = EpisodeSlot.Log(id: file.id, path: file.file.path, file: file.file)
      drain.file = consume file
      report(nil)
    } catch {
      log = EpisodeSlot.Log(id: "", path: "", file: nil)
      log.error = error
      report(error)
    }
    slots.withLock { slots in
      let index = slots.firstIndex { $0.number == number && $0.log == nil }
      if let index {
        slots[index].log = log
      } else {
        var slot = EpisodeSlot(number: number, info: info)
        slot.log = log
        slots.append(slot)
      }
    }
  }

  /// Makes the file of an episode under the first name that is free: an earlier attempt keeps its own.
  private func create(_ info: EpisodeInfo) throws(LogError) -> EpisodeFile {
    let digits = String(info.number)
    let number = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    var attempt = info.attempt
    while true {
      let id = "\(session.id)-e\(number)" + (attempt > 1 ? "a\(attempt)" : "")
      let path = "\(dataset.folder)/\(id).mcap"
      do {
        var named = info
        named.attempt = attempt
        return try EpisodeFile.create(path, id: id, session: session, episode: named)
      } catch {
        guard case .exists = error, attempt < info.attempt + 1000 else { throw error }
        attempt += 1
      }
    }
  }

  private func close(_ drain: inout Drain) {
    guard drain.number != 0 else { return }
    countOverflow(&drain)
    flush(&drain)
    let number = drain.number
    let (size, frames, lost) = (drain.file?.size ?? 0, drain.file?.frames ?? 0, drain.lost)
    slots.withLock { slots in
      guard let index = slots.firstIndex(where: { $0.number == number && $0.log?.isComplete == false }) else { return }
      slots[index].log?.isComplete = true
      if size > 0 {
        slots[index].log?.size = size
        slots[index].log?.frames = frames
      }
      slots[index].log?.lost += lost
    }
    current.withLock { $0.lost += lost }
    drain.number = 0
    drain.lost = 0
    drain.file = nil
    wakeFinisher()
  }

  /// Hands what is buffered to the system. Where there is no room the episode ends here, whole, and the rest is
  /// counted.
  private func flush(_ drain: inout Drain) {
    guard let before = drain.file?.frames, let waiting = drain.file?.waiting, waiting > 0 else { return }
    do throws(LogError) {
      try drain.file?.flush()
      let added = (drain.file?.frames ?? before) - before
      current.withLock { $0.written += added }
    } catch {
      abandon(&drain, error)
    }
  }

  private func abandon(_ drain: inout Drain, _ error: LogError) {
    let number = drain.number
    let (size, frames) = (drain.file?.size ?? 0, drain.file?.frames ?? 0)
    drain.lost += drain.file?.dropped ?? 0
    slots.withLock { slots in
      guard let index = slots.firstIndex(where: { $0.number == number && $0.log?.isComplete == false }) else { return }
      slots[index].log?.size = size
      slots[index].log?.frames = frames
      slots[index].log?.error = error
    }
    drain.file = nil
    report(error)
  }

  /// The disk is nearly full: what is left is for finishing the episode, and for everybody else.
  func endForWantOfRoom() {
    drain.withLock { drain in
      guard drain.file != nil else { return }
      flush(&drain)
      abandon(&drain, .noRoom(file: dataset.folder))
    }
  }

  private func checkRoom() throws(LogError) {
    guard let free = Folder.freeBytes(dataset.folder) else { return }
    current.withLock { $0.freeBytes = free }
    guard free >= options.minimumFreeBytes else { throw .noRoom(file: dataset.folder) }
  }

  private func report(_ failure: LogError?) { current.withLock { $0.failure = failure } }
}
