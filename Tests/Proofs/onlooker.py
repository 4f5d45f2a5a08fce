"""Somebody with the page open: takes its stream as a browser does, and presses acknowledge and run now and then.

    python3 Tests/Proofs/onlooker.py http://127.0.0.1:8137/

Ends with the session, and says how much it saw.
"""

import json
import sys
import threading
import time
import urllib.request


def say(page: str, word: str) -> None:
    request = urllib.request.Request(
        page + "say", data=json.dumps({"word": word}).encode(),
        headers={"Content-Type": "application/json", "Origin": page.rstrip("/")})
    try:
        urllib.request.urlopen(request, timeout=5).read()
    except OSError:
        pass


def press(page: str, ended: threading.Event) -> None:
    while not ended.is_set():
        say(page, "run")
        say(page, "acknowledge")
        time.sleep(0.2)


def main() -> int:
    page = sys.argv[1]
    for path in ("", "page.js", "page.css"):
        urllib.request.urlopen(page + path, timeout=5).read()
    ended = threading.Event()
    hands = threading.Thread(target=press, args=(page, ended))
    hands.start()
    frames = 0
    try:
        with urllib.request.urlopen(page + "events", timeout=30) as stream:
            for line in stream:
                frames += line.startswith(b"data: ")
    except OSError:
        pass
    ended.set()
    hands.join()
    print(frames)
    return 0


if __name__ == "__main__":
    sys.exit(main())
