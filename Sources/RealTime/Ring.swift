public import Synchronization

/// A wait-free queue from one thread to one other: what the tick leaves for the recorder, and what people ask of the tick.
///
/// Exactly one thread pushes and exactly one pops. A full ring refuses the element and counts it; nobody ever waits.
/// All storage is allocated (and touched) at init. Push and pop are O(1).
public final class Ring<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  // Unchecked: `head` is written by the consumer alone and `tail` by the producer alone, each published with release
  // and read with acquire; a slot is touched only by the side that owns it between the two.
  @usableFromInline let storage: UnsafeMutablePointer<Element>
  @usableFromInline let mask: Int
  @usableFromInline let head = Atomic<Int>(0)
  @usableFromInline let tail = Atomic<Int>(0)
  @usableFromInline let refused = Atomic<Int>(0)

  /// A ring of at least `capacity` elements (rounded up to a power of two), every slot filled with `blank`.
  public init(capacity: Int, blank: Element) {
    var size = 1
    while size < capacity { size *= 2 }
    storage = .allocate(capacity: size)
    storage.initialize(repeating: blank, count: size)
    mask = size - 1
  }

  deinit { storage.deallocate() }

  /// Adds an element; false (and one more in `overflow`) when the consumer has fallen a whole ring behind.
  @inlinable @discardableResult
  public func push(_ element: Element) -> Bool {
    let t = tail.load(ordering: .relaxed)
    guard t &- head.load(ordering: .acquiring) <= mask else {
      refused.wrappingAdd(1, ordering: .relaxed)
      return false
    }
    storage[t & mask] = element
    tail.store(t &+ 1, ordering: .releasing)
    return true
  }

  /// The oldest element, or nil when there is none.
  @inlinable
  public func pop() -> Element? {
    let h = head.load(ordering: .relaxed)
    guard h != tail.load(ordering: .acquiring) else { return nil }
    let element = storage[h & mask]
    head.store(h &+ 1, ordering: .releasing)
    return element
  }

  /// How many elements were refused since the beginning.
  public var overflow: Int { refused.load(ordering: .relaxed) }
}
