internal import COpenBLAS
internal import Foundation
internal import Policy

/// OpenBLAS, which multiplies training's matrices.
public enum MatrixLibrary {
  /// Library, core and threads in words, for the lineage. From the first use on the library has one thread: with more,
  /// the order of sums, and so the weights' last bits, would depend on how many cores the machine has.
  public static let description: String = {
    openblas_set_num_threads(1)
    let version = String(cString: openblas_get_config()).split(separator: " ").prefix(2).joined(separator: " ")
    return "\(version), core \(core), 1 thread"
  }()

  /// The kernels that the library chose for this CPU.
  static var core: String { String(cString: openblas_get_corename()) }

  /// What to add to the environment of a process that will train.
  ///
  /// The library reads it while it is loaded, so it is too late for the process itself. One thread, so that no idle
  /// ones are started; and on a CPU with AVX-512 that is newer than the library the kernels that use it: Debian 12's
  /// OpenBLAS (0.3.21) takes a Zen 5 for a Haswell, and trains at little more than half the speed. What the person has
  /// set is left alone.
  public static var environment: [String: String] {
    let present = ProcessInfo.processInfo.environment
    var wanted = ["OPENBLAS_NUM_THREADS": "1"]
    if Kernels.available.contains(where: { $0.name == "avx512" }), ["Haswell", "Zen"].contains(core) {
      wanted["OPENBLAS_CORETYPE"] = "SkylakeX"
    }
    return wanted.filter { present[$0.key] == nil }
  }
}
