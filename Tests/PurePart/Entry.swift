// What main.c calls.

/// The sizes of what is handed over as bytes, which must be those of the machine that wrote them.
@_cdecl("us_pure_sizes")
public func sizes(_ sizes: UnsafeMutablePointer<Int32>) {
  sizes[0] = Int32(MemoryLayout<Envelope>.size)
  sizes[1] = Int32(MemoryLayout<LeaderFollowerMap>.size)
  sizes[2] = Int32(MemoryLayout<TickRecord>.stride)
}

/// Verifies `count` ticks of one episode: how many commands and wishes were made again, how many wishes were taken as
/// logged, and the first tick that differs, or −1.
@_cdecl("us_pure_verify")
public func verify(
  _ envelope: UnsafeRawPointer, _ map: UnsafeRawPointer, _ numbers: UnsafePointer<Float>, _ records: UnsafeRawPointer,
  _ count: Int32, _ found: UnsafeMutablePointer<Int64>
) {
  var settings = ControlSettings()
  settings.slowStep = numbers[0]
  settings.slowStepChange = numbers[1]
  settings.yieldStep = numbers[2]
  settings.yieldStepChange = numbers[3]
  settings.guidingStep_m = numbers[4]
  settings.clutchStep = numbers[5]
  settings.clutchShare = numbers[6]
  var verifier = Verifier(
    map: map.loadUnaligned(as: LeaderFollowerMap.self), envelope: envelope.loadUnaligned(as: Envelope.self),
    settings: settings, policy: nil)
  for index in 0..<Int(count) {
    let at = index * MemoryLayout<TickRecord>.stride
    verifier.check(records.loadUnaligned(fromByteOffset: at, as: TickRecord.self))
  }
  found[0] = Int64(verifier.commands)
  found[1] = Int64(verifier.wishes)
  found[2] = Int64(verifier.taken)
  found[3] = verifier.difference.map { Int64(truncatingIfNeeded: $0.tick) } ?? -1
}
