public import Arm
internal import Foundation
internal import RealTime

/// Reads a LeRobotDataset v3.0 into a dataset of ours: a log an episode, its action the command, its nominal time the time.
///
/// Only what an arm's tick has a place for is taken: `action`, `observation.state`, `observation.environment_state`,
/// `intervention` and tasks. Videos and other columns are left out and named in the report. A dataset that we exported
/// comes back with its ids, labels and notes.
public struct LeRobotImport: Sendable {
  /// What joints' numbers mean; nil for what our export says, else LeRobot's default, degrees.
  public var units: LeRobotUnits?
  /// The arm and calibration that degrees or normalised numbers need.
  public var arm: (description: ArmDescription, calibration: Calibration)?
  /// What a session of this arm would attach: rig, arm, calibration.
  public var files: [SessionFile] = []

  /// Units by the dataset.
  public init() {}

  /// What was read.
  public struct Report: Sendable, Codable {
    /// The new dataset's folder.
    public var folder: String
    /// Episodes in it.
    public var episodes = 0
    /// Frames in it.
    public var frames = 0
    /// Frames a second.
    public var fps: Int
    /// What joints' numbers meant.
    public var units: LeRobotUnits
    /// What was left out and why, a sentence each.
    public var notes: [String] = []
  }

  /// Reads the LeRobot dataset in `source` into the new folder `folder`.
  public func run(_ source: String, to folder: String) throws(ExchangeError) -> Report {
    let program = try DuckDB()
    let catalogue = try LeRobotCatalogue(source, program)
    let sidecar = LeRobotCatalogue.sidecar(source)
    let units = self.units ?? sidecar?.units ?? .degrees
    var conversion = LeRobotConversion.none
    if units != .radians {
      guard let arm, arm.description.jointNames == catalogue.joints,
        let made = try? LeRobotConversion(units, arm: arm.description, calibration: arm.calibration)
      else { throw .noCalibration(source: source, units: units) }
      conversion = made
    }
    guard !FileManager.default.fileExists(atPath: folder) else { throw .exists(folder: folder) }
    var report = Report(folder: folder, fps: catalogue.fps, units: units)
    do {
      let dataset: Dataset
      do throws(DatasetError) { dataset = try Dataset.create(folder) } catch { throw ExchangeError.dataset(error) }
      var writer = ImportWriter(
        catalogue, sidecar: sidecar, conversion: conversion, files: files, dataset: dataset)
      try program.run(catalogue.frames, in: URL(filePath: source), doing: "reading \(source)") {
        piece throws(ExchangeError) in
        try writer.take(piece)
      }
      try writer.finish()
      (report.episodes, report.frames) = (writer.episodes, writer.count)
      report.notes = catalogue.notes + writer.notes
    } catch {
      // The folder is our own and new: half a dataset would look like a whole one.
      try? FileManager.default.removeItem(atPath: folder)
      throw error as? ExchangeError ?? .file(path: folder, reason: "\(error)")
    }
    return report
  }
}

extension LeRobotImport.Report: CustomStringConvertible {
  /// For people.
  public var description: String {
    (["\(folder): \(episodes) episodes, \(frames) frames at \(fps) a second, joints read as \(units.rawValue)"]
      + notes.map { "  " + $0 }).joined(separator: "\n")
  }
}
