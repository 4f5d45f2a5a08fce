"""MAML of sines in PyTorch: the fastest plain way, all tasks of a batch at once, exact second order by autograd.

Run as a program it answers JSON lines, `{"iterations": 300}` with how long they took; `{"judge": true}` with the errors
after 0, 1, 2, 5 and 10 steps on fresh tasks. `understudy bench learning --peers` talks to it.
"""

import json
import math
import os
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

torch.set_num_threads(1)
TASKS, SHOTS, RATE = 25, 10, 0.01


def network(x, p):
    x = torch.relu(torch.baddbmm(p[1], x, p[0]))
    x = torch.relu(torch.baddbmm(p[3], x, p[2]))
    return torch.baddbmm(p[5], x, p[4])


def sines(count):
    amplitude = torch.empty(count, 1, 1).uniform_(0.1, 5)
    phase = torch.empty(count, 1, 1).uniform_(0, math.pi)
    return lambda x: amplitude * torch.sin(x - phase)


def points(count):
    return torch.empty(count, SHOTS, 1).uniform_(-5, 5)


class Training:
    def __init__(self, seed):
        torch.manual_seed(seed)
        self.weights = []
        for inputs, outputs in [(1, 40), (40, 40), (40, 1)]:
            bound = inputs ** -0.5
            self.weights += [torch.empty(1, rows, outputs).uniform_(-bound, bound) for rows in (inputs, 1)]
        for weight in self.weights:
            weight.requires_grad_()
        self.optimizer = torch.optim.Adam(self.weights, lr=1e-3, fused=True)

    def step(self):
        sine, x, query = sines(TASKS), points(TASKS), points(TASKS)
        own = [w.expand(TASKS, -1, -1) for w in self.weights]
        loss = (network(x, own) - sine(x)).square().mean((1, 2)).sum()
        slopes = torch.autograd.grad(loss, own, create_graph=True)
        adapted = [w - RATE * g for w, g in zip(own, slopes)]
        outer = (network(query, adapted) - sine(query)).square().mean()
        self.optimizer.zero_grad()
        outer.backward()
        self.optimizer.step()

    def judge(self, tasks=600):
        sine, x = sines(tasks), points(tasks)
        grid = torch.linspace(-5, 5, 100).reshape(1, 100, 1).expand(tasks, -1, -1)
        own = [w.detach().expand(tasks, -1, -1).clone().requires_grad_() for w in self.weights]
        errors = {}
        for step in range(11):
            errors[step] = (network(grid, own) - sine(grid)).square().mean().item()
            slopes = torch.autograd.grad((network(x, own) - sine(x)).square().mean((1, 2)).sum(), own)
            own = [(w - RATE * g).detach().requires_grad_() for w, g in zip(own, slopes)]
        return [errors[step] for step in (0, 1, 2, 5, 10)]


if __name__ == "__main__":
    training = Training(seed=0)
    for line in sys.stdin:
        question = json.loads(line)
        if question.get("judge"):
            print(json.dumps({"errors": training.judge()}), flush=True)
            continue
        began = time.perf_counter()
        for _ in range(question["iterations"]):
            training.step()
        print(json.dumps({"seconds": time.perf_counter() - began}), flush=True)
