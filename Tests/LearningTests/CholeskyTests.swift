import RealTime
import Testing

@testable import Learning

@Suite struct CholeskyTests {
  @Test(arguments: 1...12) func `a positive definite system is solved`(count: Int) throws {
    var random = SplitMix64(seed: UInt64(count))
    let root = (0..<count).map { _ in (0..<count).map { _ in random.normal() } }
    let matrix = (0..<count).map { i in
      (0..<count).map { j in zip(root[i], root[j]).reduce(i == j ? 0.1 : 0) { $0 + $1.0 * $1.1 } }
    }
    let wanted = (0..<count).map { _ in random.normal() }
    let right = matrix.map { zip($0, wanted).reduce(0) { $0 + $1.0 * $1.1 } }
    let found = try #require(Cholesky(matrix)).solve(right)
    #expect(zip(found, wanted).allSatisfy { abs($0 - $1) < 1e-9 })
  }

  @Test func `a matrix that is not positive definite has no factor`() {
    #expect(Cholesky([[1, 0], [2, 1]]) == nil)
    #expect(Cholesky([[.nan]]) == nil)
    #expect(Cholesky([[-1]]) == nil)
  }
}
