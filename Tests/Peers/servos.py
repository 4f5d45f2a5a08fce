"""Feetech's own SDK and rustypot (Rust, of the Reachy robots) on the twin's pseudo-terminals."""

import time

import rustypot
import scservo_sdk as sdk

from peers import check, finish, twin, until

IDS = [1, 2, 3, 4, 5, 6]
MODEL = 777
RETURN_DELAY, TORQUE_ENABLE, ACCELERATION, GOAL_POSITION, TORQUE_LIMIT, LOCK = 7, 40, 41, 42, 48, 55
PRESENT_POSITION, PRESENT_VOLTAGE, PRESENT_TEMPERATURE = 56, 62, 63
ABSENT = 9


def judge_by_sdk(path):
    port = sdk.PortHandler(path)
    assert port.openPort() and port.setBaudRate(1_000_000)
    bus = sdk.PacketHandler(0)

    def good(*answer):
        *value, result, error = answer
        assert result == sdk.COMM_SUCCESS and error == 0, f"{bus.getTxRxResult(result)} error {error}"
        return value[0] if value else None

    def positions():
        return [good(*bus.read2ByteTxRx(port, id, PRESENT_POSITION)) for id in IDS]

    with check("Feetech SDK: ping finds six STS3215"):
        assert [good(*bus.ping(port, id)) for id in IDS] == [MODEL] * 6

    with check("Feetech SDK: one-byte reads"):
        for id in IDS:
            assert 110 <= good(*bus.read1ByteTxRx(port, id, PRESENT_VOLTAGE)) <= 130
            assert 15 <= good(*bus.read1ByteTxRx(port, id, PRESENT_TEMPERATURE)) <= 60

    with check("Feetech SDK: two-byte reads"):
        assert all(0 <= position <= 4095 for position in positions())

    with check("Feetech SDK: one- and two-byte writes are acknowledged and kept"):
        for id in IDS:
            good(*bus.write1ByteTxRx(port, id, ACCELERATION, 10 + id))
            good(*bus.write2ByteTxRx(port, id, TORQUE_LIMIT, 700 + id))
        assert [good(*bus.read1ByteTxRx(port, id, ACCELERATION)) for id in IDS] == [10 + id for id in IDS]
        assert [good(*bus.read2ByteTxRx(port, id, TORQUE_LIMIT)) for id in IDS] == [700 + id for id in IDS]

    with check("Feetech SDK: EEPROM takes a value once the lock is off"):
        good(*bus.write1ByteTxRx(port, 2, LOCK, 0))
        good(*bus.write1ByteTxRx(port, 2, RETURN_DELAY, 3))
        good(*bus.write1ByteTxRx(port, 2, LOCK, 1))
        assert good(*bus.read1ByteTxRx(port, 2, RETURN_DELAY)) == 3

    with check("Feetech SDK: sync write moves all joints, sync read sees where they are"):
        goals = {}
        writer = sdk.GroupSyncWrite(port, bus, GOAL_POSITION, 2)
        for id, position in zip(IDS, positions()):
            good(*bus.write2ByteTxRx(port, id, TORQUE_LIMIT, 1000))
            good(*bus.write1ByteTxRx(port, id, ACCELERATION, 0))
            good(*bus.write2ByteTxRx(port, id, GOAL_POSITION, position))
            good(*bus.write1ByteTxRx(port, id, TORQUE_ENABLE, 1))
            goals[id] = position + (-60 if position > 2048 else 60)
            assert writer.addParam(id, [sdk.SCS_LOBYTE(goals[id]), sdk.SCS_HIBYTE(goals[id])])
        assert writer.txPacket() == sdk.COMM_SUCCESS
        reader = sdk.GroupSyncRead(port, bus, PRESENT_POSITION, 2)
        for id in IDS:
            assert reader.addParam(id)
        seen = {}

        def arrived():
            assert reader.txRxPacket() == sdk.COMM_SUCCESS
            for id in IDS:
                seen[id] = reader.getData(id, PRESENT_POSITION, 2)
            return all(abs(seen[id] - goals[id]) <= 20 for id in IDS)

        assert until(arrived), f"wanted {goals}, came to {seen}"
        time.sleep(0.5)  # until the arm has swung out
        assert arrived() and all(abs(one - seen[id]) <= 2 for id, one in zip(IDS, positions()))

    with check("Feetech SDK: registered writes wait for the action"):
        before = good(*bus.read2ByteTxRx(port, 5, PRESENT_POSITION))
        goal = [sdk.SCS_LOBYTE(before + 100), sdk.SCS_HIBYTE(before + 100)]
        good(*bus.regWriteTxRx(port, 5, GOAL_POSITION, 2, goal))
        time.sleep(0.3)
        assert abs(good(*bus.read2ByteTxRx(port, 5, PRESENT_POSITION)) - before) <= 5
        assert bus.action(port, sdk.BROADCAST_ID) == sdk.COMM_SUCCESS
        assert until(lambda: good(*bus.read2ByteTxRx(port, 5, PRESENT_POSITION)) > before + 70)

    with check("Feetech SDK: an absent id times out, and the next request is answered"):
        _, result, _ = bus.ping(port, ABSENT)
        assert result == sdk.COMM_RX_TIMEOUT
        _, result, _ = bus.read2ByteTxRx(port, ABSENT, PRESENT_POSITION)
        assert result == sdk.COMM_RX_TIMEOUT
        good(*bus.ping(port, 1))

    with check("Feetech SDK: 200 sync reads without an error"):
        assert all(reader.txRxPacket() == sdk.COMM_SUCCESS for _ in range(200))
    port.closePort()


def judge_by_rustypot(path):
    bus = rustypot.Sts3215PyController(path, 1_000_000, 0.1)

    with check("rustypot: ping, scan and broadcast scan find six STS3215"):
        assert all(bus.ping(id) for id in IDS)
        assert bus.scan([*IDS, ABSENT]) == {id: MODEL for id in IDS}
        assert bus.broadcast_scan() == {id: MODEL for id in IDS}

    with check("rustypot: reads and writes of one and two bytes"):
        for id in IDS:
            assert 110 <= bus.read_present_voltage(id)[0] <= 130
            bus.write_acceleration(id, 20 + id)
            bus.write_torque_limit(id, 800 + id)
            assert bus.read_acceleration(id)[0] == 20 + id
            assert bus.read_torque_limit(id)[0] == 800 + id

    with check("rustypot: sync read agrees with single reads"):
        together = bus.sync_read_raw_present_position(IDS)
        single = [bus.read_raw_present_position(id)[0] for id in IDS]
        assert all(abs(a - b) <= 2 for a, b in zip(together, single)), f"{together}, {single}"

    with check("rustypot: sync write moves all joints"):
        present = bus.sync_read_raw_present_position(IDS)
        bus.sync_write_acceleration(IDS, [0] * 6)
        bus.sync_write_torque_limit(IDS, [1000] * 6)
        bus.sync_write_raw_goal_position(IDS, present)
        bus.sync_write_torque_enable(IDS, [True] * 6)
        goals = [position + (-50 if position > 2048 else 50) for position in present]
        bus.sync_write_raw_goal_position(IDS, goals)
        assert until(lambda: all(
            abs(a - b) <= 20 for a, b in zip(goals, bus.sync_read_raw_present_position(IDS))))
        bus.sync_write_torque_enable(IDS, [False] * 6)
        assert not any(bus.sync_read_torque_enable(IDS))

    with check("rustypot: an absent id times out, and the next request is answered"):
        assert not bus.ping(ABSENT)
        try:
            bus.read_present_position(ABSENT)
        except Exception:
            assert bus.ping(1)
        else:
            raise AssertionError("an absent servo answered")
    bus.close()


if __name__ == "__main__":
    with twin("--seed", "7") as folder:
        judge_by_sdk(f"{folder}/follower")
        judge_by_rustypot(f"{folder}/follower")
        with check("both arms answer rustypot on wires of their own"):
            follower, leader = (
                rustypot.Sts3215PyController(f"{folder}/{arm}", 1_000_000, 0.1) for arm in ("follower", "leader"))
            follower.write_acceleration(1, 77)
            assert follower.read_acceleration(1)[0] == 77 and leader.read_acceleration(1)[0] != 77
    finish()
