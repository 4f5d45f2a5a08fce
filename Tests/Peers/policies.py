"""numpy and safetensors decide again what a policy decided, from its folder and a log alone.

The chain is computed here a second time, in doubles and by other code: joint angles and camera of the log → tool pose
→ derived features → networks → target of the joints. It must be what the log says the policy wished for.
"""

import glob
import io
import json
import os
import shutil
import tempfile

import numpy
import torch
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from ruamel.yaml import YAML
from safetensors.numpy import load_file
from safetensors.torch import load_file as load

from peers import check, finish, ours

POLICY = 2  # understudy_msgs/msg/Tick.source


def rotation(w, x, y, z):
    w, x, y, z = numpy.array([w, x, y, z]) / numpy.linalg.norm([w, x, y, z])
    return numpy.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]])


def tool_position(arm, tip, angles):
    """Forward kinematics by the arm's file."""
    origin, axes = numpy.zeros(3), numpy.eye(3)
    for joint, angle in zip(arm["joints"], angles):
        origin = origin + axes @ numpy.array(joint["position_m"], float)
        axes = axes @ rotation(*joint["quaternion_wxyz"])
        axes = axes @ rotation(numpy.cos(angle / 2), 0, 0, numpy.sin(angle / 2))
        if joint["name"] == arm["tool"]["joint"]:
            return origin + axes @ numpy.array(tip, float)
    raise ValueError("the arm's file names a tool joint that it does not have")


def feature(name, values):
    """`cup-tool.x`, `tanh(cup-tool.x/0.010)`, …: as policy.json names them."""
    if name.startswith("tanh("):
        term, divisor = name[len("tanh("):-1].split("/")
        return numpy.tanh(feature(term, values) / float(divisor))
    if name in values:
        return values[name]
    owner, axis = name.rsplit(".", 1)
    first, second = owner.split("-")
    return values[f"{first}.{axis}"] - values[f"{second}.{axis}"]


def decide(policy, tensors, features):
    """The ensemble's mean action, clipped to what training saw."""
    def column(side, key):
        return numpy.array([entry[key] for entry in policy["statistics"][side]])

    network, votes = policy["network"], []
    for member in range(network["ensemble"]):
        prefix = f"members.{member}." if network["ensemble"] > 1 else ""
        x = (features - column("features", "mean")) / column("features", "std")
        for layer in range(len(network["hidden"]) + 1):
            if layer > 0:
                x = numpy.maximum(x, 0)
            weight, bias = (tensors[f"{prefix}net.{2 * layer}.{kind}"].astype(float) for kind in ("weight", "bias"))
            x = weight @ x + bias
        votes.append(x)
    mean = numpy.mean(votes, axis=0) * column("actions", "std") + column("actions", "mean")
    return numpy.clip(mean, column("actions", "min"), column("actions", "max"))


def read(log):
    """Rig, arm and the ticks with their JointStates."""
    with open(log, "rb") as stream:
        reader = make_reader(stream, decoder_factories=[DecoderFactory()])
        files = {a.name: YAML(typ="safe").load(io.BytesIO(a.data)) for a in reader.iter_attachments()
                 if a.name.endswith(".yaml")}
        topics = {}
        for _, channel, _, ros in reader.iter_decoded_messages():
            topics.setdefault(channel.topic, []).append(ros)
    rows = list(zip(topics["/understudy/tick"], topics["/follower/joint_states"], topics["/follower/command"]))
    return files["rig.yaml"], files["so101-follower.yaml"], rows


def judge(folder, logs):
    policy = json.load(open(os.path.join(folder, "policy.json")))
    tensors = load_file(os.path.join(folder, "model.safetensors"))
    assert policy["network"]["activation"] == "relu" and policy["network"]["standardised"]
    assert policy["interface"]["representation"] == "relative-to-command" and policy["interface"]["chunk"] == 1
    decisions, worst = 0, 0.0
    for log in logs:
        rig, arm, rows = read(log)
        names = [joint["name"] for joint in arm["joints"]]
        per_decision = round(rig["loop_Hz"] / rig["decision_Hz"])
        for index in range(1, len(rows) - per_decision):
            period = rows[index:index + per_decision]
            if not period[0][0].decides or any(tick.source != POLICY for tick, _, _ in period):
                continue
            tick, state, _ = period[0]
            values = {f"joint.{name}": angle for name, angle in zip(names, state.position)}
            values |= dict(zip(rig["environment"]["features"], tick.environment))
            tip = tool_position(arm, rig["tool"]["position_m"], state.position)
            values |= {f"tool.{axis}": x for axis, x in zip("xyz", tip)}
            features = numpy.array([feature(name, values) for name in policy["interface"]["features"]])
            action = decide(policy, tensors, features)
            before = rows[index - 1][2].position
            # The last tick of a decision's period wishes for its target.
            wish = period[-1][0].policy_wish
            for joint, change in zip(policy["interface"]["actions"], action):
                joint = names.index(joint)
                worst = max(worst, abs(before[joint] + change - wish[joint]))
            decisions += 1
    assert decisions >= 10, f"only {decisions} decisions were logged"
    limit = 1e-6 if policy["network"]["precision"] == "float32" else 2e-3
    assert worst < limit, f"{worst} rad apart over {decisions} decisions"
    return decisions, worst


def judge_by_torch(folder):
    with check("PyTorch loads the weights by their names and computes what numpy does"):
        policy = json.load(open(os.path.join(folder, "policy.json")))
        tensors = load(os.path.join(folder, "model.safetensors"))
        interface = policy["interface"]
        widths = [len(interface["features"]), *policy["network"]["hidden"], len(interface["actions"])]
        layers = []
        for inputs, outputs in zip(widths, widths[1:]):
            layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
        module = torch.nn.Module()
        module.net = torch.nn.Sequential(*layers[:-1])
        first = "members.0."
        module.load_state_dict({k.removeprefix(first): v for k, v in tensors.items() if k.startswith(first)})
        x = torch.linspace(-1, 1, widths[0])
        y = x.double().numpy()
        for layer in range(len(widths) - 1):
            if layer > 0:
                y = numpy.maximum(y, 0)
            y = tensors[f"members.0.net.{2 * layer}.weight"].double().numpy() @ y
            y = y + tensors[f"members.0.net.{2 * layer}.bias"].double().numpy()
        assert numpy.abs(module.net(x).detach().numpy() - y).max() < 1e-5


def correct(demonstrations, policy):
    """A correction session on virtual time under a policy; its logs."""
    corrections = f"{policy}-corrections"
    ours(
        "understudy-twin", "rehearse", "--correct", corrections, "--with", demonstrations, "--policy", policy,
        "--policies", f"{policy}-policies", "--rounds", 1, "--frames", 60)
    return glob.glob(f"{corrections}/**/*.mcap", recursive=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        demonstrations, policy = os.path.join(folder, "demonstrations"), os.path.join(folder, "policy")
        ours("understudy-twin", "rehearse", "--demonstrate", demonstrations, "--episodes", 6, "--seed", 7)
        ours("understudy", "train", demonstrations, "--rig", "twin-insert", "--output", policy)
        for precision in ["int8", "float32"]:
            # The file always holds f32 weights: its precision says only how they are computed.
            copy = f"{policy}-{precision}"
            shutil.copytree(policy, copy)
            description = json.load(open(f"{copy}/policy.json"))
            description["network"]["precision"] = precision
            json.dump(description, open(f"{copy}/policy.json", "w"))
            logs = correct(demonstrations, copy)
            with check(f"numpy and safetensors make every decision of {len(logs)} {precision} logs again"):
                decisions, worst = judge(copy, logs)
                print(f"           {decisions} decisions, at most {worst:.1e} rad apart")
        judge_by_torch(policy)
    finish()
