public import Foundation

extension Rig {
  /// What a new rig file says of its arms; everything else it takes over from another rig's file.
  public struct Draft: Sendable, Equatable {
    /// The rig's name.
    public var name: String
    /// The follower.
    public var follower: Arm
    /// The leader; nil for a follower on its own.
    public var leader: Arm?

    /// One arm.
    public struct Arm: Sendable, Equatable {
      /// The arm's file.
      public var arm: String
      /// The port's path.
      public var port: String
      /// The calibration's name or path.
      public var calibration: String

      /// An arm on a port.
      public init(arm: String, port: String, calibration: String) {
        (self.arm, self.port, self.calibration) = (arm, port, calibration)
      }
    }

    /// A rig of these arms.
    public init(name: String, follower: Arm, leader: Arm?) {
      (self.name, self.follower, self.leader) = (name, follower, leader)
    }

    /// The text of the rig file: the template's, line for line, with this draft's names in it. The template has one pair, each
    /// arm's keys on lines of their own (`hardware/rigs/so101.yaml`).
    public func text(from template: String) -> String {
      var lines: [String] = []
      var side: Arm?
      var isLeftOut = false
      for line in template.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
        let word = line.trimmingCharacters(in: .whitespaces)
        let indent = line.prefix { $0 == " " }.count
        if indent <= 4, !word.isEmpty {
          isLeftOut = word == "leader:" && leader == nil
          side = word == "follower:" ? follower : word == "leader:" ? leader : nil
        }
        guard !isLeftOut else { continue }
        guard let side, indent > 4 else {
          lines.append(line.hasPrefix("rig: ") ? "rig: \(name)" : line)
          continue
        }
        let keys = ["arm": side.arm, "port": side.port, "calibration": side.calibration]
        let key = String(word.prefix { $0 != ":" })
        lines.append(keys[key].map { String(repeating: " ", count: indent) + "\(key): \(Self.quoted($0))" } ?? line)
      }
      if lines.first?.hasPrefix("#") == true {
        lines[0] =
          "# \(name), as `understudy ports --write` found it. Limits and features are those of the rig it was made from."
      }
      return lines.joined(separator: "\n")
    }

    private static func quoted(_ text: String) -> String {
      "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
  }

  /// Writes a new rig file, after reading the text back as a rig; an existing file is never replaced.
  public static func write(
    _ draft: Draft, to url: URL, template: String, hardware: Hardware
  ) throws(ConfigurationError) {
    let source = try hardware.file(template, kind: .rigs)
    let file = url.relativePath
    do {
      let text = draft.text(from: try String(contentsOf: source, encoding: .utf8))
      _ = try Rig(text: text, url: url, hardware: hardware, variables: [:])
      try Data(text.utf8).write(to: url, options: .withoutOverwriting)
    } catch let error as ConfigurationError {
      throw error
    } catch {
      throw .unreadable(file: file, reason: ConfigurationMap.reason(error))
    }
  }
}
