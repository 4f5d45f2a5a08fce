import Foundation
import Glibc
import Testing

/// The page in a real browser, over real sessions with the twin. `make test-browser` installs Chromium and its driver.
@Suite(.serialized) struct BrowserTests {
  private static var hasBrowser: Bool {
    ProcessInfo.processInfo.environment["UNDERSTUDY_BROWSER"] != nil
      && FileManager.default.isExecutableFile(atPath: Browser.driver)
  }

  /// A session that shows a page; ended by SIGINT.
  private final class Session {
    let process: Process
    let twin: LiveTwin
    let url: String

    init(_ arguments: [String], twin: LiveTwin) throws {
      self.twin = twin
      var begun: (Process, String)?
      // On a starved machine the bus is measured too slow for the rate, and the session refuses to begin: again, then.
      for _ in 0..<10 where begun == nil {
        begun = try Self.begin(arguments + ["--page", "0", "--json"], twin)
      }
      (process, url) = try #require(begun, "no session came up in ten attempts")
    }

    private static func begin(_ arguments: [String], _ twin: LiveTwin) throws -> (Process, String)? {
      let process = try Binary.process("understudy", arguments, twin: twin.folder)
      let said = Pipe()
      process.standardOutput = said
      process.standardError = FileHandle.nullDevice
      try process.run()
      var text = ""
      while !text.contains("the page is at ") || !text.hasSuffix("\n") {
        let data = said.fileHandleForReading.availableData
        guard !data.isEmpty else {
          process.waitUntilExit()
          return nil
        }
        text += String(decoding: data, as: UTF8.self)
      }
      // Nobody reads on; the pipe is far larger than what a short session says.
      let url = text.replacing("\\/", with: "/").firstMatch(of: /http:\/\/127.0.0.1:[0-9]+\//)
      return url.map { (process, String($0.output)) }
    }

    deinit {
      kill(process.processIdentifier, SIGINT)
      process.waitUntilExit()
    }
  }

  @Test(.enabled(if: hasBrowser, "`make test-browser` installs Chromium and its driver"))
  func `a person at the page sees the arm, holds it, sees a fault and acknowledges it`() throws {
    let session = try Session(
      ["teleoperate", "--rig", "twin-insert"], twin: try LiveTwin(["--task", "insert", "--seed", "7"]))
    let browser = try Browser()
    try browser.open(session.url)
    #expect(browser.text("state", becomes: "teleoperating"))
    #expect(try browser.text("doing").contains("the person drives"))
    #expect(try browser.count("#joints tbody tr") == 6)
    let before = try browser.text("joints")
    #expect(browser.until { try browser.text("joints") != before }, "the arm moves, and the table with it")
    #expect(try browser.colours("ribbon") >= 1)
    #expect(try browser.colours("histogram") >= 1)

    try browser.click("#say-hold")
    #expect(browser.text("state", becomes: "holding"))
    #expect(browser.until { try browser.text("answer").contains("Passed on") })

    // The bus falls silent: the twin stands still, and comes back.
    kill(session.twin.identifier, SIGSTOP)
    #expect(browser.until { try browser.text("state") == "protective-stop" })
    #expect(["follower-stale", "gap", "stalled"].contains(try browser.text("fault-name")))
    #expect(try browser.text("fault-remedy").contains("acknowledge"))
    kill(session.twin.identifier, SIGCONT)
    let cleared = browser.until {
      try browser.type("a")
      return try browser.text("state") == "holding"
    }
    #expect(cleared, "acknowledged by its key")
    #expect(browser.until { try browser.script("return document.getElementById('fault').hidden") as? Bool == true })
  }

  @Test(.enabled(if: hasBrowser, "`make test-browser` installs Chromium and its driver"))
  func `a page that lost its session says so`() throws {
    let browser = try Browser()
    do {
      let session = try Session(
        ["teleoperate", "--rig", "twin-insert"], twin: try LiveTwin(["--task", "insert", "--seed", "7"]))
      try browser.open(session.url)
      #expect(browser.text("state", becomes: "teleoperating"))
    }
    #expect(browser.text("state", becomes: "no connection"))
  }

  @Test(.enabled(if: hasBrowser, "`make test-browser` installs Chromium and its driver"))
  func `a correction session shows who drove, doubt, rounds and policies, and fits every window`() throws {
    let scratch = try Temporary()
    for arguments in [
      ["understudy-twin", "rehearse", "--demonstrate", scratch.path("shown"), "--episodes", "6"],
      ["understudy", "train", scratch.path("shown"), "--rig", "twin-insert", "--output", scratch.path("first")],
    ] {
      let ran = try Binary.run(arguments[0], arguments: Array(arguments.dropFirst()))
      #expect(ran.code == 0, "\(ran.err)")
    }
    let session = try Session(
      [
        "correct", "--rig", "twin-insert", "--policy", scratch.path("first"), "--with", scratch.path("shown"),
        "--dataset", scratch.path("corrections"), "--policies", scratch.path("policies"), "--rounds", "9", "--frames",
        "30", "--gate", "ensemble", "--budget", "0.02",
      ], twin: try LiveTwin(["--task", "insert", "--seed", "7"]))
    let browser = try Browser()
    try browser.open(session.url)
    let shown = browser.until(seconds: 120) {
      try browser.mendStarvation()
      // Two policies: one round was corrected, trained and loaded; and the policy drives just now.
      return try browser.count("#policies tbody tr") >= 2 && browser.text("state") == "autonomous"
    }
    let news = try browser.text("news")
    #expect(shown, "\(news)")
    #expect(try browser.colours("ribbon") >= 3, "policy, person and slow moves have each their colour")
    #expect(try browser.colours("doubts") >= 1)
    #expect(try browser.text("doubt").contains(" of "), "doubt beside its threshold")
    let round = try browser.text("round")
    #expect(round.contains("corrected frames") || round.contains("training"))
    #expect(try browser.text("policies").contains("round-1"))
    if let picture = ProcessInfo.processInfo.environment["UNDERSTUDY_SCREENSHOT"] {
      #expect(browser.text("state", becomes: "correcting"))
      try browser.screenshot().write(to: URL(filePath: picture))
    }
    for (width, height) in [(500, 900), (1024, 768), (1920, 1080)] {
      try browser.resize(width, height)
      usleep(500_000)
      #expect(try trouble(browser) == "", "\(width) × \(height)")
    }
  }

  /// What is wrong with the layout, in words: what overlaps or sticks out, what cannot be read from two metres or reached
  /// by keyboard.
  private func trouble(_ browser: Browser) throws -> String {
    let lines = """
      const wrong = [], root = document.documentElement;
      if (root.scrollWidth > root.clientWidth) wrong.push("wider than its window");
      const parts = [...document.querySelectorAll("header, #fault, nav, main > section, footer")]
        .filter((part) => part.getClientRects().length);
      const boxes = parts.map((part) => part.getBoundingClientRect());
      const name = (part) => part.id || part.textContent.trim().slice(0, 20);
      boxes.forEach((a, i) => boxes.forEach((b, j) => {
        if (i < j && getComputedStyle(parts[i]).position !== "sticky" && getComputedStyle(parts[j]).position !== "sticky"
          && a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)
          wrong.push(name(parts[i]) + " overlaps " + name(parts[j]));
      }));
      for (const part of parts) if (part.scrollHeight > part.clientHeight + 2 && part.tagName !== "HEADER")
        wrong.push(name(part) + " is cut off");
      // 48 CSS pixels are 13 mm on a desktop screen: 22 minutes of arc from two metres.
      if (parseFloat(getComputedStyle(document.getElementById("state")).fontSize) < 48) wrong.push("small state");
      const state = document.getElementById("state");
      if (state.scrollWidth > state.clientWidth + 1) wrong.push("the state does not fit");
      // A button that this session does not show takes no focus and has no height.
      for (const button of [...document.querySelectorAll("button")].filter((one) => one.getClientRects().length)) {
        button.focus();
        const { outlineStyle, outlineWidth } = getComputedStyle(button);
        if (document.activeElement !== button) wrong.push(button.textContent + " takes no focus");
        if (button.matches(":focus-visible") && (outlineStyle === "none" || parseFloat(outlineWidth) < 2))
          wrong.push(button.textContent + " does not show its focus");
        if (button.getBoundingClientRect().height < 40) wrong.push(button.textContent + " is too low to hit");
      }
      document.activeElement.blur();
      return wrong.join("; ");
      """
    return try browser.script(lines) as? String ?? "the script said nothing"
  }
}
