"""The simulated world: scenes sampled from a seed, MuJoCo physics, cameras and scored tasks."""

from hybridctl.sim.graphics import choose_backend

choose_backend()
