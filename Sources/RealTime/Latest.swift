import Synchronization

/// A wait-free slot that holds the newest value of one writer for any number of readers: snapshots, environment features.
///
/// The writer never waits. A reader copies and, if the writer came by meanwhile, copies again; after eight times it
/// keeps what it had (`nil`), so it cannot be held up either.
public final class Latest<Value: BitwiseCopyable & Sendable>: @unchecked Sendable {
  // Unchecked: a sequence lock. An odd `sequence` means that the writer is inside; a reader's copy counts only if the
  // sequence was even and the same before and after it.
  private let storage: UnsafeMutablePointer<Value>
  private let sequence = Atomic<UInt>(0)

  /// A slot that holds `value` until the first write.
  public init(_ value: Value) {
    storage = .allocate(capacity: 1)
    storage.initialize(to: value)
  }

  deinit { storage.deallocate() }

  /// Replaces the value. One writer only.
  public func store(_ value: Value) {
    let s = sequence.load(ordering: .relaxed)
    sequence.store(s &+ 1, ordering: .relaxed)
    atomicMemoryFence(ordering: .releasing)
    storage.pointee = value
    sequence.store(s &+ 2, ordering: .releasing)
  }

  /// The newest value, or nil if the writer came between eight times in a row.
  public func load() -> Value? {
    for _ in 0..<8 {
      let before = sequence.load(ordering: .acquiring)
      guard before % 2 == 0 else { continue }
      let copy = storage.pointee
      atomicMemoryFence(ordering: .acquiring)
      if sequence.load(ordering: .relaxed) == before { return copy }
    }
    return nil
  }
}
