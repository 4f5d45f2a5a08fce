internal import Foundation
internal import Learning
internal import Policy
internal import ServoBus

/// What this program is made of.
enum VersionCheck {
  static func findings() -> [Finding] {
    let parts = [
      "understudy \(understudyVersion)", "Swift \(compiler)", "libserialport \(PortInfo.libraryVersion)",
      MatrixLibrary.description,
    ]
    let versions = Finding("versions", .ok, parts.joined(separator: ", "))
    do throws(PolicyError) {
      let chosen = try Kernels.chosen()
      let all = Kernels.available.map(\.name).joined(separator: ", ")
      return [versions, Finding("kernels", .ok, "\(chosen.name) (this CPU can run: \(all))")]
    } catch {
      return [versions, Finding("kernels", .fail, "\(error)")]
    }
  }

  /// The compiler that built this; it leaves no other trace in a program.
  private static var compiler: String {
    #if compiler(>=6.5)
      "6.5 or later"
    #elseif compiler(>=6.4)
      "6.4"
    #else
      "6.3"
    #endif
  }
}
