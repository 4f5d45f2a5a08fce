public import ArgumentParser
internal import Learning
public import Policy

/// What `train` lets a person change of a recipe; what is not named stays as the recipe has it.
struct RecipeOptions: ParsableArguments {
  @Option(help: "Networks that vote.") var ensemble: Int?
  @Option(help: "Widths of the hidden layers, as 128,128.") var hidden: String?
  @Option(help: "relu, tanh or gelu-tanh.") var activation: NetworkShape.Activation?
  @Flag(help: "Normalise each hidden layer over its units.") var layerNorm = false
  @Flag(help: "Let hidden layers of one width add to the one before.") var residual = false
  @Option(help: "mse, l1, or huber:KNEE in standard deviations.") var loss: String?
  @Option(help: "Answer with a mixture of so many Gaussians.") var mixture: Int?
  @Option(help: "JOINT=N: a joint that chooses among N values cut from its range; may be repeated.")
  var discrete: [String] = []
  @Option(help: "adam or adamw.") var optimizer: String?
  @Option(help: "The first step size.") var learningRate: Double?
  @Option(help: "Pull of the weights towards zero.") var weightDecay: Double?
  @Option(help: "The longest gradient that is let through.") var clip: Double?
  @Option(help: "The share of hidden units left out at random.") var dropout: Double?
  @Option(help: "Give the policy an average of the weights that keeps this share at each step, as 0.999.")
  var average: Double?
  @Option(help: "Frames a step.") var batch: Int?
  @Option(help: "Steps to take.") var steps: Int?
  @Option(help: "Times over the data.") var epochs: Int?
  @Option(help: "Stop once the held-out loss has not improved for so many looks.") var patience: Int?
  @Option(help: "Threads that share the networks; the result does not depend on it.") var threads: Int?

  func validate() throws {
    guard steps == nil || epochs == nil else { throw ValidationError("Say --steps or --epochs, not both.") }
    guard mixture == nil || discrete.isEmpty else {
      throw ValidationError("Say --mixture or --discrete, not both: an action is one or the other.")
    }
    _ = try applied(to: .standard)
  }

  /// The recipe with these changes.
  func applied(to recipe: BehaviorCloning.Configuration) throws -> BehaviorCloning.Configuration {
    var recipe = recipe
    if let hidden { recipe.hidden = try widths(hidden) }
    recipe.activation = activation ?? recipe.activation
    recipe.layerNorm = recipe.layerNorm || layerNorm
    recipe.residual = recipe.residual || residual
    if let loss { recipe.loss = try self.loss(loss) }
    if let mixture { recipe.head = .mixture(mixture) }
    if !discrete.isEmpty { recipe.head = .categorical(try choices()) }
    if let optimizer {
      switch optimizer {
      case "adam": recipe.optimizer = .adam
      case "adamw": recipe.optimizer = .adamW
      default: throw ValidationError("--optimizer takes adam or adamw, not \(optimizer).")
      }
    }
    recipe.ensemble = ensemble ?? recipe.ensemble
    recipe.learningRate = learningRate ?? recipe.learningRate
    recipe.weightDecay = weightDecay ?? recipe.weightDecay
    recipe.gradientLimit = clip ?? recipe.gradientLimit
    recipe.dropout = dropout ?? recipe.dropout
    recipe.averaging = average ?? recipe.averaging
    recipe.batch = batch ?? recipe.batch
    recipe.patience = patience ?? recipe.patience
    recipe.threads = threads ?? recipe.threads
    if let steps { recipe.length = .steps(steps) }
    if let epochs { recipe.length = .epochs(epochs) }
    return recipe
  }

  private func widths(_ text: String) throws -> [Int] {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    let widths = parts.compactMap(\.self)
    guard widths.count == parts.count else { throw ValidationError("--hidden takes widths as 128,128, not \(text).") }
    return widths
  }

  private func loss(_ text: String) throws -> BehaviorCloning.Configuration.Loss {
    switch text {
    case "mse": return .meanSquare
    case "l1": return .absolute
    default:
      guard text.hasPrefix("huber:"), let knee = Double(text.dropFirst(6)) else {
        throw ValidationError("--loss takes mse, l1 or huber:KNEE (as huber:0.5), not \(text).")
      }
      return .huber(knee: knee)
    }
  }

  private func choices() throws -> [String: Int] {
    var choices: [String: Int] = [:]
    for text in discrete {
      let parts = text.split(separator: "=")
      guard parts.count == 2, let count = Int(parts[1]) else {
        throw ValidationError("--discrete takes JOINT=N, as gripper=3, not \(text).")
      }
      choices[String(parts[0])] = count
    }
    return choices
  }
}

extension ActionRepresentation: ExpressibleByArgument {}
extension NetworkShape.Activation: ExpressibleByArgument {}
