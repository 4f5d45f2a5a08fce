"""Servos that nobody here wrote the firmware of: twelve STS3215 on two pseudo-terminals, on the packet definitions of
Feetech's own SDK (offsets, instructions, byte order; the memory map is the manual's). It shares no line and no language
with the twin, so a misunderstanding that host and twin share shows here.

    emulator.py FOLDER    serves FOLDER/follower and FOLDER/leader until its input ends, then prints what it saw as JSON
"""

import contextlib
import importlib
import json
import math
import os
import pty
import select
import sys
import time
import tty

from scservo_sdk import scservo_def as sdk

# The package puts the class of that name over the module of that name.
packet = importlib.import_module("scservo_sdk.protocol_packet_handler")

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SYNC_READ, SYNC_WRITE = sdk.INST_SYNC_READ, sdk.INST_SYNC_WRITE
MODEL, ID, RETURN_DELAY, RESPONSE_LEVEL, MIN_POSITION, MAX_POSITION = 3, 5, 7, 8, 9, 11
MAX_TEMPERATURE, MAX_VOLTAGE, MIN_VOLTAGE, MAX_TORQUE, OFFSET = 13, 14, 15, 16, 31
PROTECTION_CURRENT, OVERLOAD_TORQUE = 28, 36
TORQUE_ENABLE, ACCELERATION, GOAL_POSITION, GOAL_VELOCITY, TORQUE_LIMIT, LOCK = 40, 41, 42, 46, 48, 55
PRESENT_POSITION, PRESENT_VOLTAGE, PRESENT_TEMPERATURE = 56, 62, 63
FIRST_RAM = 40
SPEED = 1500  # ticks a second


class Servo:
    """One servo: 128 bytes, and a shaft that goes to its goal at a constant speed while torque is on."""

    def __init__(self, id, calibration, position):
        self.bytes = bytearray(128)
        self.position = float(position)
        self.torque_came_with_goal = []
        self.eeprom_writes = 0
        offset = calibration["homing_offset"]
        for address, value in (
                (0, 3), (1, 10), (ID, id), (RESPONSE_LEVEL, 1), (MAX_TEMPERATURE, 70), (MAX_VOLTAGE, 140),
                (MIN_VOLTAGE, 40), (LOCK, 1), (PRESENT_VOLTAGE, 121), (PRESENT_TEMPERATURE, 31)):
            self.bytes[address] = value
        self.word(MODEL, 777)
        self.word(MIN_POSITION, calibration["range_min"])
        self.word(MAX_POSITION, calibration["range_max"])
        self.word(MAX_TORQUE, 1000)
        self.word(TORQUE_LIMIT, 1000)
        self.word(OFFSET, abs(offset) | (1 << 11 if offset < 0 else 0))
        self.bytes[18], self.bytes[19] = 12, 44
        self.bytes[21], self.bytes[22], self.bytes[34], self.bytes[35] = 16, 32, 20, 200
        self.bytes[OVERLOAD_TORQUE] = 80
        self.word(PROTECTION_CURRENT, 500)

    def word(self, address, value=None):
        if value is not None:
            self.bytes[address], self.bytes[address + 1] = value & 0xFF, value >> 8
        return self.bytes[address] | self.bytes[address + 1] << 8

    def move(self, seconds):
        if self.bytes[TORQUE_ENABLE] == 1:
            goal = max(self.word(MIN_POSITION), min(self.word(MAX_POSITION), self.word(GOAL_POSITION) & 0x7FFF))
            way = goal - self.position
            self.position += max(-SPEED * seconds, min(SPEED * seconds, way))
        self.word(PRESENT_POSITION, round(self.position))

    def write(self, address, values):
        for place, value in enumerate(values, address):
            if place < FIRST_RAM:
                self.eeprom_writes += 1
            if place == TORQUE_ENABLE and value == 1 and self.bytes[TORQUE_ENABLE] == 0:
                self.torque_came_with_goal.append(abs(self.word(GOAL_POSITION) - round(self.position)))
            if place < 128:
                self.bytes[place] = value


class Bus:
    """A pseudo-terminal with six servos at the other end."""

    def __init__(self, link, servos):
        self.servos = {servo.bytes[ID]: servo for servo in servos}
        self.master, slave = pty.openpty()
        self.slave = slave  # kept open: without it reads fail while no host has the port
        for end in (self.master, slave):
            tty.setraw(end)
        os.symlink(os.ttyname(slave), link)
        self.heard = bytearray()
        self.requests = {}
        self.malformed = []

    def read(self):
        self.heard += os.read(self.master, 4096)
        while len(self.heard) >= 6:
            if self.heard[packet.PKT_HEADER0] != 0xFF or self.heard[packet.PKT_HEADER1] != 0xFF:
                self.malformed.append(self.heard[:16].hex())
                self.heard.clear()
                return
            total = self.heard[packet.PKT_LENGTH] + packet.PKT_LENGTH + 1
            if len(self.heard) < total:
                return
            request, self.heard = self.heard[:total], self.heard[total:]
            if ~sum(request[packet.PKT_ID:-1]) & 0xFF != request[-1]:
                self.malformed.append(request.hex())
                continue
            self.carry_out(request[packet.PKT_ID], request[packet.PKT_INSTRUCTION], request[packet.PKT_PARAMETER0:-1])

    def carry_out(self, id, instruction, parameters):
        self.requests[str(instruction)] = self.requests.get(str(instruction), 0) + 1
        everybody = id == sdk.BROADCAST_ID
        addressed = list(self.servos.values()) if everybody else [self.servos[id]] if id in self.servos else []
        if instruction == sdk.INST_PING:
            self.answer((servo, b"") for servo in addressed)
        elif instruction == sdk.INST_READ and not everybody:
            first, count = parameters
            self.answer((servo, servo.bytes[first:first + count]) for servo in addressed)
        elif instruction == sdk.INST_WRITE:
            for servo in addressed:
                servo.write(parameters[0], parameters[1:])
            if not everybody:
                self.answer((servo, b"") for servo in addressed)
        elif instruction == SYNC_READ:
            first, count = parameters[:2]
            self.answer((self.servos[id], self.servos[id].bytes[first:first + count])
                        for id in parameters[2:] if id in self.servos)
        elif instruction == SYNC_WRITE:
            first, count = parameters[:2]
            for at in range(2, len(parameters), count + 1):
                if parameters[at] in self.servos:
                    self.servos[parameters[at]].write(first, parameters[at + 1:at + 1 + count])
        else:
            self.malformed.append(f"instruction {instruction}")

    def answer(self, replies):
        spoken = bytearray()
        for servo, payload in replies:
            body = bytes([servo.bytes[ID], len(payload) + 2, 0]) + bytes(payload)
            spoken += b"\xff\xff" + body + bytes([~sum(body) & 0xFF])
        # The host waits for what the wire carries at 1 Mbit/s, ten bits a byte.
        time.sleep(len(spoken) * 10e-6)
        os.write(self.master, spoken)


def serve(folder):
    def arm(name, pose):
        with open(os.path.join(ROOT, f"calibration/twin-{name}.json")) as file:
            calibration = json.load(file)
        servos = []
        for (_, entry), share in zip(calibration.items(), pose):
            low, high = entry["range_min"], entry["range_max"]
            servos.append(Servo(entry["id"], entry, round(low + (high - low) * share)))
        if name == "follower":
            # As LeRobot leaves a gripper: SOFollower.configure.
            for address, value in ((MAX_TORQUE, 500), (TORQUE_LIMIT, 500), (PROTECTION_CURRENT, 250)):
                servos[-1].word(address, value)
            servos[-1].bytes[OVERLOAD_TORQUE] = 25
        return Bus(os.path.join(folder, name), servos)

    # Upright over the table: both arms alike, each joint at a share of its range.
    pose = [0.5, 0.36, 0.65, 0.97, 0.49, 0.1]
    follower, leader = arm("follower", pose), arm("leader", pose)
    pan = leader.servos[1]
    middle = pan.position
    began = before = time.monotonic()
    # Servos answer on time whatever else the machine does.
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(20))
    print("ready", flush=True)
    closest = math.inf
    while True:
        ready, _, _ = select.select([follower.master, leader.master, sys.stdin], [], [], 0.005)
        now = time.monotonic()
        # Somebody turns the leader's base to and fro, after a while.
        if pan.bytes[TORQUE_ENABLE] == 0:
            pan.position = middle + 250 * math.sin(max(0, now - began - 2))
        for bus in (follower, leader):
            for servo in bus.servos.values():
                servo.move(now - before)
            if bus.master in ready:
                bus.read()
        before = now
        if now - began > 4:
            def share(servo):
                low, high = servo.word(MIN_POSITION), servo.word(MAX_POSITION)
                return (servo.position - (low + high) / 2) * 360 / 4096
            closest = min(closest, abs(share(follower.servos[1]) - share(pan)))
        if sys.stdin in ready:
            break
    print(json.dumps({
        arm: {
            "requests": bus.requests, "malformed": bus.malformed,
            "eeprom_writes": sum(servo.eeprom_writes for servo in bus.servos.values()),
            "torque": [servo.bytes[TORQUE_ENABLE] for servo in bus.servos.values()],
            "torque_came_with_goal": [servo.torque_came_with_goal for servo in bus.servos.values()],
        } for arm, bus in (("follower", follower), ("leader", leader))
    } | {"pan_apart_deg": closest}))


if __name__ == "__main__":
    serve(sys.argv[1])
