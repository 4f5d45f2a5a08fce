import Episodes
import Foundation
import Testing

/// A disk that is really full: a small one in memory that only a few processes see, which needs no root where the kernel
/// lets its users have namespaces.
@Suite(.serialized) struct FullDiskTests {
  private static let hasNamespaces: Bool = {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/unshare")
    process.arguments = ["-Urm", "/bin/sh", "-c", "mount -t tmpfs tmpfs /mnt"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  /// Records until the second episode is under way, fills the disk to its last byte, and waits for the end. Then there is
  /// room again, and what is there is mended and copied out.
  private static let script = """
    disk=$1; understudy=$2; out=$3
    mkdir "$disk" && mount -t tmpfs -o size=280m tmpfs "$disk" || exit 90
    "$understudy" record --rig twin-insert --dataset "$disk/data" --episodes 20 &
    recording=$!
    tries=0
    until [ "$(stat -c %s "$disk"/data/*e0002.mcap 2>/dev/null || echo 0)" -gt 40000 ]; do
      tries=$((tries + 1)); [ $tries -lt 500 ] || { kill $recording; exit 91; }
      sleep 0.05
    done
    dd if=/dev/zero of="$disk/everything-else" bs=64k 2>/dev/null
    wait $recording
    echo "code $?"
    rm "$disk/everything-else"
    "$understudy" recover "$disk/data" || exit 92
    cp -r "$disk/data" "$out"
    """

  @Test(.enabled(if: hasNamespaces, "the kernel gives no namespaces to this user"))
  func `a disk that runs full ends the session, and what was recorded is whole`() throws {
    let twin = try LiveTwin(["--task", "insert", "--seed", "7"])
    let scratch = try Temporary()
    let process = try Binary.process("understudy", [], twin: twin.folder)
    let understudy = try #require(process.executableURL).path
    process.executableURL = URL(filePath: "/usr/bin/unshare")
    process.arguments = [
      "-Urm", "/bin/sh", "-c", Self.script, "sh", scratch.path("disk"), understudy, scratch.path("saved"),
    ]
    let said = scratch.path("said")
    try process.run(saying: said, withErrors: true)
    process.waitUntilExit()
    let text = try String(contentsOfFile: said, encoding: .utf8)
    try #require(process.terminationStatus == 0, "\(text)")
    #expect(text.contains("code 69"), "the session ends by itself: \(text)")
    #expect(text.contains("not recorded: no room left to write"), "\(text)")
    #expect(text.contains("Free some space, then record on"), "\(text)")
    let dataset = try Dataset.open(scratch.path("saved"))
    #expect(try dataset.problems().isEmpty)
    // The first, and what there was of the second; nobody was let demonstrate in vain after that.
    #expect((1...3).contains(dataset.episodes.count) && dataset.episodes.map(\.number).contains(1), "\(text)")
    for entry in dataset.episodes {
      let reader = try dataset.read(entry)
      var ticks: [UInt64] = []
      while let record = try reader.next() { ticks.append(record.tick) }
      #expect(reader.isFinished && ticks.count == entry.frames && ticks == ticks.sorted() && entry.frames > 20)
    }
  }
}
