import RealTime
import Testing

@testable import Learning

@Suite struct EpisodeRankingTests {
  @Test func `the demonstration that contradicts the others comes first, with its error`() throws {
    var frames = Tables.smooth(400)
    var spoiled = Frames(features: frames.featureNames, actions: frames.actionNames)
    for row in 0..<frames.count {
      // Episode 7 does the opposite of what the others do.
      let actions = frames.actions(of: row).map { frames.episodes[row] == 7 ? -0.3 - 2 * $0 : $0 }
      spoiled.append(features: frames.features(of: row), actions: actions, episode: frames.episodes[row])
    }
    spoiled.heldOut = [3]
    frames = spoiled
    var recipe = Tables.quick
    recipe.length = .steps(300)
    var shares: [Double] = []
    let ranking = try EpisodeRanking(frames, recipe, folds: 4, seed: 1) {
      shares.append($0)
      return true
    }
    #expect(ranking.entries.count == 20 && Set(ranking.entries.map(\.episode)).count == 20)
    #expect(ranking.entries[0].episode == 7 && ranking.suspects.map(\.episode) == [7])
    #expect(ranking.entries.allSatisfy { $0.frames == 20 && $0.isHeldOut == ($0.episode == 3) })
    #expect(zip(ranking.entries, ranking.entries.dropFirst()).allSatisfy { $0.error >= $1.error })
    #expect(shares.last == 1 && zip(shares, shares.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test func `one episode cannot be ranked`() {
    let complaint = #expect(throws: LearningError.self) {
      try EpisodeRanking(Tables.smooth(20), Tables.quick, seed: 1)
    }
    #expect("\(complaint as Any)".contains("two or more"))
  }
}
