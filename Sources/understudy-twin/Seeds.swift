internal import ArgumentParser

/// Seeds on a command line: different numbers between commas.
struct Seeds: ExpressibleByArgument {
  /// In the order in which they were named.
  var numbers: [UInt64]

  init(_ numbers: [UInt64]) { self.numbers = numbers }

  init?(argument: String) {
    let words = argument.split(separator: ",", omittingEmptySubsequences: false)
    numbers = words.compactMap { UInt64($0) }
    guard numbers.count == words.count, Set(numbers).count == numbers.count else { return nil }
  }

  var defaultValueDescription: String { numbers.map(String.init).joined(separator: ",") }
}
