internal import Foundation

/// How much of the randomised tests is run: 1 in `make test`; `make fuzz` says how many times as much
/// (`UNDERSTUDY_FUZZ=100`, or what FUZZ= says).
///
///     for _ in 0..<200 * effort { … }
public let effort = max(1, ProcessInfo.processInfo.environment["UNDERSTUDY_FUZZ"].flatMap { Int($0) } ?? 1)
