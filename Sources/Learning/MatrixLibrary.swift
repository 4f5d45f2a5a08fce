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

  /// Begins this program anew where `environment` asks for something, because the library reads it while it is loaded.
  ///
  /// Called first thing by verbs that train. Where the program cannot be begun anew it goes on, slower.
  public static func restartWithBestCore() {
    let wanted = environment
    guard wanted["OPENBLAS_CORETYPE"] != nil else { return }
    for (name, value) in wanted { setenv(name, value, 1) }
    var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
    execv("/proc/self/exe", &arguments)
    for argument in arguments { free(argument) }
  }

  /// GFLOP/s of the library's own product of two square matrices: what of the core's peak a program gets.
  public static func multiplicationRate(size: Int) -> Double {
    _ = description
    let matrices = (0..<3).map { _ in Buffer([Float](repeating: 0.5, count: size * size)) }
    func multiply() {
      Float.multiply(
        size, size, size, matrices[0].pointer, transposed: false, matrices[1].pointer, transposed: false,
        into: matrices[2].pointer)
    }
    multiply()
    let clock = ContinuousClock()
    let best = (0..<5).map { _ in clock.measure(multiply) }.min() ?? .zero
    let seconds = Double(best.components.attoseconds) * 1e-18 + Double(best.components.seconds)
    return 2 * Double(size * size) * Double(size) / seconds * 1e-9
  }

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
