internal import Session

/// Text for `--help`.
enum Help {
  /// See `HelpText.page`.
  static func page(_ text: String) -> String { HelpText.page(text) }

  /// What every verb that moves an arm says about its end.
  static let ending = """
    Ctrl-C, SIGTERM and a closed terminal end the episode unlabelled, lift the tool, move the arms slowly to their rest
    pose, let go there, and end the program with 130 (128 + the signal). A second Ctrl-C, and q or Ctrl-C in a protective
    stop, leave the arm holding where it is: `understudy relax` lets go.
    """

  /// What stops an arm, and how it goes on.
  static let stop = """
    A fault (a silent servo, an arm that is blocked, a full disk …) is a protective stop: the arm brakes, holds with torque
    on, and says what happened and what to do. Mend that, then press a (or the acknowledge pedal): the arm goes back to the
    start and the next episode begins. An episode that wire or machine ended is unlabelled and counts in no success rate;
    one in which the arm was blocked has failed.
    """
}
