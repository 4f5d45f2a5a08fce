extension PolicyDescription {
  /// Refuses values that no policy of ours can have: the file may come from anywhere.
  func validate() throws(PolicyError) {
    guard version == Self.currentVersion else { throw .version(found: version, expected: Self.currentVersion) }
    try validateNames()
    let hertz = interface.decision_Hz
    try check(hertz.isFinite && hertz > 0 && hertz <= 1000, "interface.decision_Hz", "\(hertz)", "above 0, up to 1000")
    try check((1...256).contains(interface.chunk), "interface.chunk", "\(interface.chunk)", "1 to 256")
    try check((1...64).contains(interface.history), "interface.history", "\(interface.history)", "1 to 64 decisions")
    try validateExecution()
    try validateHead()
    try check(network.hidden.count <= 16, "network.hidden", "\(network.hidden.count) layers", "at most 16 layers")
    for width in network.hidden {
      try check((1...8192).contains(width), "network.hidden", "\(width)", "widths of 1 to 8192")
    }
    try check((1...64).contains(network.ensemble), "network.ensemble", "\(network.ensemble)", "1 to 64")
    let int8 = network.precision != .int8 || network.allowsInt8
    try check(
      int8, "network.precision", "int8",
      "float32: only plain ReLU networks without normalisation, residuals or a special head run in int8")
    try validate(statistics.features, count: interface.features.count, "statistics.features")
    try validate(
      statistics.actions, count: interface.chunk * interface.actions.count, "statistics.actions (chunk × actions)")
  }

  private func validateExecution() throws(PolicyError) {
    let key = "interface.execution"
    switch interface.execution {
    case .horizon(let decisions):
      try check(
        (1...interface.chunk).contains(decisions), key, "a horizon of \(decisions)",
        "1 to the chunk's \(interface.chunk) decisions")
    case .ensembling(let decay):
      try check(decay.isFinite && (0...10).contains(decay), key, "ensembling with decay \(decay)", "a decay of 0 to 10")
    }
  }

  private func validateHead() throws(PolicyError) {
    switch network.head {
    case .mean: break
    case .mixture(let components):
      try check((2...32).contains(components), "network.head", "\(components) components", "2 to 32 components")
    case .categorical(let levels):
      try check(!levels.isEmpty, "network.head.levels", "nothing", "the values of one joint or more")
      for (joint, values) in levels.sorted(by: { $0.key < $1.key }) {
        let key = "network.head.levels.\(joint)"
        try check(
          interface.actions.contains(joint), key, "a joint that is not commanded", "joints of interface.actions")
        try check((2...256).contains(values.count), key, "\(values.count) values", "2 to 256 values")
        let rises = zip(values, values.dropFirst()).allSatisfy { $0 < $1 }
        try check(rises && values.allSatisfy(\.isFinite), key, "\(values)", "finite values in rising order")
      }
    }
  }

  private func validateNames() throws(PolicyError) {
    for (key, names) in [("interface.features", interface.features), ("interface.actions", interface.actions)] {
      try check((1...64).contains(names.count), key, "\(names.count) names", "1 to 64 names")
      try check(Set(names).count == names.count, key, "a name twice", "every name once")
      try check(!names.contains(""), key, "an empty name", "names")
    }
    try check(!interface.arm.isEmpty, "interface.arm", "nothing", "the arm's name")
  }

  private func validate(_ columns: [PolicyStatistics.Column], count: Int, _ key: String) throws(PolicyError) {
    try check(columns.count == count, key, "\(columns.count) columns", "\(count) columns")
    for (index, column) in columns.enumerated() {
      let finite = column.mean.isFinite && column.min.isFinite && column.max.isFinite && column.std.isFinite
      try check(
        finite && column.std >= 0 && column.min <= column.max, "\(key)[\(index)]",
        "mean \(column.mean), std \(column.std), min \(column.min), max \(column.max)",
        "finite numbers, std not negative, min up to max")
    }
  }

  private func check(_ holds: Bool, _ key: String, _ found: String, _ expected: String) throws(PolicyError) {
    if !holds { throw .value(key: key, found: found, expected: expected) }
  }
}
