internal import Foundation
internal import Glibc

/// The keyboard of a session: single keys while the terminal is in raw mode, and one live line that replaces itself, or one
/// screen that does.
///
/// The terminal is put back as it was when this ends, whatever way the program takes out.
final class Terminal {
  private var saved = termios()
  private let isInteractive: Bool
  private let showsLine: Bool
  private var lastLine = ""
  /// Whether the whole screen is drawn over, instead of a line.
  let showsScreen: Bool
  /// What was said while the screen was in the way: printed once it is gone.
  private var said: [String] = []
  private var isScreenUp = false

  /// Takes the keyboard if there is one; `showsLine` false leaves standard error alone.
  init(showsLine: Bool, showsScreen: Bool = false) {
    isInteractive = isatty(STDIN_FILENO) == 1
    self.showsLine = showsLine && isatty(STDERR_FILENO) == 1
    self.showsScreen = showsScreen && self.showsLine
    guard isInteractive else { return }
    tcgetattr(STDIN_FILENO, &saved)
    var raw = saved
    raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
    tcsetattr(STDIN_FILENO, TCSANOW, &raw)
  }

  deinit { restore() }

  /// Gives the keyboard back.
  func restore() {
    if isScreenUp {
      isScreenUp = false
      write("\u{1B}[?25h\u{1B}[?1049l")
      for line in said { write("\(line)\n") }
      said = []
    }
    if showsLine, !lastLine.isEmpty { write("\n") }
    lastLine = ""
    guard isInteractive else { return }
    tcsetattr(STDIN_FILENO, TCSANOW, &saved)
  }

  /// What the keys mean, for the person.
  static let help =
    "keys: enter start · space take over / give back · s success · f failure · e end unlabelled · "
    + "d discard and redo · b policy before · p pause / go on · h hold · a acknowledge · q quit"

  /// The same while a policy is shaped.
  static let shapeHelp = "keys: + I like that · - I do not · " + help.dropFirst("keys: ".count)

  /// The same while a recording is played.
  static let replayHelp = "any key stops and holds · then enter plays again, any other key ends"

  /// Whether any key was pressed since the last call, and whether it was enter; nil for none.
  func anyKey() -> Bool? {
    let pressed = keys()
    return pressed.isEmpty ? nil : pressed[0] == UInt8(ascii: "\n") || pressed[0] == UInt8(ascii: "\r")
  }

  private func keys() -> [UInt8] {
    var ready = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    guard isInteractive, poll(&ready, 1, 0) > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = read(STDIN_FILENO, &bytes, bytes.count)
    return count > 0 ? Array(bytes[..<count]) : []
  }

  /// The keys pressed since the last call, as signals; `correcting` tells what the space bar means now.
  func signals(correcting: Bool) -> [PersonSignal] {
    keys().compactMap { key in
      switch Character(UnicodeScalar(key)) {
      case "\n", "\r": .start
      case " ": correcting ? .release : .takeOver
      case "s": .success
      case "f": .failure
      case "e": .finish
      case "p": .pause
      case "d": .discard
      case "b": .rollBack
      case "+", "=": .reward
      case "-": .scold
      case "h": .hold
      case "a": .acknowledge
      case "q": .stop
      default: nil
      }
    }
  }

  /// Replaces the live line.
  func show(_ line: String) {
    guard showsLine, line != lastLine else { return }
    lastLine = line
    write("\r\u{1B}[K\(line)")
  }

  /// The terminal's size in characters.
  var size: (rows: Int, columns: Int) {
    var window = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_row > 0 else { return (24, 80) }
    return (Int(window.ws_row), Int(window.ws_col))
  }

  /// Draws the screen over itself: on the terminal's second page, so that what stood there before comes back at the end.
  func draw(_ lines: [String]) {
    guard showsScreen else { return }
    var text = isScreenUp ? "" : "\u{1B}[?1049h\u{1B}[?25l"
    isScreenUp = true
    text += "\u{1B}[H" + lines.map { "\($0)\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J"
    write(text)
  }

  /// Prints a line that stays, above the live one; behind a screen it waits.
  func say(_ line: String) {
    guard !isScreenUp else { return said.append(line) }
    write(showsLine && !lastLine.isEmpty ? "\r\u{1B}[K\(line)\n\(lastLine)" : "\(line)\n")
  }

  private func write(_ text: String) { StandardStream.error.say(text) }
}
