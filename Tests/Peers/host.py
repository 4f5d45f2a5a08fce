"""The other way round: our host, unchanged, on servos that nobody here wrote the firmware of (emulator.py)."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

from peers import BUILD, ROOT, check, finish, ours


@contextlib.contextmanager
def emulator():
    """A running emulator; gives its folder and a function that ends it and returns what it saw."""
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        process = subprocess.Popen(
            [sys.executable, os.path.join(ROOT, "Tests/Peers/emulator.py"), folder], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            assert process.stdout.readline() == "ready\n"

            def report():
                return json.loads(process.communicate("\n")[0])

            yield folder, report
        finally:
            process.terminate()
            process.wait()


def judge_survey():
    with emulator() as (folder, report), check("`understudy ports` finds six STS3215, firmware, supply and the calibration"):
        survey = json.loads(ours("understudy", "ports", "--json", f"{folder}/follower"))
        port = survey["ports"][0]
        assert [servo["id"] for servo in port["servos"]] == [1, 2, 3, 4, 5, 6]
        assert {(servo["modelNumber"], servo["firmware"]) for servo in port["servos"]} == {(777, "3.10")}
        assert all(abs(servo["voltage_V"] - 12.1) < 1e-6 for servo in port["servos"])
        assert port["arms"][0]["calibration"] == "twin-follower" and port["arms"][0]["matching"] == 6, port["arms"]
        assert not port["trouble"], port["trouble"]
        seen = report()["follower"]
        assert not seen["malformed"] and not seen["eeprom_writes"], seen


def slower_rig(folder):
    """The twin's rig at half its rate: servos in Python are late where the machine is busy."""
    path = os.path.join(folder, "twin-insert.yaml")
    with open(os.path.join(ROOT, "hardware/rigs/twin-insert.yaml")) as file, open(path, "w") as copy:
        copy.write(file.read().replace("loop_Hz: 100", "loop_Hz: 50"))
    return path


def judge_teleoperation():
    with emulator() as (folder, report):
        with check("`understudy teleoperate` runs seven seconds on them, parks and ends"):
            host = subprocess.Popen(
                [os.path.join(BUILD, "understudy"), "teleoperate", "--rig", slower_rig(folder), "--json"], cwd=ROOT,
                text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=os.environ | {"UNDERSTUDY_TWIN": folder})
            time.sleep(7)
            host.send_signal(signal.SIGINT)
            said, complaint = host.communicate(timeout=60)
            assert host.returncode == 130, f"{host.returncode}: {complaint} {said}"
            session = json.loads(said.splitlines()[-1])["report"]
        seen = report()
        follower, leader = seen["follower"], seen["leader"]

        with check("every request was whole, with the right checksum, and of an instruction that the SDK knows"):
            assert not follower["malformed"] and not leader["malformed"], seen
            assert int(follower["requests"]["131"]) > 200 and int(follower["requests"]["130"]) > 200

        with check("no servo's EEPROM was written"):
            assert follower["eeprom_writes"] == 0 and leader["eeprom_writes"] == 0

        with check("torque came once to each follower servo, with its goal where it stood, and is off again"):
            assert [len(came) for came in follower["torque_came_with_goal"]] == [1] * 6, follower
            assert all(max(came) <= 1 for came in follower["torque_came_with_goal"]), follower
            assert follower["torque"] == [0] * 6 and leader["torque"] == [0] * 6
            assert not any(leader["torque_came_with_goal"])

        with check("the follower followed the leader"):
            assert seen["pan_apart_deg"] < 1.5, seen["pan_apart_deg"]

        with check("the host counted what happened on each wire"):
            for port in session["ports"]:
                print(f"           {port['arm']}: p50 {port['turnaround']['p50_us']:.0f} µs, "
                      f"p99 {port['turnaround']['p99_us']:.0f} µs, "
                      f"{sum(servo['timeouts'] for servo in port['servos'])} readings lost of {port['replies']}")
                assert port["replies"] > 1000 and port["foreignReplies"] == 0
                assert all(servo["lowestVoltage_V"] > 12 for servo in port["servos"])
                assert all(servo["highestTemperature_degC"] == 31 for servo in port["servos"])
            assert session["busPlan"]["servos"] == [6, 6] and 0 < session["busPlan"]["read_p99_ms"] <= 12


if __name__ == "__main__":
    judge_survey()
    judge_teleoperation()
    finish()
