// Hours of sessions on virtual time in which something breaks every few seconds:
//
//     chapter = one session (record, correct or run) ── a fault per interval ──▶ stop ─▶ the person acknowledges ─▶ on
//     after each tick: commands within the envelope? stop explained by what was put in? over in time?
//
// Chapters do not depend on each other, so they run on several cores; the same seed gives the same figures.

internal import Arm
internal import Control
public import Foundation
internal import RealTime
internal import Session
internal import Twin

/// A long run of broken sessions, and what it counts.
public struct Soak: Sendable {
  /// Rig, task, seed and the scripted person.
  public var rehearsal: Rehearsal
  /// Virtual time in all.
  public var hours: Double
  /// Virtual time of one session.
  public var chapter_s = 1800.0
  /// One fault in each.
  public var interval_s = 10.0
  /// How long a stop may last: a person looks, and presses once a second.
  public var longestStop_s = 30.0

  /// A soak of a rig's task.
  public init(_ rehearsal: Rehearsal, hours: Double) {
    self.rehearsal = rehearsal
    self.hours = hours
  }

  /// Runs all chapters under `policy` (for those in which one drives) on so many cores; `progress` gets the share done.
  public func run(
    policy: URL, cores: Int, progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> SoakReport {
    let chapters = max(1, Int((hours * 3600 / chapter_s).rounded(.up)))
    return try await withThrowingTaskGroup(of: SoakReport.self) { group in
      var report = SoakReport()
      var next = 0
      var done = 0
      while done < chapters {
        while next < chapters, next - done < cores {
          let chapter = next
          group.addTask { try self.chapter(chapter, seconds: self.seconds(of: chapter), policy: policy) }
          next += 1
        }
        guard let one = try await group.next() else { break }
        report.add(one)
        done += 1
        // Buffers and caches are there after each core's first chapter.
        if done == min(cores, chapters) { report.residentBegin_MB = Self.resident_MB }
        progress(Double(done) / Double(chapters))
      }
      report.residentEnd_MB = Self.resident_MB
      return report
    }
  }

  private func seconds(of chapter: Int) -> Double { min(chapter_s, hours * 3600 - Double(chapter) * chapter_s) }

  /// A chapter's sessions: one, and another each time the arm wedged itself and somebody would have to free it.
  func chapter(_ number: Int, seconds: Double, policy: URL) throws -> SoakReport {
    var report = SoakReport()
    var part = 0
    while part == 0 || seconds - report.hours * 3600 > 6 * interval_s {
      let left = seconds - report.hours * 3600
      report.add(try session(number, part: part, seconds: left, policy: policy))
      part += 1
      if report.wedged < part { break }
    }
    return report
  }

  /// One session from torque on to parked; the activity, the scenes and the faults follow from its numbers.
  private func session(_ number: Int, part: Int, seconds: Double, policy: URL) throws -> SoakReport {
    var random = SplitMix64(seed: rehearsal.seed &* 1_000_003 &+ UInt64(number) &+ UInt64(part) << 32)
    let activities: [Activity] = [.correct, .record, .run]
    let activity = activities[number % activities.count]
    var options = TwinOptions()
    options.task = rehearsal.task
    options.seed = random.next()
    options.disturbance = rehearsal.disturbance
    options.person = rehearsal.person
    options.person.takeOver = Bool.random(using: &random) ? .grab : .pedal
    options.person.handBack = Bool.random(using: &random) ? .finish : .margin
    var rig = rehearsal.rig
    // Nobody stands by a run: there the policy drives only while a pedal is held.
    if activity == .run { rig.holdToRun_ms = 300 }
    let session = try VirtualSession(rig: rig, twin: options, leaderMirrors: activity == .correct)
    if activity.usesPolicy { try session.host.load(policy: policy) }
    var plan = SessionPlan(activity: activity, rig: rig, settings: session.host.settings, seed: options.seed)
    plan.framesPerRound = .max
    session.begin(plan)
    let injector = SoakInjector(
      session, interval: .seconds(interval_s), seed: random.next(),
      nonsense: try session.host.newestPolicy?.sayingNonsense())
    var watch = SoakChapter(session, injector, longestStop: .seconds(longestStop_s))
    return try watch.run(until: session.time.now + .seconds(seconds), name: "\(activity.rawValue) \(number)")
  }

  /// What this process holds in memory.
  static var resident_MB: Double {
    let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
    return fields.count > 1 ? (Double(fields[1]) ?? .nan) * Double(getpagesize()) / 1e6 : .nan
  }
}

/// One chapter under way.
private struct SoakChapter {
  private let session: VirtualSession
  private let injector: SoakInjector
  private let commands: CommandWatch
  private let longestStop: Nanoseconds
  private var report = SoakReport()
  private var stoppedAt: Nanoseconds?

  init(_ session: VirtualSession, _ injector: SoakInjector, longestStop: Nanoseconds) {
    self.session = session
    self.injector = injector
    commands = CommandWatch(session)
    self.longestStop = longestStop
  }

  mutating func run(until end: Nanoseconds, name: String) throws -> SoakReport {
    let began = session.time.now
    while session.time.now < end, session.conductor?.isDone == false, !isStuck {
      injector.step()
      step()
    }
    injector.rest()
    // Time for the last stop to be acknowledged; then the session must end with the arm at rest.
    while stoppedAt != nil, !isStuck { step() }
    session.conductor?.end()
    let patience = session.time.now + .seconds(60)
    while session.conductor?.isDone == false, session.time.now < patience { step() }
    if let trouble = session.conductor?.trouble, session.world.contactForce_N > 4 {
      // An arm that fell limp may wedge itself: nobody here frees it by hand, and the session says that somebody must.
      report.wedged += 1
      complain("ended with the arm wedged, as the session says: \(trouble) Contacts \(session.world.contactForce_N) N")
    } else if isStuck || session.host.snapshot.state != .idle {
      report.stuck += 1
      let snapshot = session.host.snapshot
      complain(
        "did not come to rest: \(snapshot.state.name) for \(snapshot.fault?.row?.name ?? "nothing"), the person is "
          + "\(session.world.person); the session says \(session.conductor?.trouble ?? "nothing"); \(scene)")
    }
    report.hours = (session.time.now - began).seconds / 3600
    report.injected = Dictionary(uniqueKeysWithValues: injector.counts.map { ($0.key.rawValue, $0.value) })
    report.commands = commands.checked
    report.violations = commands.violations
    report.episodes = session.conductor?.outcomes.count ?? 0
    report.takeOvers = session.conductor?.outcomes.reduce(0) { $0 + $1.takeOvers } ?? 0
    for complaint in commands.complaints { complain(complaint) }
    report.complaints = report.complaints.map { "\(name): \($0)" }
    return report
  }

  private var isStuck: Bool { stoppedAt.map { session.time.now - $0 > longestStop } ?? false }

  /// Whether the arm has run into something that holds it: a policy of a few demonstrations now and then wedges the tool.
  /// The twin's contacts say so, not the host's readings: 4 N is where the tasks call it a collision, and 13 N have been
  /// seen to hold an elbow at full duty.
  private func isBlocked(_ fault: Fault?) -> Bool {
    let mayBe = fault == .lag || fault == .servo || fault == .load
    return mayBe && !injector.explains(fault) && session.world.contactForce_N > 4
  }

  private mutating func step() {
    injector.holdPedal()
    session.step()
    commands.check()
    let snapshot = session.host.snapshot
    let now = session.time.now
    if snapshot.state == .protectiveStop, stoppedAt == nil {
      stoppedAt = now
      let fault = snapshot.fault
      report.stops[fault?.row?.name ?? "unnamed", default: 0] += 1
      if isBlocked(fault) {
        report.blocked += 1
      } else if !injector.explains(fault) {
        report.unexplained += 1
        complain(
          "tick \(snapshot.record.tick): stopped for \(fault?.row?.name ?? "nothing") without cause; \(scene)")
      }
    } else if snapshot.state != .protectiveStop, let since = stoppedAt {
      report.longestStop_s = max(report.longestStop_s, (now - since).seconds)
      stoppedAt = nil
      injector.acknowledged()
    }
  }

  /// What was broken last, and how the arm stands.
  private var scene: String {
    let record = session.host.snapshot.record
    return "\(injector.last), command \(record.command), measured \(record.follower.position), "
      + "duty \(record.follower.load), contacts \(session.world.contactForce_N) N"
  }

  private mutating func complain(_ text: String) {
    if report.complaints.count < SoakReport.mostComplaints { report.complaints.append(text) }
  }
}
