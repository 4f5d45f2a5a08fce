import Testing

@testable import Learning

@Suite struct MatrixLibraryTests {
  @Test func `products are right in each transposition`() {
    // a = [1 2; 3 4; 5 6], b = [1 0 2; 0 1 3].
    let a: [Double] = [1, 2, 3, 4, 5, 6], aT: [Double] = [1, 3, 5, 2, 4, 6]
    let b: [Double] = [1, 0, 2, 0, 1, 3], bT: [Double] = [1, 0, 0, 1, 2, 3]
    let expected: [Double] = [1, 2, 8, 3, 4, 18, 5, 6, 28]
    for (left, leftTransposed) in [(a, false), (aT, true)] {
      for (right, rightTransposed) in [(b, false), (bT, true)] {
        let wide = Buffer<Double>(9)
        Double.multiply(
          3, 3, 2, left, transposed: leftTransposed, right, transposed: rightTransposed, into: wide.pointer)
        #expect(wide.values == expected)
        let narrow = Buffer<Float>(9)
        Float.multiply(
          3, 3, 2, left.map { Float($0) }, transposed: leftTransposed, right.map { Float($0) },
          transposed: rightTransposed, into: narrow.pointer)
        #expect(narrow.values == expected.map { Float($0) })
      }
    }
  }

  @Test func `the lineage names the core and one thread`() {
    #expect(MatrixLibrary.description.contains("core \(MatrixLibrary.core), 1 thread"))
    #expect(MatrixLibrary.environment["OPENBLAS_NUM_THREADS"] ?? "1" == "1")
  }
}
