"""The simulated world: scenes sampled from a seed, MuJoCo physics, cameras and scored tasks."""
