"""MCE IRL of `imitation`, unchanged, on the files that `understudy reward tabular` reads.

Beside it: run as a program it answers JSON lines, `{"file": …, "hidden": [], "tolerance": 1e-3}` with what imitation
learned and how long it took. `understudy bench learning --peers` talks to it.
"""

import json
import sys
import time

import numpy
import torch
from imitation.algorithms import mce_irl
from imitation.rewards import reward_nets
from imitation.util import logger
from seals import base_envs

torch.set_num_threads(1)


def environment(file, discount=None):
    """The file's process as imitation wants it; its discount beside it."""
    problem = json.load(open(file))
    made = base_envs.TabularModelPOMDP(
        transition_matrix=numpy.array(problem["transition"], float),
        observation_matrix=numpy.array(problem["observation"], numpy.float32),
        reward_matrix=numpy.array(problem["reward"], float), horizon=problem["horizon"],
        initial_state_dist=numpy.array(problem["initial_distribution"], float))
    return made, problem.get("discount", 1.0) if discount is None else discount


def expert(env, discount):
    """Visits of the soft-optimal plan of the true reward."""
    _, _, pi = mce_irl.mce_partition_fh(env, discount=discount)
    return mce_irl.mce_occupancy_measures(env, pi=pi, discount=discount)[1]


def learn(file, hidden=(), tolerance=1e-3, discount=None, seed=0):
    """What imitation learns; seconds count its `train` alone."""
    env, discount = environment(file, discount)
    torch.manual_seed(seed)
    net = reward_nets.BasicRewardNet(
        env.observation_space, env.action_space, use_state=True, use_action=False, use_next_state=False,
        use_done=False, hid_sizes=list(hidden))
    demonstrations = expert(env, discount)
    learner = mce_irl.MCEIRL(
        demonstrations, env, net, rng=numpy.random.default_rng(seed), discount=discount, linf_eps=tolerance,
        grad_l2_eps=0, log_interval=None, custom_logger=logger.configure(format_strs=[]))
    began = time.perf_counter()
    visits = learner.train(max_iter=4_000)
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "gap": float(numpy.abs(visits - demonstrations).max())}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(learn(**json.loads(line))), flush=True)
