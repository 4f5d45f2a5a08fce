/// What a person sees, late, and what they make of it: the present, by adding what their own hand has done since.
///
/// Without that, a delay of a fifth of a second and a firm hand would swing. People do the same with tools they know.
struct Sight {
  private static let length = 16
  /// How much of what one frame shows is believed at once: an eye that followed every jerk would only add its delay.
  private static let trust = 0.35
  /// Frames over which motion is judged, and what counts as next to none, in rad².
  private static let window = 4
  private static let stir = 1e-4
  private static let carrying = SIMD8<Double>(1, 1, 1, 1, 1, 0, 0, 0)
  private let visionFrames: Int
  /// In frames, and parts of one.
  private let chain: Double
  private var views: [SceneView]
  private var intents: [SIMD8<Double>]
  private var count = 0
  /// Where the arm is seen, beyond where the hand sent it.
  private var offset = SIMD8<Double>.zero
  private var isFresh = true

  init(options: OperatorOptions, frame_s: Double) {
    visionFrames = min(Int((options.vision_s / frame_s).rounded()), Self.length / 2 - 1)
    chain = min(max(options.chain_s / frame_s, 0), Double(Self.length / 2 - 2))
    views = Array(repeating: SceneView(), count: Self.length)
    intents = Array(repeating: .zero, count: Self.length)
  }

  /// A new frame reaches the eye; the hand holds `intent`.
  mutating func see(_ view: SceneView, intent: SIMD8<Double>) {
    if count == 0 { views = Array(repeating: view, count: Self.length) }
    views[count % Self.length] = view
    intents[count % Self.length] = intent
    count += 1
    let newest = seen.posture - self.intent(late)
    offset = isFresh ? newest : offset + (newest - offset) * Self.trust
    isFresh = false
  }

  /// What the hand did so far has no effect any more, or none yet: only its moves from `intent` on count.
  mutating func forget(_ intent: SIMD8<Double>) {
    intents = Array(repeating: intent, count: Self.length)
    isFresh = true
    offset = seen.posture - intent
  }

  /// The newest frame that has reached the mind.
  var seen: SceneView {
    var view = self.view(visionFrames)
    view.seenPosture = view.posture
    return view
  }

  /// The scene as it will be once everything that the hand already did has arrived at the tool.
  var expected: SceneView {
    var view = seen
    let settled = intent(late) + offset
    view.posture = settled + (intent(0) - intent(late)) * effect
    return view
  }

  /// How much of the hand's recent motion the arm made, 0…1: a tool that is jammed does not come along, and a person
  /// sees that.
  private var effect: Double {
    // The jaw does not count: it is meant to be stopped by what it grasps.
    let meant = (intent(late) - intent(late + Double(Self.window))) * Self.carrying
    let made = seen.posture - self.view(visionFrames + Self.window).posture
    return min(max(((made * meant).sum() + Self.stir) / ((meant * meant).sum() + Self.stir), 0), 1)
  }

  private func view(_ age: Int) -> SceneView { views[(count + 2 * Self.length - 1 - age) % Self.length] }
  /// Between two frames the hand is between two intents.
  private func intent(_ age: Double) -> SIMD8<Double> {
    let whole = age.rounded(.down)
    let newer = intents[(count + 2 * Self.length - 1 - Int(whole)) % Self.length]
    let older = intents[(count + 2 * Self.length - 2 - Int(whole)) % Self.length]
    return newer + (older - newer) * (age - whole)
  }

  /// How long ago the hand meant what is seen now, in frames.
  private var late: Double { Double(visionFrames) + chain }
}
