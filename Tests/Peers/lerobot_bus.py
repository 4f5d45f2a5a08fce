"""LeRobot's own motor bus, unchanged, on the twin: needs Python 3.12 (see the Makefile's target `peers`)."""

import json
import os
import time

import stand_ins  # noqa: F401  (before LeRobot)

from lerobot.motors import Motor, MotorCalibration, MotorNormMode
from lerobot.motors.feetech import FeetechMotorsBus, OperatingMode

from peers import ROOT, check, finish, twin, until

JOINTS = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"]
MOTORS = {
    name: Motor(
        place + 1, "sts3215", MotorNormMode.RANGE_0_100 if name == "gripper" else MotorNormMode.DEGREES)
    for place, name in enumerate(JOINTS)}


def judge(folder):
    with open(os.path.join(ROOT, "calibration/twin-follower.json")) as file:
        calibration = {name: MotorCalibration(**entry) for name, entry in json.load(file).items()}
    bus = FeetechMotorsBus(f"{folder}/follower", MOTORS, calibration)

    with check("LeRobot: connects; its handshake finds every model and one firmware"):
        bus.connect()

    with check("LeRobot: broadcast ping finds six servos"):
        assert bus.broadcast_ping() == {id: 777 for id in range(1, 7)}

    with check("LeRobot: the servos hold the calibration that our file says"):
        assert bus.is_calibrated
        assert bus.read_calibration() == calibration

    with check("LeRobot: configures as for an SO-101 follower"):
        with bus.torque_disabled():
            bus.configure_motors()
            for name in JOINTS:
                bus.write("Operating_Mode", name, OperatingMode.POSITION.value)
                bus.write("P_Coefficient", name, 16)
                bus.write("I_Coefficient", name, 0)
                bus.write("D_Coefficient", name, 32)
            bus.write("Max_Torque_Limit", "gripper", 500)
        assert set(bus.sync_read("P_Coefficient", normalize=False).values()) == {16}
        assert set(bus.sync_read("Torque_Enable", normalize=False).values()) == {1}

    with check("LeRobot: its loop reads positions and writes goals in degrees, and the arm goes there"):
        goals = {name: value + (5 if value < 0 else -5) for name, value in bus.sync_read("Present_Position").items()}

        def arrived():
            bus.sync_write("Goal_Position", goals)
            present = bus.sync_read("Present_Position")
            return all(abs(present[name] - goals[name]) < 2 for name in JOINTS)

        assert until(arrived), f"wanted {goals}, came to {bus.sync_read('Present_Position')}"

    with check("LeRobot: 100 turns of its loop without a lost packet"):
        began = time.monotonic()
        for _ in range(100):
            bus.sync_read("Present_Position")
            bus.sync_write("Goal_Position", goals)
        print(f"           {100 / (time.monotonic() - began):.0f} turns a second")

    with check("LeRobot: lets go and disconnects"):
        bus.disconnect(disable_torque=True)


if __name__ == "__main__":
    with twin("--seed", "7") as folder:
        judge(folder)
    finish()
