// TAMER (Knox and Stone, ICDL 2008; K-CAP 2009): a person watches, rewards and scolds; what they will say of an action is
// learned from that, and the action of which they would say the best is done.
//
//     decisions  ──|────|────|────|────|──▶ t
//                    credit ◀────window────▶ ◀─ delay ─▶ feedback h = ±1
//
// A person's press comes late, so each is credited to the decisions that lay in a window before it, by the share of a
// uniform density of delays that falls on each (K-CAP 2009, section 3.2). Every decision with credit is a labelled sample
// of weight credit, and the model of reward is linear: its least squares with a ridge are exact, and need no rate.
// A feedback channel and no more: it shapes what a policy does already, and teaches no task.

internal import Foundation

/// What a person would say of an action, learned from what they said.
///
///     var reward = HumanReward(terms: ActionAspects.count)
///     reward.decided(terms, from: 1.00, to: 1.04)
///     reward.felt(-1, at: 1.45)               // scolded: what was done 0.2 to 0.8 s before
///     let score = reward.predicted(of: terms)
///
/// The same decisions and presses give the same bits: what a log holds is enough to learn it again.
public struct HumanReward: Codable, Equatable, Sendable {
  /// How long after an action its feedback comes: any delay between these is as likely as another.
  public struct Window: Codable, Equatable, Sendable {
    /// The shortest delay, in s.
    public var from_s: Double
    /// The longest.
    public var to_s: Double

    /// 0.2 to 0.8 s, for decisions many a second.
    public static let short = Window(from_s: 0.2, to_s: 0.8)
    /// 0.2 to 4 s (Warnell et al., Deep TAMER, 2018), for people who ponder.
    public static let long = Window(from_s: 0.2, to_s: 4)

    /// A window of delays.
    public init(from_s: Double, to_s: Double) {
      self.from_s = from_s
      self.to_s = to_s
    }

    /// The share of a feedback at `moment` that a decision in force from `began` to `ended` has brought about.
    public func credit(from began: Double, to ended: Double, at moment: Double) -> Double {
      let overlap = min(ended, moment - from_s) - max(began, moment - to_s)
      return max(0, overlap) / (to_s - from_s)
    }
  }

  /// The delays that are assumed.
  public let window: Window
  /// How much it takes to believe anything: so many decisions' worth of weight stand for "no opinion".
  public let ridge: Double
  /// How often the person rewarded and scolded.
  public private(set) var rewards = 0
  /// How often they scolded.
  public private(set) var scoldings = 0
  /// What each term of an action is worth; zero before the first feedback.
  public private(set) var weights: [Double]
  /// Σ credit · terms · termsᵀ, row by row, and Σ credit · feedback · terms.
  private var gram: [Double]
  private var moment: [Double]
  /// Decisions that may yet be judged.
  private var recent: [Decision] = []

  private struct Decision: Equatable, Sendable {
    var terms: [Double]
    var began: Double
    var ended: Double
  }

  private enum CodingKeys: String, CodingKey { case window, ridge, rewards, scoldings, weights, gram, moment }

  /// Knows nothing yet, of actions with so many terms.
  public init(terms: Int, window: Window = .short, ridge: Double = 0.3) {
    self.window = window
    self.ridge = ridge
    weights = .init(repeating: 0, count: terms)
    gram = .init(repeating: 0, count: terms * terms)
    moment = .init(repeating: 0, count: terms)
  }

  /// Reads a model, and refuses one whose parts do not fit each other.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    window = try values.decode(Window.self, forKey: .window)
    ridge = try values.decode(Double.self, forKey: .ridge)
    rewards = try values.decode(Int.self, forKey: .rewards)
    scoldings = try values.decode(Int.self, forKey: .scoldings)
    weights = try values.decode([Double].self, forKey: .weights)
    gram = try values.decode([Double].self, forKey: .gram)
    moment = try values.decode([Double].self, forKey: .moment)
    let fits = moment.count == weights.count && gram.count == weights.count * weights.count
    guard fits, ridge > 0, window.from_s >= 0, window.to_s > window.from_s else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "numbers of terms or the window do not fit"))
    }
  }

  // MARK: Learning

  /// An episode begins: nothing before it is judged by what comes now.
  public mutating func begin() { recent.removeAll(keepingCapacity: true) }

  /// A decision was in force from one moment to another, in s; decisions come in their order.
  public mutating func decided(_ terms: [Double], from began: Double, to ended: Double) {
    precondition(terms.count == weights.count, "a decision of \(terms.count) terms, not \(weights.count)")
    recent.removeAll { $0.ended < began - window.to_s }
    recent.append(Decision(terms: terms, began: began, ended: ended))
  }

  /// The person rewarded (+1) or scolded (−1). False where no decision could have been meant: then nothing is learned.
  @discardableResult
  public mutating func felt(_ feedback: Double, at moment: Double) -> Bool {
    let meant = recent.compactMap { decision in
      let credit = window.credit(from: decision.began, to: decision.ended, at: moment)
      return credit > 0 ? (decision.terms, credit) : nil
    }
    guard !meant.isEmpty else { return false }
    for (terms, credit) in meant { learn(terms, feedback, credit) }
    if feedback > 0 { rewards += 1 } else { scoldings += 1 }
    solve()
    return true
  }

  private mutating func learn(_ terms: [Double], _ feedback: Double, _ credit: Double) {
    let count = terms.count
    for row in 0..<count where terms[row] != 0 {
      let scaled = credit * terms[row]
      moment[row] += scaled * feedback
      for column in 0..<count { gram[row * count + column] += scaled * terms[column] }
    }
  }

  /// weights = (gram + ridge · 1)⁻¹ moment. The sum is positive definite; where rounding says otherwise, they stay.
  private mutating func solve() {
    let count = weights.count
    var matrix = (0..<count).map { Array(gram[($0 * count)..<(($0 + 1) * count)]) }
    for row in 0..<count { matrix[row][row] += ridge }
    if let factor = Cholesky(matrix) { weights = factor.solve(moment) }
  }

  // MARK: Asking

  /// How much was judged where a term that is a share of 1 (a place, say) was on: feedbacks' worth.
  public func weight(of term: Int) -> Double { gram[term * weights.count + term] }

  /// The mean of a term over what was judged, weighted by another that is a share of 1.
  public func mean(of term: Int, where place: Int) -> Double {
    gram[place * weights.count + term] / weight(of: place)
  }

  /// What the person would say of an action.
  public func predicted(of terms: [Double]) -> Double {
    zip(weights, terms).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// How often a good one is ranked before a bad one (the area under the ROC curve); ties count half. Nil without either.
  public static func ranking(good: [Double], bad: [Double]) -> Double? {
    guard !good.isEmpty, !bad.isEmpty else { return nil }
    let all = (good.map { ($0, true) } + bad.map { ($0, false) }).sorted { $0.0 < $1.0 }
    var (sum, index) = (0.0, 0)
    while index < all.count {
      var end = index
      while end < all.count, all[end].0 == all[index].0 { end += 1 }
      // Mann and Whitney: the rank of tied values is their mean.
      let rank = Double(index + 1 + end) / 2
      sum += rank * Double(all[index..<end].count(where: \.1))
      index = end
    }
    let count = Double(good.count)
    return (sum - count * (count + 1) / 2) / (count * Double(bad.count))
  }
}
