internal import Foundation

/// How much of the randomised tests is run: `make fuzz` (`UNDERSTUDY_FUZZ=1`) does a hundred times as much as `make test`.
///
///     for _ in 0..<200 * effort { … }
public let effort = ProcessInfo.processInfo.environment["UNDERSTUDY_FUZZ"] == nil ? 1 : 100
