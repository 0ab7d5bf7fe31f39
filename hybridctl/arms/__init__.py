"""Implementations of the Arm protocol."""

from hybridctl.arms.simulated import SimulatedArm

__all__ = ["SimulatedArm"]
