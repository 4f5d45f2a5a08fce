"""PyPI's mcap, mcap-ros2-support and rosbags on logs that the twin's person demonstrated into."""

import glob
import itertools
import json
import math
import os
import tempfile
from pathlib import Path

from mcap.reader import make_reader
from mcap.stream_reader import StreamReader
from mcap_ros2.decoder import DecoderFactory
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

from peers import check, finish, ours

JOINTS = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"]
STATES = ["/follower/joint_states", "/leader/joint_states", "/follower/command"]


def judge_by_mcap(path):
    with check("mcap: every checksum of every record holds"), open(path, "rb") as stream:
        records = [type(record).__name__ for record in StreamReader(stream, validate_crcs=True).records]
        assert records[0] == "Header" and records[-1] == "Footer"

    with check("mcap: summary, statistics and chunk indexes agree with the messages"), open(path, "rb") as stream:
        reader = make_reader(stream, validate_crcs=True)
        summary = reader.get_summary()
        counts = dict.fromkeys(summary.channels, 0)
        for _, channel, _ in reader.iter_messages():
            counts[channel.id] += 1
        assert counts == summary.statistics.channel_message_counts
        assert sum(counts.values()) == summary.statistics.message_count
        assert len(summary.chunk_indexes) == summary.statistics.chunk_count > 0

    with check("mcap: rig, arms and calibrations are attached, the session described"), open(path, "rb") as stream:
        reader = make_reader(stream)
        names = {attachment.name for attachment in reader.iter_attachments()}
        assert {"rig.yaml", "so101-follower.yaml", "so101-leader.yaml"} <= names, names
        session = next(m.metadata for m in reader.iter_metadata() if m.name == "understudy.session")
        assert json.loads(session["joints"]) == JOINTS and session["activity"] == "record"


def judge_by_mcap_ros2(path):
    """Decodes by the schemas in the file; returns topic → messages for the next judge."""
    topics = {}
    with check("mcap-ros2-support: every message decodes by the schema in the file"), open(path, "rb") as stream:
        reader = make_reader(stream, decoder_factories=[DecoderFactory()])
        for schema, channel, message, ros in reader.iter_decoded_messages():
            topics.setdefault(channel.topic, (schema.name, []))[1].append((message.log_time, ros))
        assert all(topics[name][0] == "sensor_msgs/msg/JointState" for name in STATES), topics.keys()
        assert topics["/understudy/tick"][0] == "understudy_msgs/msg/Tick"

    with check("mcap-ros2-support: joints have names, radians and times that go forward"):
        for name in STATES:
            messages = topics[name][1]
            assert all(list(state.name) == JOINTS for _, state in messages)
            assert all(math.isfinite(x) and abs(x) < 3.2 for _, state in messages for x in state.position)
            times = [time for time, _ in messages]
            assert all(a <= b for a, b in itertools.pairwise(times))

    with check("mcap-ros2-support: ticks follow each other at 100 Hz and the arm obeys"):
        ticks = [tick for _, tick in topics["/understudy/tick"][1]]
        steps = {b.tick - a.tick for a, b in itertools.pairwise(ticks)}
        assert steps == {1}, steps
        assert {b.scheduled_ns - a.scheduled_ns for a, b in itertools.pairwise(ticks)} == {10_000_000}
        assert all(tick.fault == 0 and tick.source == 1 for tick in ticks), "a person drove, nothing failed"
        gap = max(
            abs(a - b)
            for (_, command), (_, state) in zip(topics["/follower/command"][1], topics["/follower/joint_states"][1])
            for a, b in zip(command.position, state.position))
        assert gap < 0.35, f"command and measurement are {gap} rad apart"
    return topics


def judge_by_rosbags(path, topics):
    with check("rosbags: opens the log as ROS 2 tools do and reads the same numbers"):
        store = get_typestore(Stores.ROS2_HUMBLE)
        with AnyReader([Path(path)], default_typestore=store) as reader:
            counts = {c.topic: c.msgcount for c in reader.connections if c.msgcount > 0}
            assert counts == {name: len(messages) for name, (_, messages) in topics.items()}
            for name, (_, messages) in topics.items():
                connections = [c for c in reader.connections if c.topic == name]
                for (time, ours), (connection, stamp, raw) in zip(messages, reader.messages(connections), strict=True):
                    theirs = reader.deserialize(raw, connection.msgtype)
                    assert stamp == time
                    if name in STATES:
                        assert theirs.header.stamp.nanosec == ours.header.stamp.nanosec
                        assert list(theirs.position) == list(ours.position)
                    else:
                        assert theirs.tick == ours.tick and theirs.source == ours.source


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        dataset = os.path.join(folder, "demonstrations")
        ours("understudy-twin", "rehearse", "--demonstrate", dataset, "--episodes", 2, "--seed", 7)
        logs = sorted(glob.glob(f"{dataset}/**/*.mcap", recursive=True))
        with check(f"the twin's person filled {len(logs)} logs"):
            assert len(logs) == 2
        for log in logs:
            judge_by_mcap(log)
            judge_by_rosbags(log, judge_by_mcap_ros2(log))
    finish()
