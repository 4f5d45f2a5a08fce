internal import CKernels
internal import Foundation

/// One way to compute a policy's layers. All give the same bits; they differ in speed.
///
/// The best one of the CPU is used, unless the environment variable `UNDERSTUDY_KERNELS` names another.
public struct Kernels: @unchecked Sendable, Equatable, CustomStringConvertible {
  // Unchecked: the pointer leads to a constant table of functions.
  let pointer: OpaquePointer

  /// `scalar`, `avx2`, `avx512` (with VNNI), `neon` or `dotprod`.
  public var name: String { String(cString: us_kernels_name(pointer)) }
  /// The name.
  public var description: String { name }

  /// What this CPU can run, the best first.
  public static var available: [Kernels] {
    var found: [Kernels] = []
    while let pointer = us_kernels_at(Int32(found.count)) { found.append(Kernels(pointer: pointer)) }
    return found
  }

  /// The kernels named by `UNDERSTUDY_KERNELS`, or the best; a name that this CPU cannot run is refused.
  ///
  /// `environment` stands in for the process's own.
  public static func chosen(environment: [String: String]? = nil) throws(PolicyError) -> Kernels {
    let available = available
    let environment = environment ?? ProcessInfo.processInfo.environment
    guard let name = environment["UNDERSTUDY_KERNELS"], !name.isEmpty else { return available[0] }
    guard let kernels = available.first(where: { $0.name == name }) else {
      throw .kernelsUnknown(name: name, available: available.map(\.name))
    }
    return kernels
  }
}
