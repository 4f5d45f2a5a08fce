"""LeRobot's own SO101Follower and SO101Leader, unchanged, on the twin: a first connection with calibration, and every
connection after it. Needs Python 3.12 (see the Makefile's target `peers`)."""

import builtins
import contextlib
import io
import json
import os
import shutil
import tempfile
from pathlib import Path

import stand_ins  # noqa: F401  (before LeRobot)

from lerobot.motors import MotorCalibration, motors_bus
from lerobot.robots.so_follower import SO101Follower, SO101FollowerConfig
from lerobot.teleoperators.so_leader import SO101Leader, SO101LeaderConfig

from peers import ROOT, check, finish, twin, until

JOINTS = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"]


def follower(folder, calibrations, id):
    return SO101Follower(SO101FollowerConfig(port=f"{folder}/follower", id=id, calibration_dir=calibrations))


def leader(folder, calibrations, id):
    return SO101Leader(SO101LeaderConfig(port=f"{folder}/leader", id=id, calibration_dir=calibrations))


def nobody(prompt=""):
    raise AssertionError(f"LeRobot asked a person: {prompt}")


def reads(robot, register):
    return robot.bus.sync_read(register, normalize=False)


def judge_known(folder, calibrations):
    """Both arms as their calibration files know them."""
    builtins.input = nobody
    arm, hand = follower(folder, calibrations, "twin-follower"), leader(folder, calibrations, "twin-leader")

    with check("SO101Follower connects without a question: EEPROM and calibration file agree"):
        arm.connect()
        assert arm.is_connected and arm.is_calibrated

    with check("SO101Leader connects without a question"):
        hand.connect()
        assert hand.is_connected and hand.is_calibrated

    with check("both configured their servos as they wanted"):
        for robot in (arm, hand):
            assert set(reads(robot, "Operating_Mode").values()) == {0}
            assert set(reads(robot, "Return_Delay_Time").values()) == {0}
            assert set(reads(robot, "Maximum_Acceleration").values()) == {254}
            assert set(reads(robot, "Acceleration").values()) == {254}
        assert set(reads(arm, "P_Coefficient").values()) == {16} and set(reads(arm, "D_Coefficient").values()) == {32}
        assert reads(arm, "Max_Torque_Limit")["gripper"] == 500
        assert set(reads(arm, "Torque_Enable").values()) == {1} and set(reads(hand, "Torque_Enable").values()) == {0}
        assert set(reads(arm, "Lock").values()) == {1}

    with check("the follower reads every joint in its unit"):
        observation = arm.get_observation()
        assert list(observation) == [f"{joint}.pos" for joint in JOINTS]
        assert 0 <= observation["gripper.pos"] <= 100 and all(-180 <= value <= 180 for value in observation.values())

    with check("the follower goes where it is sent"):
        goal = {name: value + (6 if value < 0 else -6) for name, value in arm.get_observation().items()}
        assert arm.send_action(goal) == goal
        seen = {}

        def arrived():
            seen.update(arm.get_observation())
            return all(abs(seen[name] - goal[name]) < 2 for name in goal)

        assert until(arrived), f"wanted {goal}, came to {seen}"

    with check("LeRobot's teleoperation runs for 200 turns: leader read, follower read and sent"):
        for _ in range(200):
            action = hand.get_action()
            present = arm.get_observation()
            # By at most a degree a turn: the arms stand apart.
            arm.send_action({name: present[name] + max(-1, min(1, action[name] - present[name])) for name in action})

    with check("the leader takes feedback goals with torque on, and lets go"):
        hand.enable_torque()
        hand.send_feedback(hand.get_action())
        assert set(reads(hand, "Torque_Enable").values()) == {1}
        hand.disable_torque()
        assert set(reads(hand, "Torque_Enable").values()) == {0}

    with check("both disconnect, and leave the arms limp and calibrated"):
        arm.disconnect()
        hand.disconnect()
        again = follower(folder, calibrations, "twin-follower")
        again.bus.connect()
        assert again.is_calibrated and set(reads(again, "Torque_Enable").values()) == {0}
        again.bus.disconnect(False)


class Hands:
    """Answers LeRobot's prompts, and moves the joints while it records their ranges. The hands are the servos' own:
    LeRobot has switched the torque off, so they switch it on for the joint that they move."""

    def __init__(self, robot):
        self.bus = robot.bus
        self.prompts = []
        self.steps = self.moves()

    def answer(self, prompt=""):
        self.prompts.append(prompt)
        return ""

    def moves(self):
        for joint in JOINTS:
            if joint == "wrist_roll":
                continue
            middle = self.bus.read("Present_Position", joint, normalize=False)
            self.bus.write("Goal_Position", joint, middle, normalize=False)
            self.bus.write("Torque_Enable", joint, 1)
            for way in (-200, 200, 0):
                self.bus.write("Goal_Position", joint, middle + way, normalize=False)
                for _ in range(15):
                    yield False
            self.bus.write("Torque_Enable", joint, 0)
        while True:
            yield True

    def enter(self):
        return next(self.steps)


def judge_new(folder, calibrations, make, name):
    """An arm that LeRobot has never seen: connect leads to calibration."""
    robot = make(folder, calibrations, f"new-{name}")
    hands = Hands(robot)
    builtins.input, motors_bus.enter_pressed = hands.answer, hands.enter

    with check(f"{name}: a first connection asks for calibration, records the ranges and configures"):
        with contextlib.redirect_stdout(io.StringIO()):  # LeRobot's live table
            robot.connect()
        assert len(hands.prompts) == 1 and "middle of its range" in hands.prompts[0], hands.prompts

    with check(f"{name}: the servos hold the calibration that LeRobot saved"):
        with open(calibrations / f"new-{name}.json") as file:
            saved = {joint: MotorCalibration(**entry) for joint, entry in json.load(file).items()}
        assert robot.is_calibrated and robot.bus.read_calibration() == saved
        assert (saved["wrist_roll"].range_min, saved["wrist_roll"].range_max) == (0, 4095)
        moved = {joint: saved[joint].range_max - saved[joint].range_min for joint in JOINTS if joint != "wrist_roll"}
        assert all(20 < range <= 4095 for range in moved.values()), moved
        robot.disconnect()

    with check(f"{name}: the next connection is calibrated without a question"):
        builtins.input = nobody
        again = make(folder, calibrations, f"new-{name}")
        again.connect()
        assert again.is_calibrated
        again.disconnect()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place, twin("--seed", "7") as folder:
        calibrations = Path(place)
        for arm in ("twin-follower", "twin-leader"):
            shutil.copy(os.path.join(ROOT, f"calibration/{arm}.json"), calibrations)
        judge_known(folder, calibrations)
        judge_new(folder, calibrations, follower, "SO101Follower")
        judge_new(folder, calibrations, leader, "SO101Leader")
    finish()
