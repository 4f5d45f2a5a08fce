"""One client's block of bus cycles on a running twin, for `understudy bench bus --peers`.

    bus_clients.py CLIENT FOLDER CYCLES RATE_HZ      CLIENT: sdk, rustypot, lerobot

A cycle asks all six servos of the follower for their positions by sync read. Printed as JSON, in ns: `wall`, from call to
return; `share`, from the twin's stamp of the last byte on the wire to the return; `cpu`, of the calling thread.
"""

import json
import os
import sys
import time

IDS = [1, 2, 3, 4, 5, 6]
PRESENT_POSITION = 56


def sdk(path):
    import scservo_sdk
    port = scservo_sdk.PortHandler(path)
    assert port.openPort() and port.setBaudRate(1_000_000)
    reader = scservo_sdk.GroupSyncRead(port, scservo_sdk.PacketHandler(0), PRESENT_POSITION, 2)
    for id in IDS:
        assert reader.addParam(id)

    def cycle():
        assert reader.txRxPacket() == scservo_sdk.COMM_SUCCESS
        return [reader.getData(id, PRESENT_POSITION, 2) for id in IDS]

    return cycle


def rustypot(path):
    import rustypot
    bus = rustypot.Sts3215PyController(path, 1_000_000, 0.1)
    return lambda: bus.sync_read_raw_present_position(IDS)


def lerobot(path):
    import stand_ins  # noqa: F401
    from lerobot.motors import Motor, MotorNormMode
    from lerobot.motors.feetech import FeetechMotorsBus
    bus = FeetechMotorsBus(path, {f"motor_{id}": Motor(id, "sts3215", MotorNormMode.DEGREES) for id in IDS})
    bus.connect()
    return lambda: bus.sync_read("Present_Position", normalize=False)


def run(client, folder, cycles, rate):
    cycle = {"sdk": sdk, "rustypot": rustypot, "lerobot": lerobot}[client](f"{folder}/follower")
    stamps = os.open(f"{folder}/wire", os.O_RDONLY)
    wall, share, cpu, failed = [], [], [], 0
    due = time.monotonic_ns()
    for _ in range(cycles):
        due = max(due + 1_000_000_000 // rate, time.monotonic_ns())
        time.sleep(max(0, due - time.monotonic_ns()) * 1e-9)
        used, began = time.thread_time_ns(), time.monotonic_ns()
        try:
            cycle()
        except Exception:
            failed += 1
            continue
        returned, spent = time.monotonic_ns(), time.thread_time_ns()
        wall.append(returned - began)
        share.append(returned - int.from_bytes(os.pread(stamps, 8, 0), "little"))
        cpu.append(spent - used)
    print(json.dumps({"wall": wall, "share": share, "cpu": cpu, "failed": failed}))


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
