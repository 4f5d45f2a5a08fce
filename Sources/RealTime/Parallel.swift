internal import Dispatch
internal import Synchronization

/// Work that falls into independent parts, on a few threads at normal priority. Never for the control thread.
public enum Parallel {
  /// The results of `body` for each of `items`, in their order; at most `threads` run at a time.
  public static func map<Result: Sendable>(
    _ items: Range<Int>, threads: Int, _ body: @Sendable (Int) -> Result
  ) -> [Result] {
    guard threads > 1, items.count > 1 else { return items.map(body) }
    let results = Mutex([Int: Result]())
    let next = Atomic(items.lowerBound)
    DispatchQueue.concurrentPerform(iterations: min(threads, items.count)) { @Sendable _ in
      while true {
        let item = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard item < items.upperBound else { return }
        let result = body(item)
        results.withLock { $0[item] = result }
      }
    }
    return results.withLock { found in items.compactMap { found[$0] } }
  }
}
