internal import RealTime
internal import Synchronization

extension Recorder {
  /// Makes what was written so far survive a power cut, and looks how much room is left.
  func syncOnce() {
    let began = TickClock.monotonic.now
    let (files, open) = slots.withLock { slots in
      (slots.compactMap { $0.log?.file }, slots.filter { $0.log?.isComplete == false }.compactMap { $0.log?.file })
    }
    do throws(LogError) {
      for file in files { try file.sync() }
      // A file without a name takes everything that is written to it, and keeps nothing.
      if let lost = open.first(where: { !Folder.exists($0.path) }) { throw .gone(file: lost.path) }
      if files.contains(where: { !$0.hasDurableName.load(ordering: .relaxed) }) {
        try Folder.sync(dataset.folder)
        for file in files { file.hasDurableName.store(true, ordering: .relaxed) }
      }
      current.withLock { $0.lastSync = began }
    } catch {
      current.withLock { $0.failure = error }
    }
    guard let free = Folder.freeBytes(dataset.folder) else { return }
    current.withLock { $0.freeBytes = free }
    if free < options.reservedFreeBytes { endForWantOfRoom() }
  }

  /// Logs of finished episodes that are no longer where they were put: somebody removed or moved them meanwhile.
  public var missingLogs: [String] { kept.withLock { $0 }.filter { !Folder.exists($0) } }

  /// Finishes every episode that is complete and has a verdict, oldest first.
  func finishSettled() {
    while let slot = slots.withLock({ $0.first { $0.log?.isComplete == true && $0.verdict != nil } }) {
      let outcome = settle(slot)
      outcomes.withLock { $0.append(outcome) }
      slots.withLock { slots in
        if let index = slots.firstIndex(where: { $0.log?.path == slot.log?.path && $0.number == slot.number }) {
          slots.remove(at: index)
        }
      }
    }
    dropEmpty()
  }

  /// Finishes one episode. Whatever fails, its log stays where it is, with its label in it.
  private func settle(_ slot: EpisodeSlot) -> EpisodeOutcome {
    guard let log = slot.log, let verdict = slot.verdict else { return .empty(number: slot.number) }
    guard let file = log.file, log.frames > 0 else {
      let path = log.file?.path
      return .failed(number: slot.number, path: path, error: .log(log.error ?? .noRoom(file: dataset.folder)))
    }
    do throws(DatasetError) {
      switch verdict {
      case .keep(let end):
        let entry = EpisodeEntry(try rewrite(file, log, end), file: Folder.name(of: log.path), recovered: false)
        try dataset.append(entry)
        kept.withLock { $0.append(dataset.path(of: entry)) }
        return .kept(entry)
      case .discard(let end):
        _ = try rewrite(file, log, end)
        return .discarded(id: log.id, path: try moveAway(log.path))
      }
    } catch {
      current.withLock { $0.failure = error.logError ?? $0.failure }
      return .failed(number: slot.number, path: log.path, error: error)
    }
  }

  private func rewrite(
    _ file: LogFile, _ log: EpisodeSlot.Log, _ end: EpisodeEnd
  ) throws(DatasetError) -> Finisher.Result {
    var end = end
    end.lost += log.lost
    var buffer = ByteBuffer()
    end.metadata.append(to: &buffer)
    do throws(LogError) {
      // First where the ticks are: a process killed in the next line leaves its label too. Where there is no room for
      // it there may still be some for the finished form, which is smaller.
      do { try file.append(buffer, at: log.size) } catch { guard case .noRoom = error else { throw error } }
      return try Finisher.finish(file, end: end, durable: dataset.isDurable)
    } catch { throw .log(error) }
  }

  private func moveAway(_ path: String) throws(DatasetError) -> String {
    let folder = "\(dataset.folder)/discarded"
    do throws(LogError) {
      try Folder.create(folder)
      for n in 1...1000 {
        let target = "\(folder)/\(n == 1 ? "" : "\(n)-")\(Folder.name(of: path))"
        if Folder.exists(target) { continue }
        try Folder.move(path, to: target)
        return target
      }
      throw .exists(file: "\(folder)/\(Folder.name(of: path))")
    } catch { throw .log(error) }
  }

  /// Answers verdicts on episodes of which no tick came. A verdict follows its ticks, so once the ring is drained no
  /// tick of such an episode can be under way.
  private func dropEmpty() {
    guard slots.withLock({ $0.contains { $0.log == nil && $0.verdict != nil } }) else { return }
    drain.withLock { drain in
      let waiting = slots.withLock { $0.filter { $0.log == nil && $0.verdict != nil }.map(\.number) }
      drainRing(&drain)
      let empty = slots.withLock { slots in
        let empty = slots.filter { $0.log == nil && $0.verdict != nil && waiting.contains($0.number) }
        slots.removeAll { $0.log == nil && $0.verdict != nil && waiting.contains($0.number) }
        return empty
      }
      outcomes.withLock { outcomes in outcomes += empty.map { .empty(number: $0.number) } }
    }
  }
}
