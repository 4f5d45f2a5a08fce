"""LeRobot's own set-up, calibration and units beside ours: the same servos, the same file, the same numbers.

`--capture` writes Tests/Captures/lerobot-normalization.json anew: what LeRobot's normalisation makes of ticks and back, which
our tests compare with without LeRobot. Needs Python 3.12, as lerobot_bus.py does.
"""

import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile

from lerobot_bus import JOINTS, MOTORS
from lerobot.motors import MotorCalibration, MotorNormMode
from lerobot.motors.feetech import FeetechMotorsBus

from peers import BUILD, ROOT, check, finish, ours

CAPTURE = os.path.join(ROOT, "Tests/Captures/lerobot-normalization.json")
MODES = {mode.value: mode for mode in MotorNormMode}


def units():
    """Seeded cases of every mode: a calibration entry, a tick and what LeRobot makes of it, a value and its tick."""
    draw = random.Random(7)
    bus = FeetechMotorsBus("/nowhere", {"gripper": MOTORS["gripper"]})
    cases = []
    for mode in MODES:
        for _ in range(200):
            low = draw.randrange(0, 3000)
            entry = MotorCalibration(
                id=6, drive_mode=draw.randrange(2), homing_offset=draw.randrange(-2047, 2048), range_min=low,
                range_max=draw.randrange(low + 50, 4096))
            bus.calibration = {"gripper": entry}
            bus.motors["gripper"].norm_mode = MODES[mode]
            tick, value = draw.randrange(0, 4096), draw.uniform(-190, 190)
            cases.append({
                "mode": mode, "drive_mode": entry.drive_mode, "range_min": entry.range_min, "range_max": entry.range_max,
                "tick": tick, "normalized": bus._normalize({6: tick})[6],
                "value": value, "ticks": bus._unnormalize({6: value})[6]})
    return cases


@contextlib.contextmanager
def workbench(*arguments):
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        process = subprocess.Popen(
            [os.path.join(BUILD, "understudy-twin"), "workbench", "--json", "--dir", folder, *arguments],
            cwd=ROOT, text=True, stdout=subprocess.PIPE)
        try:
            assert json.loads(process.stdout.readline())["ready"] == folder
            yield folder
        finally:
            process.terminate()
            process.wait()


def hand(folder, *words):
    ours("understudy-twin", "hand", "follower", *words, "--dir", folder)


def judge_setup(folder):
    bus = FeetechMotorsBus(f"{folder}/follower", MOTORS)
    with check("LeRobot: sets up fresh servos at 115200 bit/s, one at a time, gripper first"):
        for name in reversed(JOINTS):
            hand(folder, "plug", name)
            bus.setup_motor(name)
        bus.disconnect(disable_torque=False)
    with check("ours: takes over what LeRobot has set up, and asks for nothing"):
        hand(folder, "plug", "all")
        done = json.loads(ours("understudy", "setup-motors", "--arm", "so101-follower", "--port", f"{folder}/follower", "--json"))
        assert [servo["id"] for servo in done["servos"]] == [1, 2, 3, 4, 5, 6]
    with check("LeRobot: connects to the chain that we have finished"):
        bus = FeetechMotorsBus(f"{folder}/follower", MOTORS)
        bus.connect()
        assert bus.sync_read("Return_Delay_Time", normalize=False) == {name: 0 for name in JOINTS}
        bus.disconnect(disable_torque=False)


def our_calibration(folder, file):
    """Runs our verb to its end: every question is answered as soon as it is asked."""
    process = subprocess.Popen(
        [os.path.join(BUILD, "understudy"), "calibrate", "--arm", "so101-follower", "--port", f"{folder}/follower",
         "--calibration", file], cwd=ROOT, text=True, stdin=subprocess.PIPE, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    steps = [
        ("middle of its range", ["move", *(f"{name}=0.05" for name in JOINTS[:5]), "gripper=0.7"]),
        ("from stop to stop", ["sweep"]),
        ("into this pose", ["move", *(f"{name}=0" for name in JOINTS[:5]), "gripper=-0.17"])]
    heard = ""
    for words, deed in steps:
        while words not in heard or not heard.endswith((". ", "\n")):
            letter = process.stderr.read(1)
            assert letter, heard
            heard += letter
        hand(folder, *deed)
        process.stdin.write("\n")
        process.stdin.flush()
    rest = process.stderr.read()
    assert process.wait() == 0, heard + rest


def judge_calibration(folder):
    with tempfile.TemporaryDirectory(prefix="peers-") as scratch:
        file = os.path.join(scratch, "arm.json")
        with check("ours: calibrates the arm"):
            our_calibration(folder, file)
        with open(file) as text:
            entries = {name: MotorCalibration(**entry) for name, entry in json.load(text).items()}
        bus = FeetechMotorsBus(f"{folder}/follower", MOTORS, entries)
        bus.connect()
        with check("LeRobot: finds the arm calibrated by our file"):
            assert bus.is_calibrated and bus.read_calibration() == entries
        with check("LeRobot: in the reference pose its degrees are 0 and its gripper is closed"):
            pose = bus.sync_read("Present_Position")
            assert all(abs(pose[name]) < 3 for name in JOINTS[:4]) and abs(pose["wrist_roll"]) < 4, pose
            assert pose["gripper"] < 2, pose
        with check("LeRobot: its own half-turn homing gives the offsets that ours gave"):
            bus.disable_torque()
            hand(folder, "move", *(f"{name}=0.05" for name in JOINTS[:5]), "gripper=0.7")
            offsets = bus.set_half_turn_homings()
            assert all(abs(offsets[name] - entries[name].homing_offset) <= 8 for name in JOINTS), (offsets, entries)
        bus.disconnect(disable_torque=False)


if __name__ == "__main__":
    if "--capture" in sys.argv:
        with open(CAPTURE, "w") as text:
            text.write("[\n" + ",\n".join(json.dumps(case) for case in units()) + "\n]\n")
        sys.exit()
    with check("LeRobot: normalises and unnormalises as our tests have it on file"):
        with open(CAPTURE) as text:
            assert json.load(text) == units()
    with workbench("--fresh", "--baud", "115200") as folder:
        judge_setup(folder)
    with workbench() as folder:
        judge_calibration(folder)
    finish()
