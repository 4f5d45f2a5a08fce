"""Page faults and involuntary switches of the loop's thread in a whole session, as the kernel counts them.

`understudy bench loop` runs `understudy run` on a twin of its own, with its page open, and reads both from /proc. A page
fault in the loop is a proof that its memory was not all there; switches are what other programs took, and only told.

    python3 Tests/Proofs/faults.py .build/release/understudy
"""

import json
import subprocess
import sys


def main() -> int:
    command = [sys.argv[1], "bench", "loop", "--rate", "200", "--seconds", "10", "--json"]
    benchmark = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    rows = {row["name"]: row for row in benchmark["rows"]}
    faults = rows.get("page faults of the loop's thread")
    if faults is None:
        print("no session was measured:", *benchmark["notes"])
        return 1
    switches = rows["involuntary switches of it"]
    print(f"{faults['ours']:.0f} page faults and {switches['ours']:.0f} involuntary switches {faults['unit']}")
    unlocked = [note for note in benchmark["notes"] if "memory locked" in note]
    if unlocked:
        print("memory could not be locked here, so page faults prove nothing:", *unlocked)
        return 0
    return 0 if faults["ours"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
