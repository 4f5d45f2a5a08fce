"""`imitation` judges the tabular rewards: same plans, same visits, and a reward of ours makes its planner do as the expert.

Run in .deps/learning, where `make peers` installs it.
"""

import json
import os
import tempfile

import numpy
from imitation.algorithms import mce_irl

from imitation_peer import environment, expert, learn
from peers import ROOT, check, finish, ours

PUBLISHED = os.path.join(ROOT, "Tests/Captures/mce-reasonable-pomdp.json")


def random_problem(seed):
    """Seeded processes of 5 to 43 states, half of them with few successors an action."""
    rng = numpy.random.default_rng(seed)
    states, actions, features = 5 + 2 * seed, 2 + seed % 4, 4
    transition = rng.dirichlet(numpy.full(states, 0.5), size=(states, actions))
    if seed % 2:
        transition[rng.random(transition.shape) > 4 / states] = 0
        transition[..., 0] += 1e-3
        transition /= transition.sum(-1, keepdims=True)
    observation = rng.normal(size=(states, features))
    return {
        "transition": transition.tolist(), "initial_distribution": rng.dirichlet(numpy.ones(states)).tolist(),
        "horizon": 8 + seed % 5, "discount": [1, 0.9][seed % 3 == 0], "observation": observation.tolist(),
        "reward": (observation @ rng.normal(size=features)).tolist()}


def judge(file, *options, discount=None):
    """Ours learns; imitation's own planner, given our reward, must visit what its own expert visits."""
    chosen = [] if discount is None else ["--discount", discount]
    result = json.loads(ours("understudy", "reward", "tabular", file, "--json", *chosen, *options))
    env, discount = environment(file, discount)
    wanted = expert(env, discount)
    numpy.testing.assert_allclose(result["expert"], wanted, atol=1e-6, rtol=1e-6)
    _, _, pi = mce_irl.mce_partition_fh(env, reward=numpy.array(result["reward"]), discount=discount)
    visits = mce_irl.mce_occupancy_measures(env, pi=pi, discount=discount)[1]
    numpy.testing.assert_allclose(visits, result["learner"], atol=1e-6, rtol=1e-6)
    numpy.testing.assert_allclose(visits, wanted, atol=1.01e-3, rtol=1e-3)
    return result["seconds"]


if __name__ == "__main__":
    for discount in [1.0, 0.99]:
        for hidden in [(), (32, 32)]:
            options = ["--hidden", ",".join(map(str, hidden))] if hidden else []
            kind = "a network's" if hidden else "a linear"
            with check(f"{kind} reward on the published MDP, discount {discount}: imitation's planner does as its expert"):
                mine = judge(PUBLISHED, *options, discount=discount)
                theirs = learn(PUBLISHED, hidden=hidden, discount=discount, seed=1)
                assert theirs["gap"] <= 1e-3, f"imitation itself stopped at {theirs['gap']}"
                print(f"           {mine * 1e3:.1f} ms, imitation {theirs['seconds'] * 1e3:.0f} ms")
                assert theirs["seconds"] > 20 * mine, "less than 20 times as fast"
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        with check("20 random MDPs: imitation's planner does as its expert under each of our rewards"):
            mine = theirs = reached = 0
            for seed in range(20):
                file = os.path.join(folder, f"{seed}.json")
                json.dump(random_problem(seed), open(file, "w"))
                seconds, result = judge(file), learn(file)
                # What imitation did not solve itself is judged, but says nothing about speed.
                if result["gap"] <= 1e-3:
                    mine, theirs, reached = mine + seconds, theirs + result["seconds"], reached + 1
            print(f"           {mine * 1e3:.1f} ms, imitation {theirs * 1e3:.0f} ms on the {reached} that it solved")
            assert reached > 10 and theirs > 20 * mine, "less than 20 times as fast"
    finish()
