internal import Glibc

extension SystemFiles {
  /// Kernel, clock source, frequency, isolation.
  func kernelFindings() -> [Finding] { [kernel(), clockSource(), governor(), isolation()] }

  private func kernel() -> Finding {
    let release = text("proc/sys/kernel/osrelease") ?? "unknown"
    let version = text("proc/version") ?? ""
    if version.contains("PREEMPT_RT") || text("sys/kernel/realtime") == "1" {
      return Finding("kernel", .ok, "\(release), PREEMPT_RT")
    }
    // The run at the end is the judge; a kernel without PREEMPT_RT is good for many loops.
    guard version.contains("PREEMPT") else {
      return Finding(
        "kernel", .warn, "\(release), no preemption: a driver can delay a tick by many milliseconds",
        mend: "install a kernel with PREEMPT_RT or PREEMPT_DYNAMIC (Debian: sudo apt install linux-image-rt-amd64)")
    }
    let kind = version.contains("PREEMPT_DYNAMIC") ? "PREEMPT_DYNAMIC" : "PREEMPT"
    return Finding("kernel", .ok, "\(release), \(kind) (PREEMPT_RT has shorter tails)")
  }

  private func clockSource() -> Finding {
    let folder = "sys/devices/system/clocksource/clocksource0"
    guard let source = text("\(folder)/current_clocksource") else {
      return Finding("clock source", .ok, "the system does not tell")
    }
    let slow = ["hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit"].contains(source)
    return Finding(
      "clock source", slow ? .warn : .ok, slow ? "\(source): each look at the clock takes microseconds" : source,
      mend: "see why the kernel distrusts the CPU's counter: sudo dmesg | grep -i clocksource")
  }

  private func governor() -> Finding {
    let cpus = names(in: "sys/devices/system/cpu").filter { $0.hasPrefix("cpu") && Int($0.dropFirst(3)) != nil }
    let governors = Set(cpus.compactMap { text("sys/devices/system/cpu/\($0)/cpufreq/scaling_governor") })
    guard !governors.isEmpty else {
      return Finding("CPU governor", .ok, "none: the frequency is not Linux's to choose here")
    }
    let others = governors.subtracting(["performance"]).sorted()
    return Finding(
      "CPU governor", others.isEmpty ? .ok : .warn,
      others.isEmpty ? "performance" : "\(others.joined(separator: ", ")): a slow core wakes and computes later",
      mend: "sudo cpupower frequency-set -g performance (package linux-cpupower)")
  }

  private func isolation() -> Finding {
    let isolated = text("sys/devices/system/cpu/isolated") ?? ""
    let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    return Finding(
      "isolation", .ok,
      isolated.isEmpty
        ? "none of \(cores) CPUs is kept for the loop (isolcpus= would shorten the tails)"
        : "CPU \(isolated) of \(cores) is kept free of other programs")
  }
}
