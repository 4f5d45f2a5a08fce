"""What every judge here shares: one line a check, and a twin to talk to.

Each program in this folder runs code that nobody here wrote, unchanged, against what ours serves or writes. It prints a
line a check and exits with 1 where one failed.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("UNDERSTUDY_BUILD", os.path.join(ROOT, ".build/release"))

_failures = 0


@contextlib.contextmanager
def check(sentence):
    """Runs one check: whatever it raises is a failure, with the line that noticed."""
    global _failures
    began = time.monotonic()
    try:
        yield
    except Exception as error:
        _failures += 1
        place = traceback.extract_tb(error.__traceback__)[-1]
        print(f"  FAILED   {sentence}")
        print(f"           {type(error).__name__}: {error}")
        print(f"           {place.name}, line {place.lineno}: {place.line}", flush=True)
    else:
        print(f"  ok       {sentence} ({time.monotonic() - began:.2f} s)", flush=True)


def not_run(sentence, why):
    """Says plainly what nobody judged."""
    print(f"  not run  {sentence}: {why}", flush=True)


def finish():
    """Ends the program; its exit code tells whether something failed."""
    sys.exit(1 if _failures else 0)


def ours(program, *arguments):
    """Runs one of our programs to its end and returns what it printed."""
    done = subprocess.run(
        [os.path.join(BUILD, program), *map(str, arguments)], cwd=ROOT, text=True, capture_output=True)
    assert done.returncode == 0, f"{program} {arguments[0]} ended with {done.returncode}: {done.stderr}"
    return done.stdout


@contextlib.contextmanager
def twin(*arguments):
    """A running twin without a person; gives its folder, in which `follower` and `leader` are serial ports."""
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        process = subprocess.Popen(
            [os.path.join(BUILD, "understudy-twin"), "serve", "--no-person", "--json", "--dir", folder, *arguments],
            cwd=ROOT, text=True, stdout=subprocess.PIPE)
        try:
            assert json.loads(process.stdout.readline())["ready"] == folder
            yield folder
        finally:
            process.terminate()
            process.wait()


def until(condition, seconds=5):
    """Waits for the arm to get somewhere; whether it did."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False
