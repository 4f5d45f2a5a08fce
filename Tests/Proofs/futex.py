"""What a tick asks of the kernel, by strace: nothing that could wait for another thread.

`understudy bench loop` reads its thread's CPU clock right before and right after every tick, which is a system call; so in
the trace of the loop's thread whatever stands between two such reads belongs to a tick. The bench's links are in memory:
no serial port's read, write or poll may appear either.

    python3 Tests/Proofs/futex.py .build/release/understudy
"""

import collections
import re
import subprocess
import sys
import tempfile


def main() -> int:
    program = sys.argv[1]
    with tempfile.NamedTemporaryFile(suffix=".strace") as trace:
        command = ["strace", "-f", "-qq", "-o", trace.name, program, "bench", "loop", "--rate", "200", "--seconds", "2"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        threads = collections.defaultdict(list)
        with open(trace.name, errors="replace") as lines:
            for line in lines:
                # The rest of a call that another thread's line cut in two begins with "<...": its beginning counts.
                found = re.match(r"(\d+) +(\w+)(.*)", line)
                if found:
                    threads[found[1]].append((found[2], found[3]))
    ticks, inside = 0, collections.Counter()
    for calls in threads.values():
        since = None
        for name, rest in calls:
            if name == "clock_gettime" and "THREAD_CPUTIME" in rest:
                if since is None:
                    since = []
                else:
                    ticks += 1
                    inside.update(since)
                    since = None
            elif since is not None:
                since.append(name)
    print(f"{ticks} ticks; system calls inside them: {dict(inside) or 'none'}")
    if ticks < 200:
        print("too few ticks were seen: the trace or this reader is broken")
        return 1
    return 1 if inside else 0


if __name__ == "__main__":
    sys.exit(main())
