import Foundation
import RealTime
import Testing

@testable import Episodes

@Suite struct StatisticsTests {
  @Test func `a percentile is within 1/64 of the truth, and two halves add up to the whole`() {
    var random = SplitMix64(seed: 9)
    var values: [Int64] = [0, 1, 63, 64, 65, .max, -5]
    for _ in 0..<20_000 { values.append(Int64(exp(Double.random(in: 0..<40, using: &random)))) }
    var whole = LogHistogram()
    var halves = [LogHistogram(), LogHistogram()]
    for (index, value) in values.enumerated() {
      whole.add(value)
      halves[index % 2].add(value)
    }
    halves[0].merge(halves[1])
    let sorted = values.map { max(0, $0) }.sorted()
    #expect(whole.max == .max && whole.count == values.count)
    for p in [0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1] {
      let truth = sorted[max(1, Int((p * Double(sorted.count)).rounded(.up))) - 1]
      let said = whole.percentile(p) ?? 0
      #expect(said >= truth && Double(said - truth) <= Double(truth) / 32)
      #expect(halves[0].percentile(p) == said)
    }
    #expect(LogHistogram().percentile(0.5) == nil && LogHistogram().mean == nil)
  }

  @Test func `every bucket ends where the next begins`() {
    var last: Int64 = -1
    for bucket in 0..<1888 {
      let end = LogHistogram.end(of: bucket)
      #expect(end > last && LogHistogram.bucket(of: end) == bucket && LogHistogram.bucket(of: last + 1) == bucket)
      last = end
    }
    #expect(last == .max)
  }

  /// Ticks 10 ms apart from these sources, with what the closure does to each.
  static func count(_ sources: [Source], _ change: (Int, inout TickRecord) -> Void = { _, _ in }) -> EpisodeStatistics {
    var statistics = EpisodeStatistics(joints: 2)
    for (index, source) in sources.enumerated() {
      var record = TickRecord()
      record.tick = UInt64(index)
      record.scheduled = .milliseconds(Int64(10 * index))
      record.began = record.scheduled + .microseconds(20)
      record.source = source
      change(index, &record)
      statistics.add(record)
    }
    statistics.endEpisode()
    return statistics
  }

  @Test func `interventions are the person's runs where the policy drives too`() {
    let policy = Source.policy
    let mixed = Self.count([policy, .blend, .person, .person, .blend, policy, .person, .hold, .person])
    #expect(mixed.interventions == 3 && mixed.interventionFrames == 4)
    let demonstration = Self.count([.person, .person, .hold, .person])
    #expect(demonstration.interventions == 0 && demonstration.personShare == 0.75)
    var both = mixed
    both.merge(demonstration)
    #expect(both.interventions == 3 && both.episodes == 2 && both.frames == 13)
    #expect(both.framesBySource[Int(Source.person.rawValue)] == 7)
  }

  @Test func `rate, missed periods and gaps are told apart`() {
    let plain = Self.count(Array(repeating: .policy, count: 101))
    #expect(plain.rate_Hz == 100 && plain.gaps == 0 && plain.missedPeriods == 0)
    #expect(plain.wakeLatency_ns.percentile(0.5) == 20_000 && plain.longestInterval_ns == 10_000_000)
    let missed = Self.count(Array(repeating: .policy, count: 10)) { index, record in
      guard index >= 5 else { return }
      record.tick += 2
      record.began += .milliseconds(20)
      record.missed = index == 5 ? 2 : 0
    }
    #expect(missed.missedPeriods == 2 && missed.gaps == 0 && missed.longestInterval_ns == 30_000_000)
    let lost = Self.count(Array(repeating: .policy, count: 10)) { index, record in record.tick += index >= 5 ? 7 : 0 }
    #expect(lost.gaps == 1 && lost.lostTicks == 7 && lost.missedPeriods == 0)
  }

  @Test func `an age is that of the moment of decision`() {
    let statistics = Self.count([.policy, .policy]) { index, record in
      record.phases.sense = 1_000
      record.phases.decide = 50
      record.follower.time = SIMD8(repeating: record.began.count + 400)
      record.follower.time[1] = record.began.count - 2_000
      if index == 1 { record.environment.time = Nanoseconds(record.began.count - 9_000) }
    }
    #expect(statistics.readingAge_ns.max == 3_000 && statistics.readingAge_ns.count == 2)
    #expect(statistics.environmentAge_ns.max == 10_000 && statistics.environmentAge_ns.count == 1)
    #expect(statistics.tickTime_ns.max == 1_050)
  }

  @Test func `tracking error compares a command with what is measured a tick later`() {
    let statistics = Self.count([.policy, .policy, .policy]) { index, record in
      record.command[0] = Float(index)
      record.follower.position[0] = Float(index) - 0.5
      record.command[1] = .nan
    }
    #expect(statistics.joints[0].trackingError_urad.count == 2)
    #expect(statistics.joints[0].trackingError_urad.max == 500_000)
    #expect(statistics.joints[0].position_rad == JointStatistics.Range(min: -0.5, max: 1.5))
    #expect(statistics.joints[0].command_rad == JointStatistics.Range(min: 0, max: 2))
    #expect(statistics.joints[1].position_rad == nil && statistics.joints[1].trackingError_urad.count == 0)
  }

  @Test func `a finished log's own figures are those of its ticks, and survive JSON`() throws {
    let scratch = try Scratch()
    let dataset = try Dataset.create(scratch.file("data"))
    try DatasetTests.fill(dataset, [700, 400])
    var sum = EpisodeStatistics(joints: 6)
    for entry in dataset.episodes {
      var counted = EpisodeStatistics(joints: 6)
      for record in try readAll(dataset.path(of: entry)) { counted.add(record) }
      counted.endEpisode()
      #expect(try dataset.read(entry).statistics == counted)
      sum.merge(counted)
    }
    let inspection = try Inspection.of(dataset)
    #expect(inspection.total == sum && inspection.labels == ["success": 1, "failure": 1])
    #expect(inspection.joints == Samples.joints && inspection.problems == [])
    let text = inspection.description
    for expected in ["2 episodes, 1100 ticks", "1 success, 1 failure", "Hz", "shoulder_pan", "interventions"] {
      #expect(text.contains(expected), "\(text)")
    }
    #expect(try JSONDecoder().decode(Inspection.self, from: Data(inspection.json.utf8)) == inspection)
  }

  @Test func `an episode that cannot be read does not hide the others`() throws {
    let scratch = try Scratch()
    let dataset = try Dataset.create(scratch.file("data"))
    try DatasetTests.fill(dataset, [10, 10])
    try FileManager.default.removeItem(atPath: "\(dataset.folder)/s-e0001.mcap")
    let inspection = try Inspection.of(dataset)
    #expect(inspection.total.frames == 10 && inspection.problems.count == 2)
  }

  @Test func `figures that no log can have are not believed`() {
    let good = Self.count([.policy, .person]).json
    #expect(EpisodeStatistics(json: good, joints: 2) != nil)
    #expect(EpisodeStatistics(json: good, joints: 3) == nil)
    for (from, to) in [
      ("\"frames\":2", "\"frames\":9223372036854775807"), ("\"frames\":2", "\"frames\":-1"),
      ("\"version\":1", "\"version\":2"),
      ("\"framesBySource\":[0,1,1,0,0,0,0]", "\"framesBySource\":[1]"), ("\"buckets\":[", "\"buckets\":[5000,"),
    ] {
      #expect(good.contains(from) && EpisodeStatistics(json: good.replacing(from, with: to), joints: 2) == nil)
    }
  }
}
