public import Arm
public import Episodes
public import Policy
public import RealTime
public import ServoBus

/// Why a session could not begin. Nothing has moved and nothing was overwritten.
public enum HostError: Error, CustomStringConvertible {
  /// The rig, an arm or a servo file is missing or wrong.
  case configuration(ConfigurationError)
  /// A servo's table is wrong.
  case servoFile(ServoFileError)
  /// A calibration is missing, wrong, or of another arm.
  case calibration(CalibrationError)
  /// A port could not be opened.
  case port(PortError)
  /// A servo did not pass its check.
  case bringUp(BringUpError)
  /// The buses are too slow for the rig's rate.
  case busPlan(BusPlan, rig: String)
  /// The policy cannot be used here.
  case policy(PolicyError)
  /// The policy wants features that this rig does not have.
  case features(FeatureError)
  /// The policy decides at another rate.
  case policyRate(expected: Int, folder: String)
  /// A socket could not be opened.
  case socket(DatagramError)
  /// The pedal could not be had.
  case pedal(PedalError)
  /// The loop could not start.
  case loop(RateLoopError)
  /// The dataset cannot be used.
  case dataset(DatasetError)
  /// An output that is there already and is not overwritten, in words.
  case inTheWay(String)
  /// The control thread hangs: the only one that comes in mid-session.
  case stalled(seconds: Int)
  /// Something in words.
  case refused(String)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .configuration(let error): "\(error)"
    case .servoFile(let error): "\(error)"
    case .calibration(let error): "\(error)"
    case .port(let error): "\(error)"
    case .bringUp(let error): "\(error)"
    case .busPlan(let plan, let rig): plan.refusal(rig: rig)
    case .policy(let error): "\(error)"
    case .features(let error): "\(error)"
    case .policyRate(let expected, let folder):
      "The policy \(folder) decides at another rate than this rig's \(expected) Hz; train one from this rig's episodes."
    case .socket(let error): "\(error)"
    case .pedal(let error): "\(error)"
    case .loop(let error): "\(error)"
    case .dataset(let error): "\(error)"
    case .stalled(let seconds):
      "The control thread has not come for \(seconds) s, so this session ends; the arm holds its last goal with torque on. "
        + "Look at the adapter and its driver (dmesg), then `understudy relax` lets go."
    case .inTheWay(let why), .refused(let why): why
    }
  }

  /// The sysexits code that a shell sees.
  public var exitCode: Int32 {
    switch self {
    case .configuration(let error): error.exitCode
    case .servoFile: 78
    case .calibration(let error): error.exitCode
    case .features(let error): error.exitCode
    case .port, .bringUp, .socket, .pedal: 69
    case .busPlan: 78
    case .policy(let error): error.exitCode
    case .dataset(let error): error.exitCode
    case .policyRate: 65
    case .loop, .stalled: 71
    case .inTheWay: 73
    case .refused: 65
    }
  }
}
