"""LeRobot 0.6.1 on datasets that ours exports, and ours on datasets that LeRobot writes.

Needs Python 3.12 and PyTorch (see the Makefile's target `peers`). Everything is offline and in a folder of its own.
"""

import contextlib
import glob
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import warnings

os.environ["HF_HUB_OFFLINE"] = os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["TQDM_DISABLE"] = "1"
logging.disable(logging.WARNING)
warnings.simplefilter("ignore")

import numpy as np
import pyarrow
import pyarrow.parquet as parquet
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory

with contextlib.redirect_stderr(open(os.devnull, "w")):
    from lerobot.datasets.compute_stats import get_feature_stats
    from lerobot.datasets.dataset_tools import delete_episodes, merge_datasets
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

from peers import ROOT, check, finish, ours

JOINTS = ["shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper"]
VECTORS = ["action", "observation.state", "observation.environment_state"]


def load(folder, **options):
    return LeRobotDataset("peers/" + os.path.basename(folder), root=folder, **options)


def table(folder):
    """All frames of a dataset's data files, in their order."""
    files = sorted(glob.glob(f"{folder}/data/*/*.parquet"))
    return pyarrow.concat_tables([parquet.read_table(f).replace_schema_metadata(None) for f in files])


def bits(folder, name):
    """A column as the bits of its floats."""
    return np.array(table(folder)[name].to_pylist(), dtype=np.float32).view(np.uint32)


def log_positions(path, topic):
    with open(path, "rb") as stream:
        reader = make_reader(stream, decoder_factories=[DecoderFactory()])
        return np.array([ros.position for _, _, _, ros in reader.iter_decoded_messages(topics=[topic])])


def logs(dataset):
    with open(f"{dataset}/dataset.json") as file:
        return [(episode, f"{dataset}/{episode['file']}") for episode in json.load(file)["episodes"]]


def judge_loading(exported, demonstrations):
    with check("LeRobot: loads the export; action chunks by delta_timestamps; the task is its sentence"):
        dataset = load(exported, delta_timestamps={"action": [k / 25 for k in range(10)]})
        entries = [entry for entry, _ in logs(demonstrations)]
        assert dataset.num_episodes == len(entries) and dataset.fps == 25
        assert dataset.meta.robot_type == "so_follower"
        item = dataset[3]
        assert item["task"] == entries[0]["task"] != "", item["task"]
        assert tuple(item["action"].shape) == (10, 6) and not item["action_is_pad"].any()
        assert tuple(item["observation.environment_state"].shape) == (3,)
        later = load(exported)[7]
        assert (item["action"][4] == later["action"]).all()
        assert dataset.meta.features["action"]["names"] == [name + ".pos" for name in JOINTS]

    with check("LeRobot: what stands in the export is what its own calibration makes of the log's encoders"):
        with open(os.path.join(ROOT, "calibration/twin-follower.json")) as file:
            calibration = json.load(file)
        states = np.array(table(exported)["observation.state"].to_pylist(), dtype=np.float32)
        expected = []
        for _, path in logs(demonstrations):
            # Frame k/25 of a loop of 100 Hz is its every fourth tick; a tick of the encoder is 2*pi/4096.
            for radians in log_positions(path, "/follower/joint_states")[::4]:
                row = []
                for joint, angle in zip(JOINTS, radians):
                    low, high = calibration[joint]["range_min"], calibration[joint]["range_max"]
                    middle = low if joint == "gripper" else (low + high) / 2
                    zero = -0.17453 if joint == "gripper" else 0
                    tick = middle + (angle - zero) / (2 * np.pi / 4096)
                    row.append(
                        (tick - low) / (high - low) * 100 if joint == "gripper" else (tick - middle) * 360 / 4095)
                expected.append(row)
        worst = np.abs(states - np.array(expected)).max()
        assert states.shape == (len(expected), 6) and worst < 2e-3, worst

    with check("LeRobot: its statistics of the same frames are ours (its quantiles come from a histogram)"):
        with open(f"{exported}/meta/stats.json") as file:
            statistics = json.load(file)
        worst = 0
        for name in VECTORS:
            column = np.array(table(exported)[name].to_pylist(), dtype=np.float32)
            theirs = get_feature_stats(column, axis=0, keepdims=False)
            for key in ["min", "max", "mean"]:
                np.testing.assert_allclose(statistics[name][key], theirs[key], rtol=2e-5, atol=2e-5, err_msg=f"{name} {key}")
            np.testing.assert_allclose(statistics[name]["std"], column.astype(np.float64).std(axis=0), rtol=1e-9, atol=1e-9)
            # In single precision a joint that never moved gets a deviation of some hundredths of a unit from LeRobot.
            np.testing.assert_allclose(statistics[name]["std"], theirs["std"], rtol=2e-4, atol=0.05)
            assert statistics[name]["count"] == list(theirs["count"]) == [len(column)]
            for key, share in [("q01", 0.01), ("q10", 0.1), ("q50", 0.5), ("q90", 0.9), ("q99", 0.99)]:
                exact = np.quantile(column.astype(np.float64), share, axis=0)
                np.testing.assert_allclose(statistics[name][key], exact, rtol=1e-9, atol=1e-9)
                worst = max(worst, np.abs((theirs[key] - exact) / np.ptp(column, axis=0).clip(1e-6)).max())
        print(f"           quantiles: ours are numpy's to 1e-9; LeRobot's lie up to {worst:.1%} of the range off")


def judge_training(exported, folder):
    with check("LeRobot: lerobot-train takes two steps of ACT on it"):
        done = subprocess.run(
            [os.path.join(os.path.dirname(sys.executable), "lerobot-train"), "--dataset.repo_id=peers/exported",
             f"--dataset.root={exported}", "--policy.type=act", "--policy.device=cpu", "--policy.push_to_hub=false",
             "--policy.chunk_size=10", "--policy.n_action_steps=10", "--policy.dim_model=64",
             "--policy.dim_feedforward=128", f"--output_dir={folder}/act", "--steps=2", "--batch_size=4",
             "--num_workers=0", "--save_freq=2", "--log_freq=1", "--env_eval_freq=0", "--wandb.enable=false"],
            text=True, capture_output=True)
        assert done.returncode == 0, done.stderr[-2000:]
        assert os.path.exists(f"{folder}/act/checkpoints/000002/pretrained_model/model.safetensors")


def judge_editing(exported, folder):
    copy = f"{folder}/resumed"
    shutil.copytree(exported, copy)
    before = load(copy)
    with check("LeRobot: resumes recording into it, and loads the result"):
        dataset = LeRobotDataset.resume("peers/resumed", root=copy)
        for k in range(12):
            dataset.add_frame({
                "action": np.full(6, k, np.float32), "observation.state": np.full(6, k, np.float32),
                "observation.environment_state": np.zeros(3, np.float32), "intervention": np.array([k > 5]),
                "task": "another task"})
        dataset.save_episode()
        dataset.finalize()
        again = load(copy)
        assert again.num_episodes == before.num_episodes + 1 and again.num_frames == before.num_frames + 12
        assert again[again.num_frames - 1]["task"] == "another task"
        assert again[0]["task"] == before[0]["task"]

    with check("ours: reads it back, old episodes by their ids and labels, the new one unlabelled"):
        ours("understudy", "import", "--lerobot", copy, "--rig", "twin-insert", f"{folder}/resumed-back")
        entries = [entry for entry, _ in logs(f"{folder}/resumed-back")]
        assert [e["label"] for e in entries] == ["success"] * before.num_episodes + ["unlabelled"]
        assert entries[-1]["task"] == "another task" and entries[-1]["frames"] == 12

    with check("LeRobot: merges it with a dataset of its own"):
        own = write_own(f"{folder}/own", 2)
        merged = merge_datasets([load(exported), own], output_repo_id="peers/merged", output_dir=f"{folder}/merged")
        assert merged.num_frames == load(exported).num_frames + own.num_frames
        assert load(f"{folder}/merged")[merged.num_frames - 1]["task"] == "do it"

    with check("LeRobot: deletes an episode"):
        fewer = delete_episodes(load(exported), [0], output_dir=f"{folder}/fewer", repo_id="peers/fewer")
        assert fewer.num_episodes == load(exported).num_episodes - 1
        assert load(f"{folder}/fewer")[0]["task"] == load(exported)[0]["task"]


def write_own(folder, episodes):
    """A dataset that LeRobot writes by itself."""
    vector = {"dtype": "float32", "shape": (6,), "names": [name + ".pos" for name in JOINTS]}
    dataset = LeRobotDataset.create(
        repo_id="peers/own", root=folder, fps=25, robot_type="so_follower", use_videos=False,
        features={
            "action": vector, "observation.state": dict(vector),
            "observation.environment_state": {"dtype": "float32", "shape": (3,), "names": ["cup.x", "cup.y", "cup.z"]},
            "intervention": {"dtype": "bool", "shape": (1,), "names": None}})
    random = np.random.default_rng(7)
    for _ in range(episodes):
        for k in range(30):
            dataset.add_frame({
                "action": random.normal(size=6).astype(np.float32),
                "observation.state": random.normal(size=6).astype(np.float32),
                "observation.environment_state": random.normal(size=3).astype(np.float32),
                "intervention": np.array([k % 7 == 3]), "task": "do it"})
        dataset.save_episode()
    dataset.finalize()
    return load(folder)


def judge_round_trips(demonstrations, folder):
    with check("round trip: LeRobot's own dataset, in and out again in radians, is the same to the last bit"):
        write_own(f"{folder}/theirs", 3)
        ours("understudy", "import", "--lerobot", f"{folder}/theirs", "--units", "radians", f"{folder}/theirs-in")
        for index, (_, path) in enumerate(logs(f"{folder}/theirs-in")):
            rows = slice(30 * index, 30 * index + 30)
            for name, topic in [("action", "/follower/command"), ("observation.state", "/follower/joint_states")]:
                theirs = np.array(table(f"{folder}/theirs")[name].to_pylist(), dtype=np.float32)[rows]
                assert (log_positions(path, topic) == theirs.astype(np.float64)).all(), name
        ours("understudy", "export", f"{folder}/theirs-in", "--lerobot", f"{folder}/theirs-out", "--units", "radians")
        for name in VECTORS + ["timestamp"]:
            assert (bits(f"{folder}/theirs", name) == bits(f"{folder}/theirs-out", name)).all(), name
        for name in ["intervention", "frame_index", "episode_index", "index", "task_index"]:
            assert table(f"{folder}/theirs")[name].to_pylist() == table(f"{folder}/theirs-out")[name].to_pylist(), name

    with check("round trip: our demonstrations, out in radians at the loop's rate and in again, every tick the same"):
        ours("understudy", "export", demonstrations, "--lerobot", f"{folder}/all", "--units", "radians", "--fps", 100)
        ours("understudy", "import", "--lerobot", f"{folder}/all", f"{folder}/all-in")
        for (before, a), (after, b) in zip(logs(demonstrations), logs(f"{folder}/all-in"), strict=True):
            for key in ["id", "label", "task", "number", "frames", "personFrames"]:
                assert before[key] == after[key], key
            for topic in ["/follower/joint_states", "/follower/command"]:
                assert (log_positions(a, topic) == log_positions(b, topic)).all(), topic

    with check("round trip: in degrees, measured angles come back as the same bits, commands within 1e-6 rad"):
        ours("understudy", "export", demonstrations, "--lerobot", f"{folder}/degrees", "--fps", 100)
        ours("understudy", "import", "--lerobot", f"{folder}/degrees", "--rig", "twin-insert", f"{folder}/degrees-in")
        for (_, a), (_, b) in zip(logs(demonstrations), logs(f"{folder}/degrees-in"), strict=True):
            states = [log_positions(path, "/follower/joint_states") for path in (a, b)]
            assert (states[0] == states[1]).all(), np.abs(states[0] - states[1]).max()
            commands = [log_positions(path, "/follower/command") for path in (a, b)]
            assert np.abs(commands[0] - commands[1]).max() < 1e-6, np.abs(commands[0] - commands[1]).max()


def judge_training_elsewhere(demonstrations, folder):
    with check("PyTorch: the script of the page “Training elsewhere” trains with two processes, and ours runs its policy"):
        with open(os.path.join(ROOT, "Sources/understudy/Documentation.docc/TrainingElsewhere.md")) as page:
            script = page.read().split("```python\n")[1].split("```")[0]
        with open(f"{folder}/train.py", "w") as file:
            file.write(script)
        ours("understudy", "export", demonstrations, "--lerobot", f"{folder}/elsewhere", "--units", "radians")
        done = subprocess.run(
            [os.path.join(os.path.dirname(sys.executable), "torchrun"), "--nproc_per_node=2", "--master_addr=127.0.0.1",
             "--master_port=29533", f"{folder}/train.py", f"{folder}/elsewhere", f"{folder}/policy"],
            text=True, capture_output=True, env=os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"})
        assert done.returncode == 0, done.stderr[-2000:]
        result = json.loads(done.stdout.strip().splitlines()[-1])
        assert result["processes"] == 2 and result["loss"] < 0.5, result
        report = ours("understudy-twin", "rehearse", "--policy", f"{folder}/policy", "--episodes", 3, "--json")
        assert json.loads(report), report


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        demonstrations, exported = f"{folder}/demonstrations", f"{folder}/exported"
        ours("understudy-twin", "rehearse", "--demonstrate", demonstrations, "--episodes", 3, "--seed", 7)
        ours("understudy", "export", demonstrations, "--lerobot", exported)
        judge_loading(exported, demonstrations)
        judge_training(exported, folder)
        judge_editing(exported, folder)
        judge_round_trips(demonstrations, folder)
        judge_training_elsewhere(demonstrations, folder)
    finish()
