// What verbs say: results on standard output, for people or machines, and how far they are on standard error.

public import Foundation
internal import Glibc

/// Results of verbs, for people and machines.
public enum Output {
  /// JSON with sorted keys. Numbers for which JSON has no form are "inf", "-inf" and "nan".
  public static func json(_ result: some Encodable, onManyLines: Bool = false) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if onManyLines { encoder.outputFormatting.insert(.prettyPrinted) }
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(result)
  }

  /// Reads what `json` wrote.
  public static func read<Result: Decodable>(_ type: Result.Type = Result.self, from data: Data) throws -> Result {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(type, from: data)
  }

  /// A result on standard output: one JSON object on a line for machines, else its text.
  public static func show(_ result: some Encodable & CustomStringConvertible, json: Bool) {
    guard json else { return print(result) }
    if let data = try? Self.json(result) { print(String(decoding: data, as: UTF8.self)) }
  }
}

/// One line on a terminal's standard error that is written over; nothing where nobody looks.
public struct ProgressLine: Sendable {
  private let isTerminal = isatty(STDERR_FILENO) == 1

  /// A line on which nothing stands yet.
  public init() {}

  /// Writes over what stood there.
  public func show(_ text: String) {
    if isTerminal { StandardStream.error.say("\r\u{1B}[K\(text)") }
  }

  /// Leaves nothing.
  public func clear() { show("") }
}
