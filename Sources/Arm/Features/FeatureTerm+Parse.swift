/// Where each named quantity stands among the 32 values that features are computed from.
struct FeatureSources {
  /// Places of the joints' angles.
  static var joints: Range<UInt8> { 0..<8 }
  /// Places of the tool's x, y, z and yaw.
  static var tool: Range<UInt8> { 8..<12 }
  /// Places of the environment's features.
  static var environment: Range<UInt8> { 16..<32 }
  /// No place.
  static var nothing: UInt8 {
    @_noAllocation @_noLocks get { 255 }
  }

  private var places: [String: UInt8] = [:]
  /// All names, in the order of their places.
  private(set) var names: [String] = []

  init(joints: [String], environment: [String]) {
    add(joints.map { "joint.\($0)" }, from: Self.joints)
    add(["tool.x", "tool.y", "tool.z", "tool.yaw"], from: Self.tool)
    add(environment, from: Self.environment)
  }

  private mutating func add(_ names: [String], from range: Range<UInt8>) {
    for (place, name) in zip(range, names) { places[name] = place }
    self.names += names
  }

  subscript(_ name: Substring) -> UInt8? { places[String(name)] }
}

extension FeatureTerm {
  private static let functions: [(prefix: String, function: Function)] = [
    ("tanh(", .tanh), ("cos(", .cos), ("sin(", .sin),
  ]

  /// Reads a feature's name; see `FeaturePlan` for what it may be.
  init(parsing name: String, sources: FeatureSources) throws(FeatureError) {
    var inner = name[...]
    if let (prefix, function) = Self.functions.first(where: { name.hasPrefix($0.prefix) }) {
      guard name.hasSuffix(")") else { throw .malformed(feature: name, problem: "the bracket is not closed") }
      self.function = function
      inner = name.dropFirst(prefix.count).dropLast()
      // The last one: a name of the environment may hold neither, but a number may hold a minus.
      if let at = inner.lastIndex(where: { $0 == "/" || $0 == "*" }) {
        guard let factor = Float(inner[inner.index(after: at)...]), factor.isFinite, factor != 0 else {
          throw .malformed(feature: name, problem: "\"\(inner[inner.index(after: at)...])\" is not a number but zero")
        }
        self.factor = factor
        divides = inner[at] == "/"
        inner = inner[..<at]
      }
    }
    guard !inner.isEmpty, !inner.contains(where: { "()*/ ".contains($0) }) else {
      throw .malformed(feature: name, problem: "\"\(inner)\" is no name")
    }
    try read(inner, of: name, sources: sources)
  }

  /// Reads what stands inside the brackets: one name, or a difference of two with a common axis.
  private mutating func read(
    _ term: Substring, of feature: String, sources: FeatureSources
  ) throws(FeatureError) {
    if let place = sources[term] {
      first = place
      return
    }
    guard let dot = term.lastIndex(of: "."), let minus = term[..<dot].firstIndex(of: "-") else {
      throw .unknown(feature: feature, part: String(term), available: sources.names)
    }
    let axis = term[dot...]
    // A name may hold a minus itself, so each is tried; the first names the culprit if none fits.
    var culprit = "\(term[..<minus])\(axis)"
    if sources[culprit[...]] != nil { culprit = "\(term[term.index(after: minus)..<dot])\(axis)" }
    for at in term[..<dot].indices where term[at] == "-" {
      let left = term[..<at] + axis, right = term[term.index(after: at)..<dot] + axis
      if let a = sources[left], let b = sources[right] {
        (first, second) = (a, b)
        return
      }
    }
    throw .unknown(feature: feature, part: culprit, available: sources.names)
  }
}
