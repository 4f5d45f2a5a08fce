"""LeRobot imports torch wherever it is; its buses and arms make no use of it. A name in its place saves three gigabytes.
Import this before LeRobot."""

import importlib.util
import sys
import types

if importlib.util.find_spec("torch") is None:
    torch = types.ModuleType("torch")
    torch.device = torch.dtype = torch.Tensor = object
    sys.modules["torch"] = torch
