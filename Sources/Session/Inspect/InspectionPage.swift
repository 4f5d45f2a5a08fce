internal import Arm
internal import Control
internal import Episodes
public import Foundation

/// `inspect --html`: the same figures, and the pictures that people look at, on one page that needs nothing beside it.
public struct InspectionPage: Sendable {
  /// The page's text.
  public private(set) var html = ""
  /// As many episodes get pictures; the last ones.
  public static let pictured = 40
  /// As many points a line has at most.
  private static let points = 360
  // Colours that stay apart in greyscale and for colour-blind readers (Okabe and Ito).
  private static let measured = "#0072B2", commanded = "#D55E00", score = "#009E73"

  /// The page of a dataset's folder or of one log.
  public init(of url: URL) throws(InspectionError) {
    let inspection = try Inspection(of: url)
    var logs: [(title: String, path: String)] = []
    if FileManager.default.fileExists(atPath: url.appending(path: "dataset.json").path) {
      do throws(DatasetError) {
        let dataset = try Dataset.open(url.relativePath)
        for (place, entry) in dataset.episodes.enumerated().suffix(Self.pictured) {
          let label = "\(place + 1) · \(entry.id) · \(entry.label.rawValue) · \(Figures.fixed(entry.duration_s, 1)) s"
          logs.append((label, dataset.path(of: entry)))
        }
      } catch { throw .dataset(error) }
    } else {
      logs.append((url.lastPathComponent, url.relativePath))
    }
    var total: EpisodeStatistics?
    var details = ""
    for (place, log) in logs.enumerated() {
      do throws(LogError) {
        let reader = try EpisodeReader.open(log.path)
        if let statistics = reader.statistics {
          if total == nil { total = statistics } else { total?.merge(statistics) }
        }
        let plots = try Self.plots(reader)
        details +=
          "<details\(place == logs.count - 1 ? " open" : "")><summary>\(HTML.text(log.title))</summary>\(plots)</details>\n"
      } catch {
        details += "<p>\(HTML.text(error.description))</p>\n"
      }
    }
    html = Self.head(inspection.source)
    html += "<h1>\(HTML.text(inspection.source))</h1>\n<pre>\(HTML.text(inspection.description))</pre>\n"
    if let total { html += "<h2>Timing</h2>\n\(Self.timing(total))" }
    let more = inspection.episodes.count - logs.count
    html +=
      "<h2>Episodes</h2>\n<p>\(Self.key(Self.measured)) measured &nbsp; \(Self.key(Self.commanded, "dashed")) command &nbsp; "
      + "<span class=\"key shade\"></span> a person commands, where a policy drives too"
      + "\(more > 0 ? ". \(more) earlier episodes are not drawn." : "")</p>\n"
    html += details + "</body></html>\n"
  }

  /// Writes the page where nothing stands yet.
  public func write(to path: String) throws(InspectionError) {
    guard !FileManager.default.fileExists(atPath: path) else { throw .log(.exists(file: path)) }
    do { try Data(html.utf8).write(to: URL(filePath: path)) } catch {
      throw .log(.system(file: path, doing: "writing", code: 5))
    }
  }

  private static func key(_ colour: String, _ style: String = "solid") -> String {
    "<span class=\"key\" style=\"color: \(colour); border-top-style: \(style)\"></span>"
  }

  private static func head(_ title: String) -> String {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
    <title>\(HTML.text(title))</title>
    <style>
    body { font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 1320px; padding: 0 1em; color: #222; background: #fff }
    pre { overflow-x: auto; background: #f6f6f6; padding: 1em } summary { cursor: pointer; padding: .3em 0 }
    .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(560px, 1fr)); gap: .8em }
    svg { width: 100%; height: auto } svg text { font-size: 11px; fill: #555 }
    polyline { fill: none; stroke-width: 1.3 } .hand { fill: #f0e442; opacity: .45 } .grid { stroke: #ddd }
    .key { display: inline-block; width: 2em; height: 0; border-top: 2px solid; vertical-align: middle }
    .shade { height: 1em; border: 0; background: #f0e442; opacity: .45 }
    .mark { stroke: #c00; stroke-dasharray: 2 2 } .bar { fill: #0072B2 }
    </style></head><body>

    """
  }

  private static func timing(_ total: EpisodeStatistics) -> String {
    let plots = [
      ("wake latency, µs", 1e-3, total.wakeLatency_ns), ("tick, µs", 1e-3, total.tickTime_ns),
      ("reading's age, µs", 1e-3, total.readingAge_ns), ("environment's age, ms", 1e-6, total.environmentAge_ns),
    ].map { title, unit, histogram in
      HistogramPlot(title: title, bars: histogram.bars(perDoubling: 4).map { (Double($0.end) * unit, $0.count) }).svg
    }
    return "<div class=\"plots\">\(plots.joined())</div>\n"
  }

  /// What an episode's lines are drawn from: every n-th tick, and the worst tracking error in between.
  private struct Sample {
    var time_s: Double
    var position: JointVector
    var command: JointVector
    var error: JointVector
    var gate: Float
  }

  private static func plots(_ reader: EpisodeReader) throws(LogError) -> String {
    let stride = max(1, ((reader.frameCount ?? 0) + points - 1) / points)
    var samples: [Sample] = []
    var spans: [ClosedRange<Double>] = []
    var record = TickRecord()
    var start: Int64?
    var worst = JointVector.zero, before: JointVector?, driving: (from: Double, to: Double)?
    var threshold = Float.nan
    var count = 0, policyDrove = false
    while try reader.next(into: &record) {
      let first = start ?? record.began.count
      start = first
      let time = Double(record.began.count &- first) * 1e-9
      if let before {
        let away = before - record.follower.position
        let size = away.replacing(with: -away, where: away .< 0)
        worst = worst.replacing(with: size, where: size .> worst)
      }
      before = record.command
      policyDrove = policyDrove || record.source == .policy
      if record.source == .person {
        driving = (driving?.from ?? time, time)
      } else if let span = driving {
        spans.append(span.from...max(span.from, span.to))
        driving = nil
      }
      if record.gateThreshold.isFinite { threshold = record.gateThreshold }
      if count % stride == 0 {
        samples.append(
          Sample(
            time_s: time, position: record.follower.position, command: record.command, error: worst,
            gate: record.gateScore))
        worst = .zero
      }
      count += 1
    }
    if let span = driving { spans.append(span.from...max(span.from, span.to)) }
    if !policyDrove { spans = [] }
    return draw(reader.session.joints, samples, spans, threshold: threshold)
  }

  private static func draw(
    _ joints: [String], _ samples: [Sample], _ spans: [ClosedRange<Double>], threshold: Float
  ) -> String {
    func line(_ value: (Sample) -> Float) -> [(time_s: Double, value: Double)] {
      samples.map { ($0.time_s, Double(value($0))) }
    }
    var plots: [Plot] = []
    for (joint, name) in joints.enumerated() {
      plots.append(
        Plot(
          title: name, unit: "rad",
          series: [
            .init(name: "measured", colour: measured, points: line { $0.position[joint] }),
            .init(name: "command", colour: commanded, isDashed: true, points: line { $0.command[joint] }),
          ], spans: spans, leastRange: 0.02))
    }
    let worst = line { sample in joints.indices.reduce(Float(0)) { max($0, sample.error[$1]) } * 1000 }
    plots.append(
      Plot(
        title: "tracking error, worst joint", unit: "mrad",
        series: [.init(name: "error", colour: measured, points: worst)], spans: spans, leastRange: 1))
    if samples.contains(where: { $0.gate.isFinite }) {
      plots.append(
        Plot(
          title: "gate score", unit: "", series: [.init(name: "score", colour: score, points: line(\.gate))],
          spans: spans, threshold: threshold.isFinite ? Double(threshold) : nil))
    }
    return "<div class=\"plots\">\(plots.map(\.svg).joined())</div>"
  }
}
