// The headers come from the wheel that `make deps` unpacks into .deps (Package.swift names the folder).
#include <mujoco/mujoco.h>
