/// How `--help` is laid out, in both programs.
public enum HelpText {
  /// Joins the lines of each paragraph, so that they fill the reader's terminal; keeps indented lines, which are examples
  /// to be copied, as they are.
  public static func page(_ text: String) -> String {
    var page: [String] = []
    var isOpen = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let isProse = !line.isEmpty && !line.hasPrefix(" ")
      page.append(isProse && isOpen ? "\(page.removeLast()) \(line)" : String(line))
      isOpen = isProse
    }
    return page.joined(separator: "\n")
  }
}
